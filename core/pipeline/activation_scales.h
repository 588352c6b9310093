// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/inference/run_format.h"
#include "core/quant/methods/calibration.h"

namespace halftone {

/// Rounding of activations with the scales that a calibration of the original model has seen: for the input of each
/// linear layer inside blocks its largest magnitude / 127, over all channels. `inputScales`
/// (RecipeWeights::Applied): what the recipe's methods divide those inputs by. kInvalidArgument names a layer that the
/// calibration does not know, or says that it does not hold magnitudes (llama.cpp's importance files).
Result<ActivationFormat> staticActivations(const ModelGraph& graph, const Calibration& calibration,
                                           const std::map<std::string, std::vector<float>>& inputScales);

}  // namespace halftone
