// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/tokenizer/added_tokens.h"
#include "core/tokenizer/normalizer.h"
#include "core/tokenizer/piece_cache.h"
#include "core/tokenizer/pre_tokenizer.h"
#include "core/tokenizer/special_tokens.h"
#include "core/tokenizer/token_decoder.h"
#include "core/tokenizer/token_model.h"
#include "core/tokenizer/tokenizer.h"
#include "core/tokenizer/vocabulary.h"

namespace halftone::tokenization {

class BpeModel;

/// Kinds of GGUF vocabulary that a tokenizer can be written as.
enum class GgufForm {
    kNone,          ///< there is no kind that gives the same tokens; `refusal` says why
    kOriginal,      ///< it came from a GGUF: its keys are copied
    kByteLevelBpe,  ///< "gpt2"
    kScoredBpe,     ///< "llama"
    kMergedBpe,     ///< "gemma4": merges over UTF-8 with marked spaces
    kUnigram,       ///< "t5"
    kWordPiece,     ///< "bert"
};

struct GgufPlan {
    GgufForm form = GgufForm::kNone;
    std::string refusal;
    std::vector<std::string> differences;  ///< what runtimes will do otherwise; one sentence each
    GgufMetadata original;
    std::string pre = "default";
    const BpeModel* bpe = nullptr;   ///< owned by TokenizerParts::model
    bool spellBytes = false;         ///< kByteLevelBpe: the vocabulary is not in the byte-level alphabet yet
    bool unknownIsOrdinary = false;  ///< kUnigram: the character map writes the unknown token's text into texts
    bool addSpacePrefix = false;
    bool removeExtraSpaces = false;
    bool lowercase = true;
    bool stripAccents = true;
    std::string continuingPrefix;  ///< kWordPiece: how the vocabulary marks tokens inside words
    std::string charsmap;
    /// Name and text; the default template has the name "".
    std::vector<std::pair<std::string, std::string>> chatTemplates;
};

/// Everything a tokenizer consists of, as readers put it together.
struct TokenizerParts {
    std::unique_ptr<Vocabulary> vocabulary;  ///< pointer: model and index refer to it
    AddedTokenFinder rawTokens;
    AddedTokenFinder normalizedTokens;
    std::unique_ptr<Normalizer> normalizer;      ///< null: none
    std::unique_ptr<PreTokenizer> preTokenizer;  ///< null: none
    std::unique_ptr<TokenModel> model;
    TokenDecoder decoder;
    bool addedTextIsPlain = false;  ///< added tokens are not in the spelling that the decoder undoes (byte-level)
    std::vector<TokenId> prefix;    ///< with addSpecial
    std::vector<TokenId> suffix;
    SpecialTokens special;
    std::vector<TokenId> endOfGeneration;
    std::string description;
    GgufPlan gguf;
};

/// Added tokens -> normalizer -> pre-tokenizer -> model -> special tokens, as in the Hugging Face library. All sources
/// of tokenizers are expressed by these parts.
class PipelineTokenizer final : public Tokenizer {
  public:
    explicit PipelineTokenizer(TokenizerParts parts) : m_parts(std::move(parts)) {}

    [[nodiscard]] Result<std::vector<TokenId>> encode(std::string_view text,
                                                      const EncodeTextOptions& options) const override;
    [[nodiscard]] std::string decode(std::span<const TokenId> ids, bool withSpecial) const override;
    [[nodiscard]] std::string tokenBytes(TokenId id) const override;
    [[nodiscard]] TextTrim textTrim() const override { return m_parts.decoder.trim(); }
    [[nodiscard]] std::string_view tokenText(TokenId id) const override { return m_parts.vocabulary->text(id); }
    [[nodiscard]] TokenType tokenType(TokenId id) const override;
    [[nodiscard]] int64_t vocabSize() const override { return m_parts.vocabulary->size(); }
    [[nodiscard]] std::optional<TokenId> bos() const override { return m_parts.special.bos; }
    [[nodiscard]] std::optional<TokenId> eos() const override { return m_parts.special.eos; }
    [[nodiscard]] bool addsBos() const override;
    [[nodiscard]] std::span<const TokenId> endOfGeneration() const override { return m_parts.endOfGeneration; }
    [[nodiscard]] std::string description() const override { return m_parts.description; }
    [[nodiscard]] Result<GgufMetadata> ggufMetadata(int64_t modelVocabSize) const override;
    [[nodiscard]] std::vector<std::string> ggufDifferences() const override { return m_parts.gguf.differences; }

  private:
    Status encodeSegment(std::string_view text, const SegmentPlace& place, bool parseSpecial,
                         std::vector<TokenId>& out) const;
    Status encodeNormalized(std::string_view text, const SegmentPlace& place, std::vector<TokenId>& out) const;
    [[nodiscard]] std::string spelledBytes(TokenId id) const;

    TokenizerParts m_parts;
    mutable PieceCache m_cache;
};

}  // namespace halftone::tokenization
