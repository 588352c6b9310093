// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/base/job_context.h"

namespace halftone {

/// A symmetric positive definite matrix that is being taken apart: row-major n x n, F64.
struct SquareMatrix {
    int64_t size = 0;
    std::vector<double> values;
    [[nodiscard]] double& at(int64_t row, int64_t col) { return values[static_cast<size_t>(row * size + col)]; }
    [[nodiscard]] double at(int64_t row, int64_t col) const { return values[static_cast<size_t>(row * size + col)]; }
};

/// Replaces A by its lower Cholesky factor (A = L L^T); reads the lower triangle, zeroes the upper. Blocked, on all
/// threads, same result for any number of them. kInvalidData where A is not positive definite; A is spoilt then.
Status factorCholesky(SquareMatrix& matrix, const JobContext& context);

/// Replaces a lower triangular matrix by its inverse. Precondition: no zero on the diagonal.
Status invertLower(SquareMatrix& matrix, const JobContext& context);

}  // namespace halftone
