// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <vector>

#include "core/base/job_context.h"
#include "core/quant/transforms/rotation.h"
#include "core/tensor/row_source.h"

namespace halftone {

/// What becomes of a matrix W (rows x columns) when what enters and leaves it is rotated: L^T W diag(scale) R. A
/// rotation smaller than the side it is applied to works on consecutive pieces of it (heads). Null or empty: nothing.
struct MatrixRotation {
    std::vector<float> columnScale;  ///< folded in first: the weights of the norm before
    std::shared_ptr<const Rotation> right;
    std::shared_ptr<const Rotation> left;
    [[nodiscard]] bool isIdentity() const { return columnScale.empty() && !right && !left; }
};

/// The rotated matrix. Without a left side rows are made as they are read; with one the whole matrix is made here, on
/// all threads, and held as F32. kInvalidArgument where the sizes do not fit.
Result<std::shared_ptr<const RowSource>> rotatedRows(std::shared_ptr<const RowSource> source,
                                                     const MatrixRotation& rotation, const JobContext& context);

/// L^T b for a bias of the layer: `values` in place.
Status rotateVector(std::span<float> values, const Rotation& left);

}  // namespace halftone
