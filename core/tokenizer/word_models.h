// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

#include "core/tokenizer/token_model.h"
#include "core/tokenizer/vocabulary.h"

namespace halftone::tokenization {

struct WordPieceOptions {
    TokenId unknown = -1;
    std::string startPrefix = {};         ///< how the vocabulary marks tokens that begin a word ("▁" in GGUF files)
    std::string continuingPrefix = "##";  ///< how it marks the others; may be empty
    size_t maxWordCharacters = 100;
};

/// BERT's WordPiece: the longest token that begins the word, then the longest that continues it, and so on; a word that
/// cannot be covered is unknown as a whole.
class WordPieceModel final : public TokenModel {
  public:
    WordPieceModel(const Vocabulary& vocabulary, WordPieceOptions options);
    void tokenize(std::string_view piece, std::vector<TokenId>& out) const override;

  private:
    using Index = std::unordered_map<std::string_view, TokenId>;
    [[nodiscard]] TokenId longestPrefix(const Index& index, std::string_view text, size_t& length) const;

    WordPieceOptions m_options;
    Index m_starting;
    Index m_continuing;
    size_t m_longestToken = 0;
};

/// Each piece is one token.
class WordLevelModel final : public TokenModel {
  public:
    WordLevelModel(const Vocabulary& vocabulary, TokenId unknown) : m_vocabulary(vocabulary), m_unknown(unknown) {}
    void tokenize(std::string_view piece, std::vector<TokenId>& out) const override {
        const TokenId id = m_vocabulary.find(piece).value_or(m_unknown);
        if (id >= 0) out.push_back(id);
    }

  private:
    const Vocabulary& m_vocabulary;
    TokenId m_unknown;
};

}  // namespace halftone::tokenization
