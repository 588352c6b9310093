// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <vector>

#include "app/cli/options.h"
#include "core/evaluation/sensitivity.h"
#include "core/inference/backend.h"
#include "core/pipeline/loaded_model.h"
#include "core/quant/methods/calibration.h"
#include "core/recipe/recipe.h"

namespace halftone::cli {

/// Which tensors to try alone, and on what.
struct TrialRequest {
    const SensitivityOptions& options;  ///< text, protocol, tensors, precision
    const LoadedModel& model;
    const ResolvedRecipe& recipe;
    std::shared_ptr<const Calibration> calibration;  ///< null: none
};

/// What each tensor that the recipe changes costs alone, in the checkpoint's order. kNotFound if there is none.
Result<std::vector<TensorSensitivity>> tryTensors(const TrialRequest& request, Backend& backend,
                                                  const JobContext& context);

}  // namespace halftone::cli
