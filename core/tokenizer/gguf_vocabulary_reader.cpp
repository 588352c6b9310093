// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/gguf_vocabulary_reader.h"

#include <fmt/format.h>

#include "core/tokenizer/bpe_model.h"
#include "core/tokenizer/hf_reader.h"
#include "core/tokenizer/pre_families.h"
#include "core/tokenizer/unigram_model.h"
#include "core/tokenizer/utf8.h"
#include "core/tokenizer/word_models.h"

namespace halftone::tokenization {
namespace {

constexpr std::string_view kSpaceMark = "\xE2\x96\x81";
constexpr size_t kMaxWordCharacters = 10'000;  // no limit in the format; this one only bounds time

std::string keyOf(std::string_view name) {
    return fmt::format("tokenizer.ggml.{}", name);
}

tl::unexpected<Error> badVocabulary(std::string_view what) {
    return makeError(ErrorCode::kInvalidData, fmt::format("The vocabulary in the GGUF file {}.", what));
}

Status readTokens(const GgufMetadata& metadata, Vocabulary& vocabulary) {
    const auto* tokens = metadata.strings(keyOf("tokens"));
    if (tokens == nullptr || tokens->empty()) return badVocabulary("has no tokens (tokenizer.ggml.tokens)");
    const GgufArray* scoreArray = metadata.array(keyOf("scores"));
    const auto* scores = scoreArray ? std::get_if<std::vector<float>>(&scoreArray->values) : nullptr;
    const GgufArray* typeArray = metadata.array(keyOf("token_type"));
    const auto* types = typeArray ? std::get_if<std::vector<int32_t>>(&typeArray->values) : nullptr;
    if ((scores && scores->size() < tokens->size()) || (types && types->size() < tokens->size())) {
        return badVocabulary("has fewer scores or token types than tokens");
    }
    for (size_t id = 0; id < tokens->size(); ++id) {
        const int32_t type = types ? (*types)[id] : 1;
        const bool known = type >= 1 && type <= 6;
        VocabularyEntry entry{(*tokens)[id], scores ? (*scores)[id] : 0.0F,
                              known ? static_cast<TokenType>(type) : TokenType::kNormal};
        HT_TRY(vocabulary.set(static_cast<int64_t>(id), std::move(entry)));
    }
    vocabulary.finish();
    return {};
}

std::optional<TokenId> readId(const GgufMetadata& metadata, std::string_view name, const Vocabulary& vocabulary,
                              std::optional<int64_t> fallback = std::nullopt) {
    const auto stated = metadata.integer(keyOf(name));
    for (const auto& id : {stated, fallback}) {
        if (id && vocabulary.contains(*id)) return static_cast<TokenId>(*id);
    }
    return std::nullopt;
}

struct DefaultIds {
    std::optional<int64_t> bos = std::nullopt;
    std::optional<int64_t> eos = std::nullopt;
    std::optional<int64_t> unknown = std::nullopt;
    std::optional<int64_t> separator = std::nullopt;
    std::optional<int64_t> padding = std::nullopt;
    std::optional<int64_t> mask = std::nullopt;
};

void readSpecialTokens(const GgufMetadata& metadata, const DefaultIds& defaults, TokenizerParts& parts) {
    const Vocabulary& vocabulary = *parts.vocabulary;
    SpecialTokens& special = parts.special;
    special.classification = readId(metadata, "cls_token_id", vocabulary);
    std::optional<int64_t> defaultBos = defaults.bos;
    if (special.classification) defaultBos = *special.classification;
    special.bos = readId(metadata, "bos_token_id", vocabulary, defaultBos);
    special.eos = readId(metadata, "eos_token_id", vocabulary, defaults.eos);
    special.unknown = readId(metadata, "unknown_token_id", vocabulary, defaults.unknown);
    special.separator =
        readId(metadata, "seperator_token_id", vocabulary, defaults.separator);  // the format's spelling
    special.padding = readId(metadata, "padding_token_id", vocabulary, defaults.padding);
    special.mask = readId(metadata, "mask_token_id", vocabulary, defaults.mask);
    special.endOfTurn = readId(metadata, "eot_token_id", vocabulary);
    std::vector<TokenId> further;
    if (const auto eom = readId(metadata, "eom_token_id", vocabulary)) further.push_back(*eom);
    parts.endOfGeneration = endOfGenerationTokens(vocabulary, special, further);
}

void frameText(const GgufMetadata& metadata, bool addBos, bool addEos, TokenizerParts& parts) {
    if (metadata.boolean(keyOf("add_bos_token")).value_or(addBos) && parts.special.bos)
        parts.prefix = {*parts.special.bos};
    if (metadata.boolean(keyOf("add_eos_token")).value_or(addEos) && parts.special.eos)
        parts.suffix = {*parts.special.eos};
}

void frameSeparator(const GgufMetadata& metadata, bool addSeparator, TokenizerParts& parts) {
    if (!metadata.boolean(keyOf("add_sep_token")).value_or(addSeparator) || !parts.special.separator) return;
    parts.suffix = {*parts.special.separator};
}

// User-defined tokens are always found in the text, control tokens on request. A mark in them stands for a space.
void addFinders(bool marksSpaces, TokenizerParts& parts) {
    const Vocabulary& vocabulary = *parts.vocabulary;
    for (TokenId id = 0; id < vocabulary.size(); ++id) {
        const VocabularyEntry& entry = vocabulary.at(id);
        const bool control = entry.type == TokenType::kControl || entry.type == TokenType::kUnknown;
        if (!control && entry.type != TokenType::kUserDefined) continue;
        AddedToken token;
        token.id = id;
        token.content = entry.text;
        token.special = control;
        for (size_t at = marksSpaces ? token.content.find(kSpaceMark) : std::string::npos; at != std::string::npos;
             at = token.content.find(kSpaceMark)) {
            token.content.replace(at, kSpaceMark.size(), " ");
        }
        parts.rawTokens.add(std::move(token));
    }
}

void decodeMarkedSpaces(bool trimFirst, TokenizerParts& parts) {
    parts.decoder.addStep(TokenDecoder::replaceText(std::string(kSpaceMark), " "));
    parts.decoder.addStep(TokenDecoder::byteFallback());
    parts.decoder.setTrim({" ", trimFirst ? size_t{1} : size_t{0}, 0});
}

Result<std::string> readCharsmap(const GgufMetadata& metadata) {
    const GgufArray* array = metadata.array(keyOf("precompiled_charsmap"));
    if (array == nullptr) return std::string();
    if (const auto* bytes = std::get_if<std::vector<uint8_t>>(&array->values))
        return std::string(bytes->begin(), bytes->end());
    if (const auto* bytes = std::get_if<std::vector<int8_t>>(&array->values))
        return std::string(bytes->begin(), bytes->end());
    return badVocabulary("has a character map that is no array of bytes");
}

Status buildScored(const GgufMetadata& metadata, TokenizerParts& parts) {
    readSpecialTokens(metadata, {.bos = 1, .eos = 2, .unknown = 0}, parts);
    frameText(metadata, true, false, parts);
    addFinders(true, parts);
    const bool prefix = metadata.boolean(keyOf("add_space_prefix")).value_or(true);
    SentencePieceOptions options;
    options.prefix = prefix ? SpacePrefix::kEverySegment : SpacePrefix::kNever;
    parts.normalizer = std::make_unique<SentencePieceNormalizer>(std::move(options));
    BpeOptions bpe;
    bpe.unknown = {parts.special.unknown.value_or(-1), true, true};
    parts.model = BpeModel::fromScores(*parts.vocabulary, std::move(bpe));
    shortenPieces(parts, true);
    decodeMarkedSpaces(prefix, parts);
    parts.description = "SentencePiece BPE";
    return {};
}

Status buildUnigram(const GgufMetadata& metadata, TokenizerParts& parts) {
    readSpecialTokens(metadata, {.eos = 1, .unknown = 2, .padding = 0}, parts);
    frameText(metadata, false, true, parts);
    addFinders(true, parts);
    const bool prefix = metadata.boolean(keyOf("add_space_prefix")).value_or(false);
    SentencePieceOptions options;
    HT_ASSIGN_OR_RETURN(std::string charsmap, readCharsmap(metadata));
    HT_ASSIGN_OR_RETURN(options.charsmap, Charsmap::parse(std::move(charsmap)));
    options.prefix = prefix ? SpacePrefix::kEverySegment : SpacePrefix::kNever;
    options.removeExtraSpaces = metadata.boolean(keyOf("remove_extra_whitespaces")).value_or(false);
    parts.normalizer = std::make_unique<SentencePieceNormalizer>(std::move(options));
    // Tokens for single bytes or not: readers of this kind give the unknown token.
    const UnknownPolicy unknown{parts.special.unknown.value_or(-1), false, true};
    parts.model = std::make_unique<UnigramModel>(*parts.vocabulary, unknown);
    shortenPieces(parts, true);
    decodeMarkedSpaces(prefix, parts);
    parts.description = "unigram";
    return {};
}

Result<std::unique_ptr<BpeModel>> makeMergedModel(const GgufMetadata& metadata, const Vocabulary& vocabulary,
                                                  BpeOptions options) {
    std::vector<BpeModel::TextPair> merges;
    if (const auto* list = metadata.strings(keyOf("merges"))) {
        merges.reserve(list->size());
        for (const std::string_view merge : *list) {
            const size_t space = merge.empty() ? std::string_view::npos : merge.find(' ', 1);
            if (space == std::string_view::npos) return badVocabulary("has a merge that is not two tokens");
            merges.emplace_back(merge.substr(0, space), merge.substr(space + 1));
        }
    }
    return BpeModel::fromMerges(vocabulary, merges, std::move(options), BpeModel::MissingToken::kKeepAsPart);
}

Status buildByteLevel(const GgufMetadata& metadata, TokenizerParts& parts) {
    const std::string* stated = metadata.string(keyOf("pre"));
    const PreFamily* family = findPreFamily(stated ? *stated : "default");
    const bool substituted = family == nullptr;
    if (substituted) family = findPreFamily("default");
    HT_CHECK(family != nullptr);
    readSpecialTokens(metadata, {}, parts);
    frameText(metadata, family->addsBos, false, parts);
    frameSeparator(metadata, family->addsSeparator, parts);
    addFinders(false, parts);
    if (family->composed) parts.normalizer = std::make_unique<UnicodeNormalizer>(UnicodeForm::kNfc);
    HT_ASSIGN_OR_RETURN(parts.preTokenizer, makeFamilyPreTokenizer(*family));
    BpeOptions options;
    options.ignoreMerges = family->ignoreMerges;
    HT_ASSIGN_OR_RETURN(parts.model, makeMergedModel(metadata, *parts.vocabulary, std::move(options)));
    parts.decoder.addStep(TokenDecoder::byteLevel());
    parts.addedTextIsPlain = true;
    parts.description = "byte-level BPE";
    if (substituted)
        parts.description +=
            fmt::format(" (pre-tokenizer \"{}\" is not known: text is split as by \"default\")", clipText(*stated));
    return {};
}

Status buildMerged(const GgufMetadata& metadata, TokenizerParts& parts) {
    readSpecialTokens(metadata, {}, parts);
    frameText(metadata, false, false, parts);
    addFinders(true, parts);
    SentencePieceOptions options;
    options.prefix = SpacePrefix::kNever;
    parts.normalizer = std::make_unique<SentencePieceNormalizer>(std::move(options));
    HT_ASSIGN_OR_RETURN(Regex lines, Regex::compile("[^\\n]+|[\\n]+"));
    parts.preTokenizer = std::make_unique<SplitPreTokenizer>(std::move(lines), SplitBehavior::kIsolated, false);
    BpeOptions bpe;
    bpe.unknown = {parts.special.unknown.value_or(-1), true, true};
    HT_ASSIGN_OR_RETURN(parts.model, makeMergedModel(metadata, *parts.vocabulary, std::move(bpe)));
    shortenPieces(parts, true);
    decodeMarkedSpaces(false, parts);
    parts.description = "BPE with marked spaces";
    return {};
}

Status buildWordPiece(const GgufMetadata& metadata, TokenizerParts& parts) {
    readSpecialTokens(metadata, {.bos = 101, .unknown = 100, .separator = 102, .padding = 0, .mask = 103}, parts);
    frameText(metadata, true, false, parts);
    frameSeparator(metadata, true, parts);
    addFinders(false, parts);
    BertNormalizerOptions options;
    options.lowercase = metadata.boolean(keyOf("normalizer.lowercase")).value_or(true);
    options.stripAccents = metadata.boolean(keyOf("normalizer.strip_accents")).value_or(options.lowercase);
    parts.normalizer = std::make_unique<BertNormalizer>(options);
    std::vector<std::unique_ptr<PreTokenizer>> steps;
    steps.push_back(std::make_unique<CharacterSplitPreTokenizer>(isWhitespace, SplitBehavior::kRemoved));
    steps.push_back(std::make_unique<CharacterSplitPreTokenizer>(isPunctuation, SplitBehavior::kIsolated));
    parts.preTokenizer = std::make_unique<SequencePreTokenizer>(std::move(steps));
    WordPieceOptions model;
    model.unknown = parts.special.unknown.value_or(-1);
    model.startPrefix = kSpaceMark;
    model.continuingPrefix.clear();
    model.maxWordCharacters = kMaxWordCharacters;
    parts.model = std::make_unique<WordPieceModel>(*parts.vocabulary, std::move(model));
    parts.decoder.addStep(TokenDecoder::wordStarts(std::string(kSpaceMark)));
    parts.decoder.setTrim({" ", 1, 0});
    parts.description = "WordPiece";
    return {};
}

}  // namespace

Result<TokenizerParts> readGgufTokenizer(const GgufMetadata& metadata) {
    const std::string* kind = metadata.string(keyOf("model"));
    if (kind == nullptr) return makeError(ErrorCode::kNotFound, "The GGUF file holds no tokenizer.");
    TokenizerParts parts;
    parts.vocabulary = std::make_unique<Vocabulary>();
    using Builder = Status (*)(const GgufMetadata&, TokenizerParts&);
    Builder build = nullptr;
    if (*kind == "llama") build = buildScored;
    if (*kind == "gpt2") build = buildByteLevel;
    if (*kind == "gemma4") build = buildMerged;
    if (*kind == "bert") build = buildWordPiece;
    if (*kind == "t5") build = buildUnigram;
    if (build == nullptr) {
        return makeError(
            ErrorCode::kUnsupported,
            fmt::format("The GGUF file has a vocabulary of kind \"{}\", which Halftone cannot read.", clipText(*kind)));
    }
    HT_TRY(readTokens(metadata, *parts.vocabulary));
    HT_TRY(build(metadata, parts));
    parts.description += fmt::format(", {} tokens", parts.vocabulary->size());
    parts.gguf.form = GgufForm::kOriginal;
    for (const auto& [key, value] : metadata.entries()) {
        if (key.starts_with("tokenizer.")) parts.gguf.original.set(key, value);
    }
    return parts;
}

}  // namespace halftone::tokenization
