// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace halftone {

/// What is done to every value of a tile beside encoding it, vectorized with run-time dispatch; the same results on
/// every instruction set. Pure; any thread.

/// Sums over pairs of an original value x and a quantized one y, in eight interleaved binary64 sums.
inline constexpr size_t kErrorLanes = 8;
struct ErrorSums {
    alignas(64) std::array<double, kErrorLanes> errors{};    ///< (x - y)^2
    alignas(64) std::array<double, kErrorLanes> squares{};   ///< x^2
    alignas(64) std::array<double, kErrorLanes> products{};  ///< x y
    alignas(64) std::array<double, kErrorLanes> quantizedSquares{};
    alignas(64) std::array<double, kErrorLanes> largest{};  ///< |x - y|
};
/// Spans of equal length.
[[nodiscard]] ErrorSums sumErrors(std::span<const float> original, std::span<const float> quantized);

/// Values that are NaN or infinite.
[[nodiscard]] int64_t countNonFinite(std::span<const float> values);

}  // namespace halftone
