// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/byte_level_files.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/tokenizer/byte_alphabet.h"
#include "core/tokenizer/pre_families.h"
#include "core/tokenizer/utf8.h"

namespace halftone::tokenization {
namespace {

using Json = nlohmann::json;

constexpr const char* kEndOfText = "<|endoftext|>";

enum class Splitting { kGpt2, kQwen2 };

Result<Splitting> splittingOf(const CompanionFiles& companions) {
    std::string name = companions.tokenizerClass;
    if (name.ends_with("Fast")) name.resize(name.size() - 4);
    if (name == "Qwen2Tokenizer") return Splitting::kQwen2;
    if (name == "GPT2Tokenizer" || name == "CodeGenTokenizer") return Splitting::kGpt2;
    if (!name.empty() && name != "PreTrainedTokenizer") {
        return makeError(ErrorCode::kUnsupported,
                         fmt::format("The tokenizer is a {}, which cannot be read from vocab.json and merges.txt; put "
                                     "its tokenizer.json beside them.",
                                     clipText(name)));
    }
    return companions.modelType.starts_with("qwen") ? Splitting::kQwen2 : Splitting::kGpt2;
}

Result<Json> readVocabulary(std::string_view text) {
    Json vocabulary = Json::parse(text, nullptr, false);
    if (!vocabulary.is_object() || vocabulary.empty())
        return makeError(ErrorCode::kInvalidData, "The file vocab.json is not a JSON object of tokens and ids.");
    for (unsigned byte = 0; byte < 256; ++byte) {
        if (vocabulary.contains(std::string(byteSpelling(static_cast<uint8_t>(byte))))) continue;
        return makeError(
            ErrorCode::kInvalidData,
            fmt::format("The vocabulary in vocab.json is not byte-level: it has no token for the byte {}.", byte));
    }
    return vocabulary;
}

Result<Json> readMerges(std::string_view text) {
    Json merges = Json::array();
    size_t number = 0;
    for (size_t begin = 0; begin < text.size();) {
        const size_t end = std::min(text.find('\n', begin), text.size());
        std::string_view line = text.substr(begin, end - begin);
        begin = end + 1;
        ++number;
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (line.empty() || (number == 1 && line.starts_with("#version"))) continue;
        const size_t space = line.find(' ');
        const bool isPair = space != std::string_view::npos && space > 0 && space + 1 < line.size() &&
                            line.find(' ', space + 1) == std::string_view::npos && isWellFormedUtf8(line);
        if (!isPair) {
            return makeError(ErrorCode::kInvalidData,
                             fmt::format("Line {} of merges.txt is not two tokens with a space between.", number));
        }
        merges.push_back({std::string(line.substr(0, space)), std::string(line.substr(space + 1))});
    }
    return merges;
}

// The classes' own defaults, where the files beside the vocabulary say nothing.
void addDefaultRoles(Splitting splitting, const Json& vocabulary, CompanionFiles& companions) {
    if (!vocabulary.contains(kEndOfText)) return;
    companions.roles.emplace("eos_token", kEndOfText);
    if (splitting == Splitting::kGpt2) companions.roles.emplace("bos_token", kEndOfText);
}

Json addedTokens(const Json& vocabulary, const CompanionFiles& companions) {
    Json tokens = Json::array();
    std::vector<std::string> seen;
    const auto add = [&](const std::string& text) {
        const auto found = vocabulary.find(text);
        if (found == vocabulary.end() || std::ranges::find(seen, text) != seen.end()) return;
        seen.push_back(text);
        tokens.push_back({{"id", *found}, {"content", text}, {"special", true}});
    };
    add(kEndOfText);
    for (const auto& [role, text] : companions.roles) add(text);
    return tokens;
}

Json preTokenizer(Splitting splitting, bool addPrefixSpace) {
    if (splitting == Splitting::kGpt2) return {{"type", "ByteLevel"}, {"add_prefix_space", addPrefixSpace}};
    const std::string pattern(findPreFamily("qwen2")->patterns.front());
    const Json split = {{"type", "Split"}, {"pattern", {{"Regex", pattern}}}, {"behavior", "Isolated"}};
    const Json bytes = {{"type", "ByteLevel"}, {"add_prefix_space", addPrefixSpace}, {"use_regex", false}};
    return {{"type", "Sequence"}, {"pretokenizers", Json::array({split, bytes})}};
}

}  // namespace

Result<std::string> joinByteLevelFiles(std::string_view vocabJson, std::string_view mergesText,
                                       CompanionFiles& companions) {
    HT_ASSIGN_OR_RETURN(const Splitting splitting, splittingOf(companions));
    HT_ASSIGN_OR_RETURN(Json vocabulary, readVocabulary(vocabJson));
    HT_ASSIGN_OR_RETURN(Json merges, readMerges(mergesText));
    addDefaultRoles(splitting, vocabulary, companions);
    Json root;
    root["added_tokens"] = addedTokens(vocabulary, companions);
    if (splitting == Splitting::kQwen2) root["normalizer"] = {{"type", "NFC"}};
    root["pre_tokenizer"] = preTokenizer(splitting, companions.addPrefixSpace);
    root["decoder"] = {{"type", "ByteLevel"}};
    root["model"] = {{"type", "BPE"}, {"vocab", std::move(vocabulary)}, {"merges", std::move(merges)}};
    return root.dump();
}

}  // namespace halftone::tokenization
