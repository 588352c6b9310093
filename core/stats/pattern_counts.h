// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/stats/row_kernels.h"
#include "core/stats/tensor_stats.h"

namespace halftone {

inline constexpr size_t kPatternCount = 65536;
inline constexpr uint16_t kFirstNonFiniteHalf = 0x7C00;
inline constexpr uint16_t kFirstNonFiniteBfloat = 0x7F80;  // of leading halves of binary32 values too

/// Counters of 16-bit patterns: the values of a 16-bit float type, or the leading halves of binary32 values. Each is
/// split, so that those of the patterns that occur stay in the first-level cache; together they hold 48 bits. One
/// object is filled by one thread at a time; sums of several do not depend on who counted what. Internal to this room.
class PatternCounts {
  public:
    PatternCounts() : m_low(kPatternCount), m_wraps(kPatternCount) {}
    [[nodiscard]] PatternCounters counters() { return {m_low.data(), m_wraps.data()}; }
    /// Adds everything counted so far to `totals`, kPatternCount entries.
    void addTo(std::span<uint64_t> totals) const;

  private:
    std::vector<uint16_t> m_low;
    std::vector<uint32_t> m_wraps;  // how often the lower part has passed its largest value
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
