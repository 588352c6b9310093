// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/gguf_plan.h"

#include <algorithm>

#include "core/tokenizer/bpe_model.h"
#include "core/tokenizer/hf_components.h"
#include "core/tokenizer/pre_families.h"
#include "core/tokenizer/unigram_model.h"
#include "core/tokenizer/unknown_charsmap.h"
#include "core/tokenizer/utf8.h"

namespace halftone::tokenization {
namespace {

// A list of merges can be replaced by scores only if all merges with one product come in a row.
bool mergesFollowScores(const BpeModel& model) {
    std::vector<std::string> products;
    for (const auto& [left, right] : model.merges()) {
        std::string product = std::string(left).append(right);
        if (products.empty() || products.back() != product) products.push_back(std::move(product));
    }
    std::ranges::sort(products);
    return std::ranges::adjacent_find(products) == products.end();
}

bool isOneCharacter(std::string_view text) {
    return !text.empty() && decodeUtf8(text, 0).length == text.size();
}

bool hasOnlyCharacters(const Vocabulary& vocabulary) {
    for (TokenId id = 0; id < vocabulary.size(); ++id) {
        const VocabularyEntry& entry = vocabulary.at(id);
        if (entry.type == TokenType::kNormal && !isOneCharacter(entry.text)) return false;
    }
    return true;
}

// Readers of unigram vocabularies fuse unknown characters. Where this tokenizer does not, a character map turns each
// into the text of the unknown token, which then has to be an ordinary token to be found.
void planSingleUnknowns(TokenizerParts& parts) {
    const Vocabulary& vocabulary = *parts.vocabulary;
    std::vector<std::string_view> known;
    for (TokenId id = 0; id < vocabulary.size(); ++id) {
        if (vocabulary.at(id).type == TokenType::kNormal) known.push_back(vocabulary.text(id));
    }
    parts.gguf.charsmap = makeUnknownCharsmap(known, vocabulary.text(*parts.special.unknown));
    parts.gguf.unknownIsOrdinary = true;
}

// Characters only, with an unknown token: what a unigram vocabulary of equal scores does.
bool planCharacters(const BpeModel& model, TokenizerParts& parts) {
    const UnknownPolicy& policy = model.options().unknown;
    const bool spellsBytes = policy.byteFallback && parts.vocabulary->hasAllByteTokens();
    if (policy.unknown < 0 || spellsBytes || !model.merges().empty() || !hasOnlyCharacters(*parts.vocabulary))
        return false;
    parts.gguf.form = GgufForm::kUnigram;
    if (!policy.fuse) planSingleUnknowns(parts);
    return true;
}

void planByteLevel(const HfTraits& traits, const BpeModel& model, GgufPlan& plan) {
    plan.form = GgufForm::kByteLevelBpe;
    const PreFamily* family =
        traits.splitsOtherwise ? nullptr : findPreFamily(traits.patterns, model.options().ignoreMerges);
    if (family) {
        plan.pre = family->names.front();
    } else {
        plan.differences.emplace_back(
            "GGUF has no name for the way this tokenizer splits text before it looks up tokens: \"default\" is "
            "written, and runtimes will split some texts otherwise.");
    }
    if (traits.otherNormalizer) {
        plan.differences.emplace_back(
            "The tokenizer changes texts first (its normalizer in tokenizer.json); GGUF runtimes do not, and give "
            "other tokens for what it would have changed.");
    }
}

void planMarkedSpaces(const HfTraits& traits, const BpeModel& model, TokenizerParts& parts) {
    GgufPlan& plan = parts.gguf;
    if (planCharacters(model, parts)) return;
    if (mergesFollowScores(model)) {
        plan.form = GgufForm::kScoredBpe;
        planWithoutByteTokens(!model.merges().empty(), parts);
    } else if (traits.prependsMark) {
        plan.refusal = "the order of its merges cannot be expressed by scores";
    } else {
        plan.form = GgufForm::kMergedBpe;
    }
}

void planPlainBpe(const BpeModel& model, GgufPlan& plan) {
    plan.form = GgufForm::kByteLevelBpe;
    plan.pre = "gpt-2";
    plan.spellBytes = true;
    if (model.options().unknown.unknown >= 0) {
        plan.differences.emplace_back(
            "GGUF runtimes leave out characters that this tokenizer's vocabulary lacks, instead of giving its unknown "
            "token.");
    }
    if (!model.merges().empty()) {
        plan.differences.emplace_back(
            "This tokenizer merges across words; GGUF runtimes split texts into words first, as GPT-2 does, and give "
            "other tokens where a merge reaches across.");
    }
}

void planBpe(const HfTraits& traits, const BpeModel& model, TokenizerParts& parts) {
    GgufPlan& plan = parts.gguf;
    const BpeOptions& options = model.options();
    plan.bpe = &model;
    plan.addSpacePrefix = traits.prependsMark;
    if (!options.continuingPrefix.empty() || !options.endOfWordSuffix.empty()) {
        plan.refusal = "its BPE marks the ends of words, which no GGUF vocabulary does";
    } else if (traits.byteLevel) {
        planByteLevel(traits, model, plan);
    } else if (traits.splitsOtherwise || !traits.patterns.empty() || traits.otherNormalizer) {
        plan.refusal = "no GGUF vocabulary prepares text for BPE the way it does";
    } else if (traits.marksSpaces) {
        planMarkedSpaces(traits, model, parts);
    } else if (!planCharacters(model, parts)) {
        planPlainBpe(model, plan);
    }
}

void planWordPiece(const HfTraits& traits, GgufPlan& plan) {
    plan.form = GgufForm::kWordPiece;
    plan.continuingPrefix = "##";
    if (traits.bert) {
        plan.lowercase = traits.bert->lowercase;
        plan.stripAccents = traits.bert->stripAccents;
    }
    if (!traits.bertPreTokenizer) plan.refusal = "its WordPiece model splits text in another way than BERT";
}

void planUnigram(const HfTraits& traits, const UnigramModel& model, GgufPlan& plan) {
    plan.form = GgufForm::kUnigram;
    plan.addSpacePrefix = traits.prependsMark;
    plan.removeExtraSpaces = !traits.charsmap.empty();
    plan.charsmap = traits.charsmap;
    noteUnigramDifferences(model, plan);
    if (!traits.marksSpaces) plan.refusal = "its unigram model does not mark spaces";
}

bool findsTokensInText(const Vocabulary& vocabulary) {
    for (TokenId id = 0; id < vocabulary.size(); ++id) {
        const TokenType type = vocabulary.at(id).type;
        if (type == TokenType::kControl || type == TokenType::kUserDefined) return true;
    }
    return false;
}

// Readers of vocabularies with marked spaces put one in front of the text and behind every token found as a whole.
void noteRepeatedPrefix(const HfTraits& traits, TokenizerParts& parts) {
    const GgufForm form = parts.gguf.form;
    if (!traits.prependsOnce || (form != GgufForm::kScoredBpe && form != GgufForm::kUnigram)) return;
    if (!findsTokensInText(*parts.vocabulary)) return;
    parts.gguf.differences.emplace_back(
        "This tokenizer puts a space in front of a text only; GGUF runtimes do so behind every control token in it as "
        "well, and give other tokens there.");
}

}  // namespace

void noteUnigramDifferences(const UnigramModel& model, GgufPlan& plan) {
    if (!model.spellsBytes()) return;
    plan.differences.emplace_back(
        "This unigram tokenizer spells characters that it does not know by tokens for single bytes; GGUF runtimes give "
        "its unknown token for them.");
}

void planWithoutByteTokens(bool hasMerges, TokenizerParts& parts) {
    if (parts.vocabulary->hasAllByteTokens()) return;
    if (!hasMerges && parts.special.unknown && hasOnlyCharacters(*parts.vocabulary)) {
        parts.gguf.form = GgufForm::kUnigram;
        return;
    }
    parts.gguf.differences.emplace_back(
        "The vocabulary has no tokens for single bytes: llama.cpp ends with an error at the first character that is "
        "not in it.");
}

void planGguf(const HfTraits& traits, const std::string& modelType, TokenizerParts& parts) {
    GgufPlan& plan = parts.gguf;
    if (const auto* bpe = dynamic_cast<const BpeModel*>(parts.model.get())) {
        planBpe(traits, *bpe, parts);
    } else if (const auto* unigram = dynamic_cast<const UnigramModel*>(parts.model.get())) {
        planUnigram(traits, *unigram, plan);
    } else if (modelType == "WordPiece") {
        planWordPiece(traits, plan);
    } else {
        plan.refusal = "GGUF has no vocabulary for word-level models";
    }
    if (!plan.refusal.empty()) plan.form = GgufForm::kNone;
    noteRepeatedPrefix(traits, parts);
}

}  // namespace halftone::tokenization
