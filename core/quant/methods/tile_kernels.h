// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace halftone {

/// What is done to every value of a tile beside encoding it, vectorized with run-time dispatch; the same results on
/// every instruction set. Pure; any thread.

/// Sums over pairs of an original value x and a quantized one y, in interleaved binary64 sums: value i belongs to lane
/// i % kErrorLanes. A whole run of values is summed up in binary32 first where its magnitudes allow it: no square can
/// overflow, and none that counts is lost. That leaves seven digits of every run, more of the whole.
inline constexpr size_t kErrorLanes = 16;
inline constexpr size_t kErrorRun = 8 * kErrorLanes;
inline constexpr float kLeastRunMaximum = 0x1p-40f, kMostRunMaximum = 0x1p60f;  ///< of |x| and |y|, or all are 0
struct ErrorSums {
    alignas(64) std::array<double, kErrorLanes> errors{};   ///< (x - y)^2
    alignas(64) std::array<double, kErrorLanes> squares{};  ///< x^2
    alignas(64) std::array<double, kErrorLanes> quantizedSquares{};
    float largest = 0;  ///< |x - y|
};
/// Spans of equal length.
[[nodiscard]] ErrorSums sumErrors(std::span<const float> original, std::span<const float> quantized);

/// Values that are NaN or infinite.
[[nodiscard]] int64_t countNonFinite(std::span<const float> values);

}  // namespace halftone
