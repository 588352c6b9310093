// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "app/session/evaluation_service.h"
#include "core/evaluation/sensitivity.h"

namespace halftone::app {

/// What a job takes along that tries tensors alone. Made on the GUI thread.
struct TensorTrials {
    EvaluationOptions measurement;
    EngineRequest engineRequest;
    WeightsRequest weights;  ///< the recipe in whose formats they are tried
    std::shared_ptr<Engine> engine;
    std::vector<std::string> tensors;  ///< canonical names
};

/// The tensors that the recipe changes and that the model computes with, in the recipe's order.
[[nodiscard]] std::vector<std::string> changedTensors(const ResolvedRecipe& recipe, const ModelGraph& graph);

/// Runs the trials on the engine's evaluation session, which the original becomes the weights in work of; makes its
/// reference first if there is none. Compute lane only.
Result<std::vector<TensorSensitivity>> runTrials(TensorTrials& trials, const SensitivityObserver& observer,
                                                 const Engine::LostHandler& lost, const JobContext& context);

}  // namespace halftone::app
