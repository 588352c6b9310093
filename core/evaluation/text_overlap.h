// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "core/tokenizer/tokenizer.h"

namespace halftone {

/// How much of one model's texts is in another's, over any number of pairs. Units are the model's tokens: they need no
/// rules about where a word ends, which differ from language to language, and both texts have the same. Figures are
/// therefore not those of scripts that split into words.
///
/// BLEU (Papineni and others 2002) of the whole collection: geometric mean of the clipped precisions of 1 to 4 tokens
/// in a row, times the brevity penalty. Orders that no text is long enough for are left out; an order without a match
/// counts as half a match, the next such order as a quarter, and so on (Chen and Cherry 2014, method 3).
/// ROUGE-L (Lin 2004): F1 of the longest common subsequence, mean over the pairs.
class TextOverlap {
  public:
    /// Takes time and memory of the product, and of one line, of both lengths.
    void add(std::span<const TokenId> reference, std::span<const TokenId> candidate);

    [[nodiscard]] int64_t pairs() const { return m_pairs; }
    /// 0 to 1; 0 without any text.
    [[nodiscard]] double bleu() const;
    [[nodiscard]] double rougeL() const;

  private:
    static constexpr size_t kOrders = 4;
    std::array<int64_t, kOrders> m_matches{}, m_totals{};
    int64_t m_referenceTokens = 0, m_candidateTokens = 0, m_pairs = 0;
    double m_rougeSum = 0;
};

}  // namespace halftone
