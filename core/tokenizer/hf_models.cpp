// SPDX-License-Identifier: GPL-3.0-or-later
// Models of tokenizer.json.
#include <algorithm>

#include <fmt/format.h>

#include "core/tokenizer/bpe_model.h"
#include "core/tokenizer/byte_alphabet.h"
#include "core/tokenizer/hf_components.h"
#include "core/tokenizer/unigram_model.h"
#include "core/tokenizer/utf8.h"
#include "core/tokenizer/word_models.h"

namespace halftone::tokenization {
namespace {

constexpr size_t kMaxWordCharacters = 10'000;

tl::unexpected<Error> badModel(std::string_view what) {
    return makeError(ErrorCode::kInvalidData, fmt::format("The model in tokenizer.json {}.", what));
}

// Files from before the type was written.
std::string inferType(const Json& model) {
    if (arrayField(model, "merges")) return "BPE";
    if (arrayField(model, "vocab")) return "Unigram";
    if (field(model, "max_input_chars_per_word")) return "WordPiece";
    return "WordLevel";
}

TokenType modelTokenType(const Json& model, std::string_view text) {
    return boolField(model, "byte_fallback", false) && byteOfByteToken(text) ? TokenType::kByte : TokenType::kNormal;
}

Status readVocabularyObject(const Json& model, Vocabulary& vocabulary) {
    const auto entries = objectField(model, "vocab");
    if (!entries) return badModel("has no vocabulary");
    for (const auto& [text, value] : *entries) {
        const auto id = asInteger(value);
        if (!id)
            return badModel(fmt::format("gives the token \"{}\" an id that is not a whole number", clipText(text)));
        HT_TRY(vocabulary.set(*id, {std::string(text), 0.0F, modelTokenType(model, text)}));
    }
    return {};
}

Status readScoredVocabulary(const Json& model, Vocabulary& vocabulary) {
    const auto entries = arrayField(model, "vocab");
    if (!entries) return badModel("has no vocabulary");
    int64_t id = 0;
    for (const Json entry : *entries) {
        simdjson::dom::array pair;
        if (entry.get(pair) != simdjson::SUCCESS || pair.size() != 2)
            return badModel("has a vocabulary entry that is no pair");
        const auto text = asString(pair.at(0).value());
        const auto score = asNumber(pair.at(1).value());
        if (!text || !score) return badModel("has a vocabulary entry that is not a text and a score");
        HT_TRY(vocabulary.set(id++, {std::string(*text), static_cast<float>(*score), modelTokenType(model, *text)}));
    }
    return {};
}

Result<BpeModel::TextPair> readMerge(const Json& merge) {
    simdjson::dom::array pair;
    if (merge.get(pair) == simdjson::SUCCESS && pair.size() == 2) {
        const auto left = asString(pair.at(0).value());
        const auto right = asString(pair.at(1).value());
        if (left && right) return BpeModel::TextPair{*left, *right};
    }
    const auto text = asString(merge);
    const size_t space = text && !text->empty() ? text->find(' ', 1) : std::string_view::npos;
    if (space == std::string_view::npos) return badModel("has a merge that is not two tokens");
    return BpeModel::TextPair{text->substr(0, space), text->substr(space + 1)};
}

Result<std::unique_ptr<TokenModel>> makeBpe(const Json& model, const HfModelReading& reading,
                                            const Vocabulary& vocabulary) {
    BpeOptions options;
    options.unknown = {reading.unknownId.value_or(-1), boolField(model, "byte_fallback", false),
                       boolField(model, "fuse_unk", false)};
    options.ignoreMerges = boolField(model, "ignore_merges", false);
    options.continuingPrefix = stringField(model, "continuing_subword_prefix").value_or("");
    options.endOfWordSuffix = stringField(model, "end_of_word_suffix").value_or("");
    const auto list = arrayField(model, "merges");
    if (!list) return badModel("has no list of merges");
    std::vector<BpeModel::TextPair> merges;
    for (const Json merge : *list) {
        HT_ASSIGN_OR_RETURN(const BpeModel::TextPair pair, readMerge(merge));
        merges.push_back(pair);
    }
    HT_ASSIGN_OR_RETURN(auto result,
                        BpeModel::fromMerges(vocabulary, merges, std::move(options), BpeModel::MissingToken::kRefuse));
    return std::unique_ptr<TokenModel>(std::move(result));
}

Result<std::unique_ptr<TokenModel>> makeWordPiece(const Json& model, const HfModelReading& reading,
                                                  const Vocabulary& vocabulary) {
    WordPieceOptions options;
    options.unknown = reading.unknownId.value_or(-1);
    options.continuingPrefix = stringField(model, "continuing_subword_prefix").value_or("##");
    const int64_t longest = integerField(model, "max_input_chars_per_word").value_or(100);
    if (longest < 0) return badModel("allows words of a negative length");
    options.maxWordCharacters = std::min(static_cast<size_t>(longest), kMaxWordCharacters);
    return std::make_unique<WordPieceModel>(vocabulary, std::move(options));
}

}  // namespace

Result<HfModelReading> readModelVocabulary(const Json& model, Vocabulary& vocabulary) {
    HfModelReading reading;
    reading.type = typeOf(model);
    if (reading.type.empty()) reading.type = inferType(model);
    if (reading.type == "Unigram") {
        HT_TRY(readScoredVocabulary(model, vocabulary));
        const auto unknown = integerField(model, "unk_id");
        if (unknown && !vocabulary.contains(*unknown)) return badModel("names an unknown token outside its vocabulary");
        if (unknown) reading.unknownText = vocabulary.at(static_cast<TokenId>(*unknown)).text;
        return reading;
    }
    if (reading.type != "BPE" && reading.type != "WordPiece" && reading.type != "WordLevel") {
        return makeError(
            ErrorCode::kUnsupported,
            fmt::format("The tokenizer uses the model \"{}\", which Halftone does not have.", clipText(reading.type)));
    }
    HT_TRY(readVocabularyObject(model, vocabulary));
    const std::string_view fallback = reading.type == "BPE" ? "" : "[UNK]";
    reading.unknownText = stringField(model, "unk_token").value_or(fallback);
    return reading;
}

Result<std::unique_ptr<TokenModel>> makeModel(const Json& model, const HfModelReading& reading,
                                              const Vocabulary& vocabulary) {
    if (reading.type == "BPE") return makeBpe(model, reading, vocabulary);
    if (reading.type == "WordPiece") return makeWordPiece(model, reading, vocabulary);
    const TokenId unknown = reading.unknownId.value_or(-1);
    if (reading.type == "WordLevel") return std::make_unique<WordLevelModel>(vocabulary, unknown);
    return std::make_unique<UnigramModel>(vocabulary,
                                          UnknownPolicy{unknown, boolField(model, "byte_fallback", false), true});
}

}  // namespace halftone::tokenization
