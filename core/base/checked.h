// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>

namespace halftone {

/// 64-bit arithmetic for numbers that come from files: nullopt instead of wrapping around.
[[nodiscard]] constexpr std::optional<uint64_t> checkedAdd(uint64_t a, uint64_t b) {
    if (a > std::numeric_limits<uint64_t>::max() - b) return std::nullopt;
    return a + b;
}

[[nodiscard]] constexpr std::optional<uint64_t> checkedMul(uint64_t a, uint64_t b) {
    if (a != 0 && b > std::numeric_limits<uint64_t>::max() / a) return std::nullopt;
    return a * b;
}

/// Product of all dimensions as a positive int64, or nullopt where it would overflow or a dimension is negative.
[[nodiscard]] constexpr std::optional<int64_t> checkedElementCount(std::span<const int64_t> shape) {
    uint64_t count = 1;
    for (int64_t dim : shape) {
        if (dim < 0) return std::nullopt;
        const auto next = checkedMul(count, static_cast<uint64_t>(dim));
        if (!next || *next > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) return std::nullopt;
        count = *next;
    }
    return static_cast<int64_t>(count);
}

[[nodiscard]] constexpr int64_t ceilDiv(int64_t value, int64_t divisor) { return (value + divisor - 1) / divisor; }
[[nodiscard]] constexpr int64_t roundUp(int64_t value, int64_t multiple) { return ceilDiv(value, multiple) * multiple; }

}  // namespace halftone
