// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>

#include "core/base/job_context.h"
#include "core/quant/formats/packed_tensor.h"
#include "core/quant/methods/calibration.h"
#include "core/tensor/row_source.h"

namespace halftone {

/// What an error of weights weighs: the second moments of the layer's inputs, or their diagonal, or nothing.
struct ErrorMetric {
    const Hessian* hessian = nullptr;
    std::span<const float> importance;  ///< mean square per channel, where there is no Hessian; empty: ones
};

/// A rows x rank and B rank x cols, F16.
struct LowRankFactors {
    PackedTensor left, right;
};

/// The rank that a correction of a rows x cols matrix has where `rank` is asked for: no more than the shorter side.
[[nodiscard]] int64_t usableRank(int64_t rank, int64_t rows, int64_t cols);

/// The product A B of rank r that is nearest to the error E of a packed matrix: the least tr((E - A B) H (E - A B)^T).
/// With the diagonal alone this is LQER's objective (arXiv 2402.02446), with all of H EoRA's (arXiv 2410.21271),
/// without either the truncated singular value decomposition. Source: the reference page on algorithms, section 10.
///
/// A spans the r leading eigenvectors of E H E^T and B = A^T E: a projection, which makes the error larger in no
/// metric; H is neither factored nor inverted, so that it need not be positive definite. The eigenvectors are found by
/// subspace iteration on seeded random vectors (Halko, Martinsson and Tropp 2011); products in binary32, everything of
/// the subspace's size in binary64. Same bytes on any number of threads.
///
/// E is read in tiles 2 * kSubspaceRounds + 3 times; memory: a few matrices of (rows or cols) x (rank + 16). A channel
/// that never was active has no weight. kInvalidArgument where the metric has another number of channels.
Result<LowRankFactors> fitLowRank(const RowSource& error, int64_t rank, const ErrorMetric& metric,
                                  const JobContext& context);

inline constexpr int kSubspaceRounds = 2;

}  // namespace halftone
