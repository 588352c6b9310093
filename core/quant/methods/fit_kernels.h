// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace halftone {

/// Inner loops of the methods that fit scales and zero points of the integer family, vectorized with run-time dispatch.
/// Lanes are spread over candidates or over groups, never over the values of one sum, so that every instruction set
/// gives the same result. Pure; any thread.

/// Grids that are tried for one group, kFitLanes at a time; unused lanes repeat the last candidate.
inline constexpr int64_t kFitLanes = 16;
struct GridCandidates {
    alignas(64) std::array<float, kFitLanes> scale{};
    alignas(64) std::array<float, kFitLanes> zero{};    ///< stored code of 0, a whole number
    alignas(64) std::array<float, kFitLanes> errors{};  ///< result: sum of weight * (decoded - value)^2
};

/// Fills `errors` for a group. `weights` is null (all ones) or holds one weight per value.
void measureGrids(std::span<const float> values, const float* weights, int maxCode, GridCandidates& candidates);

/// The same for grids with a float zero point: value = code * scale + minimum. Besides the errors come the scale and
/// the minimum of least squared error for the codes that a candidate gives (the candidate's own where any would do).
struct FloatZeroCandidates {
    alignas(64) std::array<float, kFitLanes> scale{};
    alignas(64) std::array<float, kFitLanes> minimum{};
    alignas(64) std::array<float, kFitLanes> errors{};       ///< result
    alignas(64) std::array<float, kFitLanes> bestScale{};    ///< result
    alignas(64) std::array<float, kFitLanes> bestMinimum{};  ///< result
};
void measureFloatZeroGrids(std::span<const float> values, const float* weights, int maxCode,
                           FloatZeroCandidates& candidates);

struct HqqSettings {
    float norm = 0.7f;
    float beta = 10.0f;
    int iterations = 20;
    int scales = 10;  ///< ranges that are tried; the method as published has one
};

/// Half-quadratic search of the zero points of kFitLanes groups of `size` values; value i of group g lies at
/// values[i * kFitLanes + g]. Source: the reference page on algorithms, section 2; errors are counted in steps of the
/// grid instead of in the weights' own unit, in which the shrinkage would swallow all of them.
/// `zero`: in, the zero points to begin with; out, the best ones, not rounded. Groups of scale 0 are left alone.
struct HqqGroups {
    const float* values = nullptr;
    int64_t size = 0;
    int maxCode = 0;
    alignas(64) std::array<float, kFitLanes> scale{};
    alignas(64) std::array<float, kFitLanes> zero{};
    alignas(64) std::array<float, kFitLanes> minimum{};  ///< read where the zero point is a float
    bool floatZero = false;
};
void searchZeroPoints(HqqGroups& groups, const HqqSettings& settings);

/// Sum of (decoded - value)^2 of each group with the scales and the (whole) zero points, or the minima, given.
std::array<float, kFitLanes> squaredErrors(const HqqGroups& groups);

}  // namespace halftone
