// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/companion_files.h"

#include <charconv>
#include <fstream>
#include <iterator>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace halftone::tokenization {
namespace {

using Json = nlohmann::json;

constexpr uint64_t kMaxCompanionBytes = uint64_t{1} << 26;
constexpr const char* kRoles[] = {"bos_token", "eos_token", "unk_token", "pad_token",
                                  "sep_token", "cls_token", "mask_token"};

Json parseFile(const std::filesystem::path& path) {
    const auto text = readTokenizerFile(path, kMaxCompanionBytes);
    return text ? Json::parse(*text, nullptr, false) : Json();
}

const Json* member(const Json& object, const char* key) {
    if (!object.is_object()) return nullptr;
    const auto found = object.find(key);
    return found == object.end() ? nullptr : &*found;
}

std::optional<bool> booleanMember(const Json& object, const char* key) {
    const Json* value = member(object, key);
    return value && value->is_boolean() ? std::optional(value->get<bool>()) : std::nullopt;
}

// A token is written as its text, or as an object with the text in "content".
std::optional<std::string> tokenText(const Json* value) {
    if (value != nullptr && value->is_object()) value = member(*value, "content");
    if (value == nullptr || !value->is_string()) return std::nullopt;
    return value->get<std::string>();
}

std::string stringMember(const Json& object, const char* key) {
    const Json* value = member(object, key);
    return value && value->is_string() ? value->get<std::string>() : std::string();
}

void readRoles(const Json& json, CompanionFiles& out) {
    for (const char* role : kRoles) {
        if (const auto text = tokenText(member(json, role))) out.roles.emplace(role, *text);
    }
}

void readRoleIds(const Json& json, CompanionFiles& out) {
    for (const char* role : {"bos_token_id", "pad_token_id"}) {
        const Json* value = member(json, role);
        if (value && value->is_number_integer()) out.roleIds.emplace(role, value->get<int64_t>());
    }
    const Json* eos = member(json, "eos_token_id");
    if (eos == nullptr || !out.eosIds.empty()) return;
    if (eos->is_number_integer()) out.eosIds.push_back(eos->get<int64_t>());
    if (!eos->is_array()) return;
    for (const Json& id : *eos) {
        if (id.is_number_integer()) out.eosIds.push_back(id.get<int64_t>());
    }
}

void readAddedTokens(const Json& config, CompanionFiles& out) {
    const Json* tokens = member(config, "added_tokens_decoder");
    if (tokens == nullptr || !tokens->is_object()) return;
    for (const auto& [key, value] : tokens->items()) {
        AddedToken token;
        const auto parsed = std::from_chars(key.data(), key.data() + key.size(), token.id);
        const auto text = tokenText(&value);
        if (parsed.ec != std::errc() || parsed.ptr != key.data() + key.size() || !text || !value.is_object()) continue;
        token.content = *text;
        token.singleWord = booleanMember(value, "single_word").value_or(false);
        token.stripLeft = booleanMember(value, "lstrip").value_or(false);
        token.stripRight = booleanMember(value, "rstrip").value_or(false);
        token.normalized = booleanMember(value, "normalized").value_or(false);
        token.special = booleanMember(value, "special").value_or(false);
        out.addedTokens.push_back(std::move(token));
    }
}

void readChatTemplates(const Json* value, CompanionFiles& out) {
    if (value == nullptr) return;
    if (value->is_string()) out.chatTemplates.emplace_back("", value->get<std::string>());
    if (!value->is_array()) return;
    for (const Json& entry : *value) {
        const Json* name = member(entry, "name");
        const Json* text = member(entry, "template");
        if (!name || !text || !name->is_string() || !text->is_string()) continue;
        const auto spelled = name->get<std::string>();
        out.chatTemplates.emplace_back(spelled == "default" ? "" : spelled, text->get<std::string>());
    }
}

void readTemplateFiles(const std::filesystem::path& folder, CompanionFiles& out) {
    if (const auto text = readTokenizerFile(folder / "chat_template.jinja", kMaxCompanionBytes)) {
        out.chatTemplates.emplace_back("", *text);
        return;
    }
    const Json json = parseFile(folder / "chat_template.json");
    readChatTemplates(member(json, "chat_template"), out);
}

}  // namespace

Result<std::string> readTokenizerFile(const std::filesystem::path& path, uint64_t maxBytes) {
    std::error_code error;
    const uintmax_t size = std::filesystem::file_size(path, error);
    if (error)
        return makeError(ErrorCode::kNotFound, fmt::format("The file {} cannot be read.", path.string()),
                         error.message());
    if (size > maxBytes) {
        return makeError(ErrorCode::kInvalidData,
                         fmt::format("The file {} is too large for a tokenizer file.", path.string()));
    }
    std::ifstream file(path, std::ios::binary);
    std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    if (!file && !file.eof())
        return makeError(ErrorCode::kIo, fmt::format("The file {} cannot be read.", path.string()));
    return text;
}

CompanionFiles readCompanionFiles(const std::filesystem::path& folder, const std::string& configJson) {
    CompanionFiles result;
    const Json config = parseFile(folder / "tokenizer_config.json");
    readRoles(config, result);
    readRoles(parseFile(folder / "special_tokens_map.json"), result);
    result.addBos = booleanMember(config, "add_bos_token");
    result.addEos = booleanMember(config, "add_eos_token");
    result.addPrefixSpace = booleanMember(config, "add_prefix_space").value_or(false);
    result.tokenizerClass = stringMember(config, "tokenizer_class");
    readAddedTokens(config, result);
    readTemplateFiles(folder, result);
    if (result.chatTemplates.empty()) readChatTemplates(member(config, "chat_template"), result);
    readRoleIds(parseFile(folder / "generation_config.json"), result);
    const Json model = configJson.empty() ? Json() : Json::parse(configJson, nullptr, false);
    readRoleIds(model, result);
    result.modelType = stringMember(model, "model_type");
    return result;
}

}  // namespace halftone::tokenization
