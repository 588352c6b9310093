// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/hf_reader.h"

#include <algorithm>

#include <fmt/format.h>

#include "core/tokenizer/bpe_model.h"
#include "core/tokenizer/gguf_plan.h"
#include "core/tokenizer/hf_components.h"

namespace halftone::tokenization {
namespace {

constexpr std::string_view kSpaceMark = "\xE2\x96\x81";

Result<std::vector<AddedToken>> readAddedTokens(const Json& root, const CompanionFiles& companions) {
    std::vector<AddedToken> tokens;
    if (const auto list = arrayField(root, "added_tokens")) {
        for (const Json entry : *list) {
            const auto id = integerField(entry, "id");
            const auto content = stringField(entry, "content");
            if (!id || !content || *id < 0 || *id >= Vocabulary::kMaxSize) {
                return makeError(ErrorCode::kInvalidData,
                                 "An entry of added_tokens in tokenizer.json has no usable id and content.");
            }
            tokens.push_back({static_cast<TokenId>(*id), std::string(*content), boolField(entry, "single_word", false),
                              boolField(entry, "lstrip", false), boolField(entry, "rstrip", false),
                              boolField(entry, "normalized", false), boolField(entry, "special", false)});
        }
    }
    for (const AddedToken& token : companions.addedTokens) {
        const bool known = std::ranges::any_of(tokens, [&](const AddedToken& t) { return t.id == token.id; });
        if (!known) tokens.push_back(token);
    }
    return tokens;
}

Status addToVocabulary(const std::vector<AddedToken>& tokens, std::string_view unknownText, Vocabulary& vocabulary) {
    for (const AddedToken& token : tokens) {
        TokenType type = token.special ? TokenType::kControl : TokenType::kUserDefined;
        if (token.special && token.content == unknownText) type = TokenType::kUnknown;
        const float score = vocabulary.contains(token.id) ? vocabulary.at(token.id).score : 0.0F;
        HT_TRY(vocabulary.set(token.id, {token.content, score, type}));
    }
    return {};
}

// Tokens with "normalized" are looked for in normalized text, so their own text is normalized too.
Status addToFinders(std::vector<AddedToken> tokens, TokenizerParts& parts) {
    for (AddedToken& token : tokens) {
        if (!token.normalized || !parts.normalizer) {
            parts.rawTokens.add(std::move(token));
            continue;
        }
        HT_ASSIGN_OR_RETURN(token.content, parts.normalizer->apply(token.content, SegmentPlace{}));
        parts.normalizedTokens.add(std::move(token));
    }
    return {};
}

Status readStages(const Json& root, TokenizerParts& parts, HfTraits& traits) {
    if (const auto json = field(root, "normalizer")) {
        HT_ASSIGN_OR_RETURN(parts.normalizer, readNormalizer(*json, traits));
    }
    if (const auto json = field(root, "pre_tokenizer")) {
        HT_ASSIGN_OR_RETURN(parts.preTokenizer, readPreTokenizer(*json, traits));
    }
    DecoderReading reading;
    if (const auto json = field(root, "decoder")) {
        HT_TRY(readDecoder(*json, reading));
    } else {
        // Without a decoder, tokens are joined by spaces.
        reading.decoder.addStep(TokenDecoder::wordPiece("", false));
        reading.decoder.setTrim({" ", 1, 0});
    }
    parts.decoder = std::move(reading.decoder);
    parts.addedTextIsPlain = reading.byteLevel;
    if (const auto json = field(root, "post_processor")) {
        TokenFrame frame;
        HT_TRY(readPostProcessor(*json, *parts.vocabulary, frame));
        parts.prefix = std::move(frame.prefix);
        parts.suffix = std::move(frame.suffix);
    }
    return {};
}

std::string describe(const HfTraits& traits, const std::string& modelType, int64_t size) {
    std::string kind = modelType;
    if (modelType == "BPE")
        kind = traits.byteLevel ? "byte-level BPE" : traits.marksSpaces ? "SentencePiece BPE" : "character BPE";
    if (modelType == "Unigram") kind = "unigram";
    if (modelType == "WordLevel") kind = "word-level";
    return fmt::format("{}, {} tokens", kind, size);
}

bool modelAllowsShortPieces(const TokenModel& model) {
    const auto* bpe = dynamic_cast<const BpeModel*>(&model);
    if (bpe == nullptr) return false;
    const BpeOptions& options = bpe->options();
    return !options.ignoreMerges && options.continuingPrefix.empty() && options.endOfWordSuffix.empty();
}

std::optional<TokenId> usableId(const Vocabulary& vocabulary, int64_t id) {
    return vocabulary.contains(id) ? std::optional(static_cast<TokenId>(id)) : std::nullopt;
}

void setEdge(std::vector<TokenId>& edge, std::optional<TokenId> token, std::optional<bool> wanted, bool atFront) {
    if (!token || !wanted) return;
    const bool present = !edge.empty() && (atFront ? edge.front() : edge.back()) == *token;
    if (present == *wanted) return;
    const auto position = atFront ? edge.begin() : edge.end();
    if (*wanted) {
        edge.insert(position, *token);
    } else {
        edge.erase(atFront ? edge.begin() : edge.end() - 1);
    }
}

}  // namespace

void shortenPieces(TokenizerParts& parts, bool modelAllows) {
    const Vocabulary& vocabulary = *parts.vocabulary;
    if (!modelAllows || !vocabulary.find(kSpaceMark)) return;
    for (TokenId id = 0; id < vocabulary.size(); ++id) {
        const VocabularyEntry& entry = vocabulary.at(id);
        const bool produced = entry.type == TokenType::kNormal || entry.type == TokenType::kUnused;
        if (produced && WordStartPreTokenizer::reachesAcross(entry.text, kSpaceMark)) return;
    }
    std::vector<std::unique_ptr<PreTokenizer>> steps;
    if (parts.preTokenizer) steps.push_back(std::move(parts.preTokenizer));
    steps.push_back(std::make_unique<WordStartPreTokenizer>(std::string(kSpaceMark)));
    parts.preTokenizer = std::make_unique<SequencePreTokenizer>(std::move(steps));
}

void applyCompanionFiles(const CompanionFiles& companions, TokenizerParts& parts) {
    const Vocabulary& vocabulary = *parts.vocabulary;
    SpecialTokens& special = parts.special;
    const auto assign = [&](std::optional<TokenId>& target, const char* role) {
        const auto text = companions.roles.find(role);
        const auto byText = text == companions.roles.end() ? std::nullopt : vocabulary.find(text->second);
        const auto id = companions.roleIds.find(fmt::format("{}_id", role));
        const auto byId = id == companions.roleIds.end() ? std::nullopt : usableId(vocabulary, id->second);
        if (byText) {
            target = byText;
        } else if (!target) {
            target = byId;
        }
    };
    assign(special.bos, "bos_token");
    assign(special.eos, "eos_token");
    assign(special.unknown, "unk_token");
    assign(special.padding, "pad_token");
    assign(special.separator, "sep_token");
    assign(special.classification, "cls_token");
    assign(special.mask, "mask_token");
    std::vector<TokenId> ends;
    for (const int64_t id : companions.eosIds) {
        if (const auto usable = usableId(vocabulary, id)) ends.push_back(*usable);
    }
    if (!special.eos && !ends.empty()) special.eos = ends.front();
    if (!special.bos) special.bos = special.classification;
    special.endOfTurn = findEndOfTurn(vocabulary, special.eos);
    parts.endOfGeneration = endOfGenerationTokens(vocabulary, special, ends);
    setEdge(parts.prefix, special.bos, companions.addBos, true);
    setEdge(parts.suffix, special.eos, companions.addEos, false);
    parts.gguf.chatTemplates = companions.chatTemplates;
}

Result<TokenizerParts> readHuggingFaceTokenizer(std::string_view tokenizerJson, const CompanionFiles& companions) {
    simdjson::dom::parser parser;
    Json root;
    const auto error = parser.parse(tokenizerJson.data(), tokenizerJson.size()).get(root);
    if (error != simdjson::SUCCESS) {
        return makeError(ErrorCode::kInvalidData, "The file tokenizer.json is not valid JSON.",
                         simdjson::error_message(error));
    }
    const auto model = field(root, "model");
    if (!model || !model->is_object())
        return makeError(ErrorCode::kInvalidData, "The file tokenizer.json has no model.");
    TokenizerParts parts;
    parts.vocabulary = std::make_unique<Vocabulary>();
    HT_ASSIGN_OR_RETURN(HfModelReading reading, readModelVocabulary(*model, *parts.vocabulary));
    HT_ASSIGN_OR_RETURN(std::vector<AddedToken> added, readAddedTokens(root, companions));
    HT_TRY(addToVocabulary(added, reading.unknownText, *parts.vocabulary));
    parts.vocabulary->finish();
    if (parts.vocabulary->size() == 0)
        return makeError(ErrorCode::kInvalidData, "The vocabulary in tokenizer.json is empty.");
    if (!reading.unknownText.empty()) reading.unknownId = parts.vocabulary->find(reading.unknownText);
    if (reading.unknownId) parts.vocabulary->setType(*reading.unknownId, TokenType::kUnknown);
    parts.special.unknown = reading.unknownId;
    HfTraits traits;
    HT_TRY(readStages(root, parts, traits));
    HT_TRY(addToFinders(std::move(added), parts));
    HT_ASSIGN_OR_RETURN(parts.model, makeModel(*model, reading, *parts.vocabulary));
    planGguf(traits, reading.type, parts);
    shortenPieces(parts, modelAllowsShortPieces(*parts.model));
    parts.description = describe(traits, reading.type, parts.vocabulary->size());
    applyCompanionFiles(companions, parts);
    return parts;
}

}  // namespace halftone::tokenization
