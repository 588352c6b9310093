// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "core/base/job_context.h"
#include "core/quant/methods/calibration.h"
#include "core/quant/methods/row_encoder.h"

namespace halftone {

/// GPTQ (arXiv 2210.17323). Source of the steps: the reference page on algorithms, section 3.
///
/// For y = W x with second moments H of x, columns are rounded one after another; the error of column i, divided by
/// U_ii, is taken off the columns after it along row i of U, where U^T U = (H + damping)^-1 and U is upper triangular.
/// Rows are independent given U, so a tile of rows is one piece of work. Channels that were never active keep their
/// nearest value. A group's scale is fitted when its first column comes up, to the values as compensated by then.
/// Act-order takes active columns first inside each group, and active groups before others (group-aware reordering,
/// arXiv 2505.14638), so that groups stay whole. With static groups all scales are fitted to the original values
/// beforehand, and act-order sorts columns regardless of groups.
///
/// With a pattern it is SparseGPT (arXiv 2301.00774, section 11 of the page): elements with the least w^2 / U_ii^2 are
/// rounded to zero, so that their error spreads like any other. N:M: neighbours stay together in the order of rounding
/// and are compared when their turn comes. Unstructured: elements of 128 columns of a row at a time, so that rows stay
/// independent (the paper compares all rows of such a block). Groups are fitted to what stays of them.
struct GptqSettings {
    double damping = 0.01;  ///< share of the mean diagonal
    bool actOrder = true;
    bool staticGroups = false;
    bool searchRanges = true;  ///< integer family: ranges of least squared error instead of the extremes
    int64_t groupColumns = 0;  ///< columns that are fitted together, from gptqGroupColumns(); 0: all
    Sparsity sparsity{};
    int refinePasses = 0;  ///< over the codes afterwards, by coordinate descent (gptq_refine.h)
    bool operator==(const GptqSettings&) const = default;
};

/// Columns of a format that GPTQ fits together: a group, or a block of a block type.
int64_t gptqGroupColumns(const PackedLayout& layout);

/// The inverse factor, ready for use: shared by the tensors that read the same input.
struct GptqFactor {
    int64_t channels = 0;
    std::vector<int32_t> order;   ///< order[position] = column
    std::vector<float> upper;     ///< U, row-major, in the order of rounding
    std::vector<float> diagonal;  ///< of H / tokens, by column: weights for fitting scales
    Hessian hessian;              ///< as it was collected; shares its memory
    float added = 0;              ///< by damping to each element of its diagonal
    double dampingUsed = 0;       ///< larger than asked for where the Hessian was not positive definite without
    int64_t deadChannels = 0;
};

/// Damps and factors. The damping grows by 0.01 until the factorization succeeds (kInvalidData after 100 attempts).
/// kInvalidArgument for a Hessian of no tokens. Memory: one F64 and one F32 matrix of the Hessian's size.
Result<std::shared_ptr<const GptqFactor>> factorHessian(const Hessian& hessian, const GptqSettings& settings,
                                                        const JobContext& context);

/// Preconditions: methodObstacle(kGptq, layout.format) is empty; the factor is of layout.cols channels.
std::shared_ptr<const RowEncoder> createGptqEncoder(const PackedLayout& layout, const GptqSettings& settings,
                                                    std::shared_ptr<const GptqFactor> factor);

}  // namespace halftone
