// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "core/quant/formats/level_family.h"
#include "core/quant/formats/packed_layout.h"

namespace halftone {

/// Codec of formats whose levels are learned: k-means in one dimension. Layout: packed_layout.h.
/// docs/formats/codebook_family.md. Source: the reference page on algorithms, section 8 (weighted k-means of
/// SqueezeLLM; found by dynamic programming instead of from random starts).

inline constexpr size_t kMostCodebookLevels = 16;

/// Levels of a row as a table with scale 1. Ties between two levels go to the lower one.
class LearnedTable {
  public:
    /// `levels`: 2^bits values, ascending (of any order where they come from a damaged file).
    LearnedTable(int bits, std::span<const float> levels);
    LearnedTable(const LearnedTable&) = delete;
    LearnedTable& operator=(const LearnedTable&) = delete;
    [[nodiscard]] const LevelTableInfo& info() const { return m_info; }

  private:
    std::array<float, kMostCodebookLevels> m_levels{};
    std::array<float, kMostCodebookLevels> m_thresholds{};
    LevelTableInfo m_info;
};

/// `count` (at most 16) F16 levels of least squared error for `values`, weighted by `weights` (empty: all ones),
/// ascending; fewer distinct values repeat the last level. Deterministic: the best partition whose borders lie between
/// candidates (all values where there are at most 256; else 64 steps of equal count and 64 of equal width) by dynamic
/// programming, then Lloyd's steps on all values until nothing moves, 50 at most. O(n log n).
std::vector<float> learnLevels(std::span<const float> values, std::span<const float> weights, int count);

/// The levels stored with a packed row.
std::vector<float> loadCodebook(const PackedLayout& layout, const uint8_t* row);

/// Writes codes (one byte each) and the levels as a packed row.
void packCodebookRow(const PackedLayout& layout, std::span<const uint8_t> codes, std::span<const float> levels,
                     uint8_t* row);

}  // namespace halftone
