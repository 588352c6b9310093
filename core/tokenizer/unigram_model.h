// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/tokenizer/byte_trie.h"
#include "core/tokenizer/token_model.h"
#include "core/tokenizer/vocabulary.h"

namespace halftone::tokenization {

/// The segmentation with the largest sum of log-probabilities (Kudo 2018), by Viterbi's algorithm in double precision;
/// of equal sums the one found first. A character that is no token counts as unknown with the smallest score minus 10.
class UnigramModel final : public TokenModel {
  public:
    UnigramModel(const Vocabulary& vocabulary, const UnknownPolicy& unknown);
    void tokenize(std::string_view piece, std::vector<TokenId>& out) const override;
    /// Whether characters that are no token are spelled by tokens for single bytes.
    [[nodiscard]] bool spellsBytes() const { return m_unknown.byteFallback && m_vocabulary.hasAllByteTokens(); }

  private:
    struct Best {
        double score = 0.0;
        uint32_t from = 0;
        TokenId id = -1;  // -1: unknown character
        bool reached = false;
    };
    void extendFrom(std::string_view piece, size_t position, std::vector<Best>& best) const;

    const Vocabulary& m_vocabulary;
    UnknownPolicy m_unknown;
    ByteTrie m_trie;
    double m_unknownScore = -10.0;
};

}  // namespace halftone::tokenization
