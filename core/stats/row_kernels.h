// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace halftone {

/// The inner loops of the pass over a matrix: one look at each value, with one counter increment, while vectors take
/// the rest. The increment is a store and the processor does one store a cycle, so the vector work is nearly free. The
/// best instruction set is chosen at run time; sums are taken in binary64 and their last bits may differ between
/// instruction sets, never between runs. Values may start at any address. Internal to this room; pure but for the
/// outputs; any thread.

/// Values of one call at most: what the sums below keep their precision for.
inline constexpr size_t kLongestRun = 4096;

/// 65,536 counters, each in two parts: when the lower one wraps to 0, the upper one is incremented.
struct PatternCounters {
    uint16_t* low = nullptr;
    uint32_t* wraps = nullptr;
};

/// What a run of binary32 values of one row tells.
struct FloatRun {
    uint32_t largestMagnitude = 0;  ///< bits of |x| over all values; from kFirstNonFinite on if one is not finite
    uint32_t largestFinite = 0;     ///< bits of the largest finite |x|
    uint32_t zeroCount = 0;
    float min = 0, max = 0;        ///< these and the sums mean nothing where a value is not finite
    std::array<double, 4> sums{};  ///< of (x - center) to the powers 1 to 4
};

/// Where a run leaves its traces besides its result.
struct FloatRunTarget {
    double center = 0;              ///< something near the values
    float* columnAbsMax = nullptr;  ///< running max|x| of each column; values that are not finite count as 0
    PatternCounters counts;         ///< of the values' leading halves
};
FloatRun examineFloats(std::span<const std::byte> values, const FloatRunTarget& target);

/// The same for 16-bit patterns of sign and magnitude: everything but the maxima follows from the counts.
struct HalfRunTarget {
    uint16_t firstNonFinite = 0;    ///< magnitudes from here on are not finite
    uint16_t* columnMax = nullptr;  ///< running largest finite magnitude of each column
    PatternCounters counts;
};
/// The largest finite magnitude of the run.
uint16_t examineHalves(std::span<const std::byte> values, const HalfRunTarget& target);

}  // namespace halftone
