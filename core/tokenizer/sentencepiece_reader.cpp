// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/sentencepiece_reader.h"

#include <fmt/format.h>

#include "core/tokenizer/bpe_model.h"
#include "core/tokenizer/gguf_plan.h"
#include "core/tokenizer/hf_reader.h"
#include "core/tokenizer/proto_reader.h"
#include "core/tokenizer/unigram_model.h"
#include "core/tokenizer/utf8.h"

namespace halftone::tokenization {
namespace {

constexpr std::string_view kSpaceMark = "\xE2\x96\x81";

enum class ModelType : int32_t { kUnigram = 1, kBpe = 2, kWord = 3, kCharacter = 4 };

struct ModelFile {
    Vocabulary vocabulary;
    ModelType type = ModelType::kUnigram;
    bool suffixMarks = false;
    bool byteFallback = false;
    int32_t unknownId = 0;
    int32_t bosId = 1;
    int32_t eosId = 2;
    int32_t padId = -1;
    std::string charsmap;
    bool addDummyPrefix = true;
    bool removeExtraSpaces = true;
    bool escapeSpaces = true;
};

tl::unexpected<Error> damaged(std::string_view where) {
    return makeError(ErrorCode::kInvalidData, fmt::format("The file tokenizer.model is damaged: {}.", where));
}

Status readPiece(std::string_view message, ModelFile& file) {
    VocabularyEntry entry{{}, 0.0F, TokenType::kNormal};
    ProtoReader reader(message);
    while (reader.next()) {
        if (reader.field() == 1) entry.text = std::string(reader.bytes());
        if (reader.field() == 2) entry.score = reader.float32();
        if (reader.field() != 3) continue;
        if (reader.int32() < 1 || reader.int32() > 6) return damaged("a piece has an unknown type");
        entry.type = static_cast<TokenType>(reader.int32());
    }
    if (reader.failed()) return damaged(fmt::format("piece {} cannot be read", file.vocabulary.size()));
    return file.vocabulary.set(file.vocabulary.size(), std::move(entry));
}

Status readTrainerSpec(std::string_view message, ModelFile& file) {
    ProtoReader reader(message);
    while (reader.next()) {
        switch (reader.field()) {
            case 3:
                file.type = static_cast<ModelType>(reader.int32());
                break;
            case 24:
                file.suffixMarks = reader.boolean();
                break;
            case 35:
                file.byteFallback = reader.boolean();
                break;
            case 40:
                file.unknownId = reader.int32();
                break;
            case 41:
                file.bosId = reader.int32();
                break;
            case 42:
                file.eosId = reader.int32();
                break;
            case 43:
                file.padId = reader.int32();
                break;
            default:
                break;
        }
    }
    return reader.failed() ? Status(damaged("its training settings cannot be read")) : Status();
}

Status readNormalizerSpec(std::string_view message, ModelFile& file) {
    ProtoReader reader(message);
    while (reader.next()) {
        switch (reader.field()) {
            case 2:
                file.charsmap = std::string(reader.bytes());
                break;
            case 3:
                file.addDummyPrefix = reader.boolean();
                break;
            case 4:
                file.removeExtraSpaces = reader.boolean();
                break;
            case 5:
                file.escapeSpaces = reader.boolean();
                break;
            default:
                break;
        }
    }
    return reader.failed() ? Status(damaged("its normalizer cannot be read")) : Status();
}

Result<std::unique_ptr<ModelFile>> readModelFile(std::string_view bytes) {
    auto file = std::make_unique<ModelFile>();
    ProtoReader reader(bytes);
    while (reader.next()) {
        if (reader.field() == 1) HT_TRY(readPiece(reader.bytes(), *file));
        if (reader.field() == 2) HT_TRY(readTrainerSpec(reader.bytes(), *file));
        if (reader.field() == 3) HT_TRY(readNormalizerSpec(reader.bytes(), *file));
    }
    if (reader.failed()) return damaged("it ends in the middle, or is no SentencePiece model");
    if (file->vocabulary.size() == 0) return damaged("it holds no pieces");
    file->vocabulary.finish();
    return file;
}

std::optional<TokenId> usable(const Vocabulary& vocabulary, int32_t id) {
    return vocabulary.contains(id) ? std::optional<TokenId>(id) : std::nullopt;
}

void addFinders(TokenizerParts& parts) {
    const Vocabulary& vocabulary = *parts.vocabulary;
    for (TokenId id = 0; id < vocabulary.size(); ++id) {
        const VocabularyEntry& entry = vocabulary.at(id);
        const bool control = entry.type == TokenType::kControl || entry.type == TokenType::kUnknown;
        if (!control && entry.type != TokenType::kUserDefined) continue;
        AddedToken token;
        token.id = id;
        token.content = entry.text;
        token.special = control;
        for (size_t at = token.content.find(kSpaceMark); at != std::string::npos; at = token.content.find(kSpaceMark)) {
            token.content.replace(at, kSpaceMark.size(), " ");
        }
        parts.rawTokens.add(std::move(token));
    }
}

void addNormalizer(const ModelFile& file, Charsmap charsmap, TokenizerParts& parts) {
    SentencePieceOptions options;
    options.charsmap = std::move(charsmap);
    options.prefix = file.addDummyPrefix ? SpacePrefix::kTextStartAndAfterControl : SpacePrefix::kNever;
    options.removeExtraSpaces = file.removeExtraSpaces;
    options.escapeSpaces = file.escapeSpaces;
    options.suffixMarks = file.suffixMarks;
    parts.normalizer = std::make_unique<SentencePieceNormalizer>(std::move(options));
    parts.decoder.addStep(TokenDecoder::replaceText(std::string(kSpaceMark), " "));
    parts.decoder.addStep(TokenDecoder::byteFallback());
    const size_t trimmed = file.addDummyPrefix || file.removeExtraSpaces ? 1 : 0;
    parts.decoder.setTrim({" ", file.suffixMarks ? 0 : trimmed, file.suffixMarks ? trimmed : 0});
}

Status addModel(const ModelFile& file, TokenizerParts& parts) {
    const Vocabulary& vocabulary = *parts.vocabulary;
    const UnknownPolicy unknown{parts.special.unknown.value_or(-1), file.byteFallback || vocabulary.hasAllByteTokens(),
                                true};
    GgufPlan& plan = parts.gguf;
    plan.addSpacePrefix = file.addDummyPrefix;
    plan.removeExtraSpaces = file.removeExtraSpaces;
    plan.charsmap = file.charsmap;
    if (file.type == ModelType::kUnigram) {
        plan.form = GgufForm::kUnigram;
        auto model = std::make_unique<UnigramModel>(vocabulary, unknown);
        noteUnigramDifferences(*model, plan);
        parts.model = std::move(model);
        if (parts.special.eos) parts.suffix = {*parts.special.eos};
    } else if (file.type == ModelType::kBpe || file.type == ModelType::kCharacter) {
        plan.form = GgufForm::kScoredBpe;
        BpeOptions options;
        options.unknown = unknown;
        auto model = BpeModel::fromScores(vocabulary, std::move(options));
        planWithoutByteTokens(!model->merges().empty(), parts);
        parts.model = std::move(model);
        if (parts.special.bos) parts.prefix = {*parts.special.bos};
    } else {
        return makeError(
            ErrorCode::kUnsupported,
            "The file tokenizer.model holds a word model; only BPE, unigram and character models can be read.");
    }
    return {};
}

}  // namespace

Result<TokenizerParts> readSentencePieceTokenizer(std::string_view modelBytes, const CompanionFiles& companions) {
    HT_ASSIGN_OR_RETURN(const std::unique_ptr<ModelFile> file, readModelFile(modelBytes));
    TokenizerParts parts;
    parts.vocabulary = std::make_unique<Vocabulary>(std::move(file->vocabulary));
    const Vocabulary& vocabulary = *parts.vocabulary;
    parts.special.unknown = usable(vocabulary, file->unknownId);
    parts.special.bos = usable(vocabulary, file->bosId);
    parts.special.eos = usable(vocabulary, file->eosId);
    parts.special.padding = usable(vocabulary, file->padId);
    HT_ASSIGN_OR_RETURN(Charsmap charsmap, Charsmap::parse(file->charsmap));
    addFinders(parts);
    addNormalizer(*file, std::move(charsmap), parts);
    HT_TRY(addModel(*file, parts));
    shortenPieces(parts, !file->suffixMarks);
    const std::string_view kind = file->type == ModelType::kUnigram ? "SentencePiece unigram" : "SentencePiece BPE";
    parts.description = fmt::format("{}, {} tokens", kind, vocabulary.size());
    applyCompanionFiles(companions, parts);
    return parts;
}

void adoptSentencePieceScores(std::string_view modelBytes, Vocabulary& vocabulary) {
    const auto file = readModelFile(modelBytes);
    if (!file) return;
    const Vocabulary& pieces = (*file)->vocabulary;
    for (TokenId id = 0; id < pieces.size() && id < vocabulary.size(); ++id) {
        if (pieces.at(id).text == vocabulary.at(id).text) vocabulary.setScore(id, pieces.at(id).score);
    }
}

}  // namespace halftone::tokenization
