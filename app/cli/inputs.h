// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "app/cli/device.h"
#include "app/cli/options.h"
#include "core/base/job_context.h"
#include "core/evaluation/evaluate.h"
#include "core/pipeline/calibrate.h"
#include "core/pipeline/loaded_model.h"
#include "core/pipeline/recipe_weights.h"

namespace halftone::cli {

/// The words between commas.
std::vector<std::string> splitList(const std::string& list);
/// --protocol with --ctx; an unknown one is a usage error.
Result<Protocol> parseProtocol(const EvaluateOptions& options);
/// The recipe that --format, --mix or --recipe names; a recipe that keeps everything where none is given. Some mixes
/// give other types where a calibration will be used (`choice.calibration`).
Result<Recipe> loadRecipe(const FormatChoice& choice, const Checkpoint& checkpoint);

/// The recipe applied to a checkpoint. Its errors stop the verb; the rest stays in `problems`.
Result<ResolvedRecipe> resolveRecipe(const Recipe& recipe, const Checkpoint& checkpoint);

/// What --cache and --activations name, for this model; static rounding still lacks its scales. A usage error for words
/// that are none and for int8-static without --calibration; kInvalidArgument for what the model cannot have.
Result<RunFormat> parseRunFormat(const RunChoice& choice, const FormatChoice& format, const ModelConfig& config);

/// A text file. kInvalidArgument with the name where it is empty.
Result<std::string> readText(const std::string& path);

/// A model bound to a device with the weights of a recipe.
struct RunningModel {
    LoadedModel model;
    ResolvedRecipe recipe;
    ModelWeights weights{};                                   ///< as the recipe makes them
    std::map<std::string, std::vector<float>> inputScales{};  ///< RecipeWeights::Applied
    std::unique_ptr<Executable> executable;
};

/// `format` with the scales that static rounding takes from a calibration, where it asks for it.
Result<RunFormat> completeRunFormat(RunFormat format, const ModelGraph& graph, const Calibration* calibration,
                                    const std::map<std::string, std::vector<float>>& inputScales);

/// Quantizes what the recipe changes and compiles.
Result<RunningModel> prepareModel(const LoadedModel& model, const Recipe& recipe, Backend& backend,
                                  const JobContext& context);
/// The same with a calibration for the recipe's methods; may be null.
Result<RunningModel> prepareModel(const LoadedModel& model, const Recipe& recipe,
                                  std::shared_ptr<const Calibration> calibration, Backend& backend,
                                  const JobContext& context);

struct CalibrationInput {
    std::string path{};        ///< a text or a saved calibration; empty: none
    bool withHessians = true;  ///< of a text
};
/// A saved calibration, or one collected from a text on the device; null for an empty path. Only a text opens it.
Result<std::shared_ptr<const Calibration>> obtainCalibration(const CalibrationInput& input, const LoadedModel& model,
                                                             DeviceOnDemand& device, const JobContext& context);
/// The same on a device that is open.
Result<std::shared_ptr<const Calibration>> obtainCalibration(const CalibrationInput& input, const LoadedModel& model,
                                                             Backend& backend, const JobContext& context);

/// Window length for calibration: 512, or what the model has.
int64_t calibrationContext(const ModelConfig& config);

}  // namespace halftone::cli
