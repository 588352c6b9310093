// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/quant/formats/format.h"

namespace halftone {

/// Which elements of a row go. Source of the scores: the reference page on algorithms, section 11. Elements are
/// compared within their row (N:M: within their neighbours), so that rows stay independent of each other: Wanda's rule,
/// kept for magnitudes too, which the literature usually compares across the whole layer.

/// Sets `dropped[i]` to 1 for the `count` elements of least score, the first of equals first, and to 0 for the others.
/// `order` is scratch. Precondition: dropped.size() == scores.size() >= count.
void dropLeast(std::span<const float> scores, int64_t count, std::vector<int32_t>& order, std::span<uint8_t> dropped);

/// Zeroes what a pattern drops: the least |w| or, with a weight per column, the least |w| * weight (Wanda, arXiv
/// 2306.11695: the norm of the channel's inputs). Immutable; any number of threads.
class RowPruner {
  public:
    /// `columnWeights`: finite, not negative, one per column; empty: all alike.
    RowPruner(const Sparsity& sparsity, std::span<const float> columnWeights)
        : m_sparsity(sparsity), m_columnWeights(columnWeights) {}
    /// Whole rows of `cols` finite values.
    void apply(std::span<float> values, int64_t cols) const;

  private:
    Sparsity m_sparsity;
    std::span<const float> m_columnWeights;
};

}  // namespace halftone
