// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/base/job_context.h"
#include "core/checkpoint/checkpoint.h"
#include "core/evaluation/sensitivity.h"
#include "core/quant/methods/calibration.h"
#include "core/recipe/allocation.h"
#include "core/recipe/recipe.h"

namespace halftone {

/// What allocation starts from.
struct AllocationRequest {
    std::shared_ptr<const Checkpoint> checkpoint;
    std::span<const TensorSensitivity> sensitivities;  ///< of all tensors that the model computes with
    const ResolvedRecipe& probed;                      ///< the formats in which the sensitivities were measured
    std::vector<Format> formats;                       ///< to choose from
    std::shared_ptr<const Calibration> calibration;    ///< null: none
};

/// Every tensor with what each format would cost and do to it. The harm of a format is measured for one format alone
/// and scaled to the others by the squared error of the weights: to second order the divergence is quadratic in the
/// change of one tensor. Matrices that the model does not compute with have no harm. Progress in tensors.
/// kInvalidArgument if there is no format to choose from.
Result<std::vector<AllocationTensor>> allocationTable(const AllocationRequest& request, const JobContext& context);

struct AllocatedRecipe {
    Recipe recipe;
    RecipeTotals totals;
    double predictedKld = 0;  ///< nats per token, if harms add up; at three bits and less they hardly do
};

/// The best recipe whose tensors take at most `budgetBytes` in all, norms and the like included. kInvalidArgument if
/// the smallest formats exceed that; the message says what they come to.
Result<AllocatedRecipe> allocateRecipe(const Checkpoint& checkpoint, std::span<const AllocationTensor> table,
                                       int64_t budgetBytes);

/// The GGUF types that runtimes are fast with, from Q2_K to Q8_0.
[[nodiscard]] std::vector<Format> usualAllocationFormats();

}  // namespace halftone
