// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

namespace halftone {

/// The three roundings of the block encoders, defined for every input (NaN and out-of-range values too), so that the
/// vectorized encoders can give the same bytes without a special case. Source: the reference page on ggml blocks,
/// section 1.

/// Nearest integer, ties to even, limited to [low, high], both of magnitude < 2^22. Adding 1.5 * 2^23 leaves the
/// integer in the low mantissa bits; the bits of larger or smaller sums order like the sums, so they can be limited as
/// integers.
[[nodiscard]] inline int roundToCode(float value, int low, int high) {
    constexpr int kBias = 0x4B400000;  // bits of 1.5 * 2^23
    const int bits = std::bit_cast<int>(value + 12582912.0f);
    if (bits <= kBias + low) return low;
    return bits >= kBias + high ? high : bits - kBias;
}

/// Limits to [low, high]; NaN becomes `low`.
[[nodiscard]] inline float clampFloat(float value, float low, float high) {
    const float atLeast = value > low ? value : low;
    return atLeast < high ? atLeast : high;
}

/// Toward zero, limited to -512..511: more than any code of a block type needs.
[[nodiscard]] inline int truncateToCode(float value) {
    return static_cast<int>(clampFloat(value, -512.0f, 511.0f));
}

/// Nearest integer, ties away from zero, limited to -512..511.
[[nodiscard]] inline int roundAwayFromZero(float value) {
    const float limited = clampFloat(value, -512.0f, 511.0f);
    const int whole = static_cast<int>(limited);
    const float rest = limited - static_cast<float>(whole);
    if (rest >= 0.5f) return whole + 1;
    return rest <= -0.5f ? whole - 1 : whole;
}

[[nodiscard]] inline int clampInt(int value, int low, int high) {
    if (value < low) return low;
    return value > high ? high : value;
}

}  // namespace halftone
