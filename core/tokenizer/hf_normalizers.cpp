// SPDX-License-Identifier: GPL-3.0-or-later
// Normalizers of tokenizer.json.
#include <fmt/format.h>

#include "core/tokenizer/base64.h"
#include "core/tokenizer/hf_components.h"
#include "core/tokenizer/utf8.h"

namespace halftone::tokenization {
namespace {

constexpr std::string_view kSpaceMark = "\xE2\x96\x81";

using NormalizerResult = Result<std::unique_ptr<Normalizer>>;

tl::unexpected<Error> badNormalizer(std::string_view what) {
    return makeError(ErrorCode::kInvalidData, fmt::format("The normalizer in tokenizer.json {}.", what));
}

NormalizerResult readSequence(const Json& json, HfTraits& traits, int depth) {
    const auto parts = arrayField(json, "normalizers");
    if (!parts) return badNormalizer("is a Sequence without a list of normalizers");
    std::vector<std::unique_ptr<Normalizer>> steps;
    for (const Json part : *parts) {
        HT_ASSIGN_OR_RETURN(auto step, readNormalizer(part, traits, depth + 1));
        steps.push_back(std::move(step));
    }
    return std::make_unique<SequenceNormalizer>(std::move(steps));
}

NormalizerResult readReplace(const Json& json, HfTraits& traits) {
    const auto pattern = field(json, "pattern");
    const auto content = stringField(json, "content");
    const auto text = pattern ? stringField(*pattern, "String") : std::nullopt;
    const auto expression = pattern ? stringField(*pattern, "Regex") : std::nullopt;
    if (!content || (!text && !expression)) return badNormalizer("has a Replace without pattern and content");
    if (text) {
        if (*text == " " && *content == kSpaceMark) {
            traits.marksSpaces = true;
        } else {
            traits.otherNormalizer = true;
        }
        return std::make_unique<ReplaceNormalizer>(std::string(*text), std::string(*content));
    }
    traits.otherNormalizer = true;
    HT_ASSIGN_OR_RETURN(Regex regex, Regex::compile(*expression));
    return std::make_unique<ReplaceNormalizer>(std::move(regex), std::string(*content));
}

NormalizerResult readPrepend(const Json& json, HfTraits& traits) {
    const auto prefix = stringField(json, "prepend");
    if (!prefix) return badNormalizer("has a Prepend without a text");
    (*prefix == kSpaceMark ? traits.prependsMark : traits.otherNormalizer) = true;
    return std::make_unique<PrependNormalizer>(std::string(*prefix));
}

NormalizerResult readBert(const Json& json, HfTraits& traits) {
    BertNormalizerOptions options;
    options.cleanText = boolField(json, "clean_text", true);
    options.isolateIdeographs = boolField(json, "handle_chinese_chars", true);
    options.lowercase = boolField(json, "lowercase", true);
    options.stripAccents = boolField(json, "strip_accents", options.lowercase);
    traits.bert = options;
    return std::make_unique<BertNormalizer>(options);
}

NormalizerResult readPrecompiled(const Json& json, HfTraits& traits) {
    const auto encoded = stringField(json, "precompiled_charsmap");
    if (!encoded) return badNormalizer("has a Precompiled without its character map");
    auto bytes = decodeBase64(*encoded);
    if (!bytes) return badNormalizer("has a Precompiled whose character map is not base64");
    traits.charsmap = *bytes;
    HT_ASSIGN_OR_RETURN(Charsmap map, Charsmap::parse(std::move(*bytes)));
    return std::make_unique<CharsmapNormalizer>(std::move(map));
}

std::optional<UnicodeForm> unicodeForm(std::string_view type) {
    if (type == "NFC") return UnicodeForm::kNfc;
    if (type == "NFD") return UnicodeForm::kNfd;
    if (type == "NFKC") return UnicodeForm::kNfkc;
    if (type == "NFKD") return UnicodeForm::kNfkd;
    return std::nullopt;
}

}  // namespace

NormalizerResult readNormalizer(const Json& json, HfTraits& traits, int depth) {
    if (depth > kMaxComponentDepth) return badNormalizer("nests sequences too deeply");
    const std::string_view type = typeOf(json);
    if (type == "Sequence") return readSequence(json, traits, depth);
    if (type == "Replace") return readReplace(json, traits);
    if (type == "Prepend") return readPrepend(json, traits);
    if (type == "BertNormalizer") return readBert(json, traits);
    if (type == "Precompiled") return readPrecompiled(json, traits);
    if (type == "ByteLevel") {
        traits.byteLevel = true;
        return std::make_unique<ByteLevelNormalizer>();
    }
    if (const auto form = unicodeForm(type)) {
        (*form == UnicodeForm::kNfc ? traits.composed : traits.otherNormalizer) = true;
        return std::make_unique<UnicodeNormalizer>(*form);
    }
    traits.otherNormalizer = true;
    if (type == "Lowercase") return std::make_unique<LowercaseNormalizer>();
    if (type == "StripAccents") return std::make_unique<StripAccentsNormalizer>();
    if (type == "Strip") {
        return std::make_unique<StripNormalizer>(boolField(json, "strip_left", true),
                                                 boolField(json, "strip_right", true));
    }
    return makeError(
        ErrorCode::kUnsupported,
        fmt::format("The tokenizer uses the normalizer \"{}\", which Halftone does not have.", clipText(type)));
}

}  // namespace halftone::tokenization
