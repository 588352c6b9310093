// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/stats/tensor_stats.h"

namespace halftone {

inline constexpr size_t kPatternCount = 65536;
inline constexpr uint16_t kFirstNonFiniteHalf = 0x7C00;
inline constexpr uint16_t kFirstNonFiniteBfloat = 0x7F80;  // of leading halves of binary32 values too

/// Counters of 16-bit patterns: the values of a 16-bit float type, or the leading halves of binary32 values. One of
/// them is filled by one thread at a time; sums of several do not depend on who counted what. Internal to this room.
class PatternCounts {
  public:
    PatternCounts() : m_counts(kPatternCount) {}
    /// The counters, of which each can be incremented `elements` times (fewer than 2^31) without overflow.
    uint32_t* reserve(size_t elements);
    /// Adds everything counted so far to `totals`, kPatternCount entries.
    void addTo(std::span<uint64_t> totals) const;

  private:
    std::vector<uint32_t> m_counts;
    std::vector<uint64_t> m_full;  // what m_counts could no longer hold
    uint64_t m_reserved = 0;
};

/// Fills every figure of `stats` but the channel maxima from the counts of all patterns of a 16-bit float type (kF16 or
/// kBF16). Exact up to the rounding of one binary64 sum over the different values.
void fillFromPatterns(TensorStats& stats, std::span<const uint64_t> counts, DType type);

/// The same for counts of the leading halves of binary32 values, which give the histogram and the number of values that
/// are not finite; the other figures of the finite values come from elsewhere.
struct FiniteFigures {
    Moments moments;
    int64_t zeroCount = 0;
    float min = 0, max = 0;
};
void fillFromLeadingHalves(TensorStats& stats, std::span<const uint64_t> counts, const FiniteFigures& figures);

}  // namespace halftone
