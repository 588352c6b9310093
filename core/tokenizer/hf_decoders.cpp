// SPDX-License-Identifier: GPL-3.0-or-later
// Decoders and post-processors of tokenizer.json.
#include <fmt/format.h>

#include "core/tokenizer/hf_components.h"
#include "core/tokenizer/utf8.h"

namespace halftone::tokenization {
namespace {

constexpr std::string_view kSpaceMark = "\xE2\x96\x81";

tl::unexpected<Error> badDecoder(std::string_view what) {
    return makeError(ErrorCode::kInvalidData, fmt::format("The decoder in tokenizer.json {}.", what));
}

tl::unexpected<Error> badPostProcessor(std::string_view what) {
    return makeError(ErrorCode::kInvalidData, fmt::format("The post-processor in tokenizer.json {}.", what));
}

Status readReplaceDecoder(const Json& json, DecoderReading& reading) {
    const auto pattern = field(json, "pattern");
    const auto content = stringField(json, "content");
    const auto text = pattern ? stringField(*pattern, "String") : std::nullopt;
    const auto expression = pattern ? stringField(*pattern, "Regex") : std::nullopt;
    if (!content || (!text && !expression)) return badDecoder("has a Replace without pattern and content");
    if (text) {
        reading.decoder.addStep(TokenDecoder::replaceText(std::string(*text), std::string(*content)));
        return {};
    }
    HT_ASSIGN_OR_RETURN(Regex regex, Regex::compile(*expression));
    const auto replace = std::make_shared<const ReplaceNormalizer>(std::move(regex), std::string(*content));
    reading.decoder.addStep([replace](std::string token) {
        // Vocabulary texts are well-formed UTF-8, but a byte may have been decoded by an earlier step.
        auto result = replace->apply(token, SegmentPlace{});
        return result ? *result : token;
    });
    return {};
}

Status readStripDecoder(const Json& json, DecoderReading& reading) {
    const auto content = stringField(json, "content");
    const int64_t start = integerField(json, "start").value_or(0);
    const int64_t stop = integerField(json, "stop").value_or(0);
    if (!content || content->empty() || start < 0 || stop < 0)
        return badDecoder("has a Strip without content or with negative counts");
    const auto first = static_cast<size_t>(start);
    const auto last = static_cast<size_t>(stop);
    if (reading.fused) {
        reading.decoder.setTrim({std::string(*content), first, last});
    } else {
        reading.decoder.addStep(TokenDecoder::strip(std::string(*content), first, last));
    }
    return {};
}

Status readMetaspaceDecoder(const Json& json, DecoderReading& reading) {
    const std::string_view mark = stringField(json, "replacement").value_or(kSpaceMark);
    const bool prepends = boolField(json, "add_prefix_space", true) && stringField(json, "prepend_scheme") != "never";
    reading.decoder.addStep(TokenDecoder::replaceText(std::string(mark), " "));
    if (prepends) reading.decoder.setTrim({" ", 1, 0});
    return {};
}

Status readSequenceDecoder(const Json& json, DecoderReading& reading, int depth) {
    const auto parts = arrayField(json, "decoders");
    if (!parts) return badDecoder("is a Sequence without a list of decoders");
    for (const Json part : *parts) HT_TRY(readDecoder(part, reading, depth + 1));
    return {};
}

Result<TokenId> templateToken(std::string_view name, const std::optional<Json>& table, const Vocabulary& vocabulary) {
    const auto entry = table ? field(*table, name) : std::nullopt;
    const auto ids = entry ? arrayField(*entry, "ids") : std::nullopt;
    if (ids && ids->size() == 1) {
        const auto id = asInteger(ids->at(0).value());
        if (id && vocabulary.contains(*id)) return static_cast<TokenId>(*id);
    }
    if (const auto id = vocabulary.find(name)) return *id;
    return badPostProcessor(fmt::format("adds the token \"{}\", which is not in the vocabulary", clipText(name)));
}

Status readTemplate(const Json& json, const Vocabulary& vocabulary, TokenFrame& frame) {
    const auto parts = arrayField(json, "single");
    if (!parts) return badPostProcessor("is a TemplateProcessing without a template");
    const auto table = field(json, "special_tokens");
    TokenFrame added;
    bool behindText = false;
    for (const Json part : *parts) {
        if (field(part, "Sequence")) {
            behindText = true;
            continue;
        }
        const auto token = field(part, "SpecialToken");
        const auto name = token ? stringField(*token, "id") : std::nullopt;
        if (!name) return badPostProcessor("has a template part that is neither a text nor a token");
        HT_ASSIGN_OR_RETURN(const TokenId id, templateToken(*name, table, vocabulary));
        (behindText ? added.suffix : added.prefix).push_back(id);
    }
    frame.prefix.insert(frame.prefix.begin(), added.prefix.begin(), added.prefix.end());
    frame.suffix.insert(frame.suffix.end(), added.suffix.begin(), added.suffix.end());
    return {};
}

// ["[SEP]", 102]
Result<TokenId> pairToken(const Json& json, std::string_view key, const Vocabulary& vocabulary) {
    const auto pair = arrayField(json, key);
    const auto id = pair && pair->size() == 2 ? asInteger(pair->at(1).value()) : std::nullopt;
    if (id && vocabulary.contains(*id)) return static_cast<TokenId>(*id);
    return badPostProcessor(fmt::format("names no usable \"{}\" token", key));
}

}  // namespace

Status readDecoder(const Json& json, DecoderReading& reading, int depth) {
    if (depth > kMaxComponentDepth) return badDecoder("nests sequences too deeply");
    const std::string_view type = typeOf(json);
    if (type == "Sequence") return readSequenceDecoder(json, reading, depth);
    if (type == "Replace") return readReplaceDecoder(json, reading);
    if (type == "Strip") return readStripDecoder(json, reading);
    if (type == "Metaspace") return readMetaspaceDecoder(json, reading);
    if (type == "Fuse") {
        reading.fused = true;
    } else if (type == "ByteLevel") {
        reading.byteLevel = true;
        reading.decoder.addStep(TokenDecoder::byteLevel());
    } else if (type == "ByteFallback") {
        reading.decoder.addStep(TokenDecoder::byteFallback());
    } else if (type == "WordPiece") {
        const std::string prefix(stringField(json, "prefix").value_or("##"));
        reading.decoder.addStep(TokenDecoder::wordPiece(prefix, boolField(json, "cleanup", true)));
        reading.decoder.setTrim({" ", 1, 0});
    } else if (type == "BPEDecoder") {
        const std::string suffix(stringField(json, "suffix").value_or("</w>"));
        reading.decoder.addStep(TokenDecoder::replaceText(suffix, " "));
        reading.decoder.setTrim({" ", 0, 1});
    } else {
        return makeError(
            ErrorCode::kUnsupported,
            fmt::format("The tokenizer uses the decoder \"{}\", which Halftone does not have.", clipText(type)));
    }
    return {};
}

Status readPostProcessor(const Json& json, const Vocabulary& vocabulary, TokenFrame& frame, int depth) {
    if (depth > kMaxComponentDepth) return badPostProcessor("nests sequences too deeply");
    const std::string_view type = typeOf(json);
    if (type == "ByteLevel") return {};
    if (type == "TemplateProcessing") return readTemplate(json, vocabulary, frame);
    if (type == "Sequence") {
        const auto parts = arrayField(json, "processors");
        if (!parts) return badPostProcessor("is a Sequence without a list of processors");
        for (const Json part : *parts) HT_TRY(readPostProcessor(part, vocabulary, frame, depth + 1));
        return {};
    }
    if (type == "BertProcessing" || type == "RobertaProcessing") {
        HT_ASSIGN_OR_RETURN(const TokenId classification, pairToken(json, "cls", vocabulary));
        HT_ASSIGN_OR_RETURN(const TokenId separator, pairToken(json, "sep", vocabulary));
        frame.prefix.insert(frame.prefix.begin(), classification);
        frame.suffix.push_back(separator);
        return {};
    }
    return makeError(
        ErrorCode::kUnsupported,
        fmt::format("The tokenizer uses the post-processor \"{}\", which Halftone does not have.", clipText(type)));
}

}  // namespace halftone::tokenization
