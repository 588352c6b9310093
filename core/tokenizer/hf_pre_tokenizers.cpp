// SPDX-License-Identifier: GPL-3.0-or-later
// Pre-tokenizers of tokenizer.json.
#include <fmt/format.h>

#include "core/tokenizer/hf_components.h"
#include "core/tokenizer/pre_families.h"
#include "core/tokenizer/utf8.h"

namespace halftone::tokenization {
namespace {

using PreTokenizerResult = Result<std::unique_ptr<PreTokenizer>>;

constexpr std::string_view kSpaceMark = "\xE2\x96\x81";

tl::unexpected<Error> badPreTokenizer(std::string_view what) {
    return makeError(ErrorCode::kInvalidData, fmt::format("The pre-tokenizer in tokenizer.json {}.", what));
}

std::optional<SplitBehavior> splitBehavior(std::string_view name) {
    if (name == "Removed") return SplitBehavior::kRemoved;
    if (name == "Isolated") return SplitBehavior::kIsolated;
    if (name == "MergedWithPrevious") return SplitBehavior::kMergedWithPrevious;
    if (name == "MergedWithNext") return SplitBehavior::kMergedWithNext;
    if (name == "Contiguous") return SplitBehavior::kContiguous;
    return std::nullopt;
}

PreTokenizerResult splitBy(std::string_view pattern, SplitBehavior behavior, bool invert = false) {
    HT_ASSIGN_OR_RETURN(Regex regex, Regex::compile(pattern));
    return std::make_unique<SplitPreTokenizer>(std::move(regex), behavior, invert);
}

PreTokenizerResult readSequence(const Json& json, HfTraits& traits, int depth) {
    const auto parts = arrayField(json, "pretokenizers");
    if (!parts) return badPreTokenizer("is a Sequence without a list of pre-tokenizers");
    std::vector<std::unique_ptr<PreTokenizer>> steps;
    for (const Json part : *parts) {
        HT_ASSIGN_OR_RETURN(auto step, readPreTokenizer(part, traits, depth + 1));
        steps.push_back(std::move(step));
    }
    return std::make_unique<SequencePreTokenizer>(std::move(steps));
}

PreTokenizerResult readByteLevel(const Json& json, HfTraits& traits) {
    traits.byteLevel = true;
    std::unique_ptr<PreTokenizer> pattern;
    if (boolField(json, "use_regex", true)) {
        traits.patterns.emplace_back(kGpt2Pattern);
        HT_ASSIGN_OR_RETURN(pattern, splitBy(kGpt2Pattern, SplitBehavior::kIsolated));
    }
    return std::make_unique<ByteLevelPreTokenizer>(boolField(json, "add_prefix_space", true), std::move(pattern));
}

PreTokenizerResult readSplit(const Json& json, HfTraits& traits) {
    const auto pattern = field(json, "pattern");
    const auto behavior = splitBehavior(stringField(json, "behavior").value_or(""));
    const auto text = pattern ? stringField(*pattern, "String") : std::nullopt;
    const auto expression = pattern ? stringField(*pattern, "Regex") : std::nullopt;
    if (!behavior || (!text && !expression))
        return badPreTokenizer("has a Split without a pattern or a known behavior");
    const bool invert = boolField(json, "invert", false);
    // "Removed" with "invert" keeps the matches, as does "Isolated" for patterns that match everything.
    const bool keepsMatches =
        (*behavior == SplitBehavior::kIsolated) || (*behavior == SplitBehavior::kRemoved && invert);
    if (expression && keepsMatches) {
        traits.patterns.emplace_back(*expression);
    } else if (!(text && *text == " " && traits.marksSpaces)) {  // spaces are marks by now: such a split does nothing
        traits.splitsOtherwise = true;
    }
    HT_ASSIGN_OR_RETURN(Regex regex, text ? Regex::literal(*text) : Regex::compile(*expression));
    return std::make_unique<SplitPreTokenizer>(std::move(regex), *behavior, invert);
}

PreTokenizerResult readMetaspace(const Json& json, HfTraits& traits) {
    const std::string_view mark = stringField(json, "replacement").value_or(kSpaceMark);
    const auto scheme = stringField(json, "prepend_scheme");
    SpacePrefix prefix = boolField(json, "add_prefix_space", true) ? SpacePrefix::kEverySegment : SpacePrefix::kNever;
    if (scheme == "always") prefix = SpacePrefix::kEverySegment;
    if (scheme == "first") prefix = SpacePrefix::kTextStart;
    if (scheme == "never") prefix = SpacePrefix::kNever;
    traits.marksSpaces = mark == kSpaceMark;
    traits.prependsMark = prefix != SpacePrefix::kNever;
    traits.prependsOnce = prefix == SpacePrefix::kTextStart;
    return std::make_unique<MetaspacePreTokenizer>(std::string(mark), prefix, boolField(json, "split", true));
}

PreTokenizerResult readBert(HfTraits& traits) {
    traits.bertPreTokenizer = true;
    std::vector<std::unique_ptr<PreTokenizer>> steps;
    steps.push_back(std::make_unique<CharacterSplitPreTokenizer>(isWhitespace, SplitBehavior::kRemoved));
    steps.push_back(std::make_unique<CharacterSplitPreTokenizer>(isPunctuation, SplitBehavior::kIsolated));
    return std::make_unique<SequencePreTokenizer>(std::move(steps));
}

PreTokenizerResult readPunctuation(const Json& json, HfTraits& traits) {
    const auto behavior = splitBehavior(stringField(json, "behavior").value_or("Isolated"));
    if (!behavior) return badPreTokenizer("has a Punctuation with an unknown behavior");
    // Falcon's first step; the symbols in the family's pattern are what ASCII punctuation adds to \p{P}.
    if (*behavior == SplitBehavior::kContiguous) {
        traits.patterns.emplace_back(R"([\p{P}\$\+<=>\^~\|`]+)");
    } else {
        traits.splitsOtherwise = true;
    }
    return std::make_unique<CharacterSplitPreTokenizer>(isPunctuation, *behavior);
}

PreTokenizerResult readDigits(const Json& json, HfTraits& traits) {
    const bool individual = boolField(json, "individual_digits", false);
    traits.patterns.emplace_back(individual ? R"(\p{N})" : R"(\p{N}+)");
    return std::make_unique<CharacterSplitPreTokenizer>(
        isNumber, individual ? SplitBehavior::kIsolated : SplitBehavior::kContiguous);
}

PreTokenizerResult readDelimiter(const Json& json) {
    const auto delimiter = stringField(json, "delimiter");
    if (!delimiter || delimiter->empty()) return badPreTokenizer("has a CharDelimiterSplit without a delimiter");
    HT_ASSIGN_OR_RETURN(Regex regex, Regex::literal(*delimiter));
    return std::make_unique<SplitPreTokenizer>(std::move(regex), SplitBehavior::kRemoved, false);
}

}  // namespace

PreTokenizerResult readPreTokenizer(const Json& json, HfTraits& traits, int depth) {
    if (depth > kMaxComponentDepth) return badPreTokenizer("nests sequences too deeply");
    const std::string_view type = typeOf(json);
    if (type == "Sequence") return readSequence(json, traits, depth);
    if (type == "ByteLevel") return readByteLevel(json, traits);
    if (type == "Split") return readSplit(json, traits);
    if (type == "Metaspace") return readMetaspace(json, traits);
    if (type == "BertPreTokenizer") return readBert(traits);
    if (type == "Punctuation") return readPunctuation(json, traits);
    if (type == "Digits") return readDigits(json, traits);
    traits.splitsOtherwise = true;
    if (type == "CharDelimiterSplit") return readDelimiter(json);
    if (type == "Whitespace") return splitBy(R"(\w+|[^\w\s]+)", SplitBehavior::kRemoved, true);
    if (type == "WhitespaceSplit")
        return std::make_unique<CharacterSplitPreTokenizer>(isWhitespace, SplitBehavior::kRemoved);
    return makeError(
        ErrorCode::kUnsupported,
        fmt::format("The tokenizer uses the pre-tokenizer \"{}\", which Halftone does not have.", clipText(type)));
}

}  // namespace halftone::tokenization
