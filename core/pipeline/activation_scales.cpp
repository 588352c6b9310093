// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/pipeline/activation_scales.h"

#include <algorithm>

#include <fmt/format.h>

namespace halftone {
namespace {

constexpr float kLargestCode = 127.0f;
constexpr float kSmallestScale = 0x1p-100f;  // of an input that was always zero

using InputScales = std::map<std::string, std::vector<float>>;

Result<float> scaleOf(const Calibration& calibration, const InputScales& inputScales, const std::string& tensor) {
    const InputStatistics* statistics = calibration.find(tensor);
    if (!statistics) {
        return makeError(
            ErrorCode::kInvalidArgument,
            fmt::format("The calibration does not know the inputs of '{}'; collect one on this model.", tensor));
    }
    if (statistics->largest.empty()) {
        return makeError(ErrorCode::kInvalidArgument,
                         "The calibration does not hold the largest inputs, which static rounding of activations "
                         "needs; collect one with \"calibrate\".");
    }
    const auto folded = inputScales.find(tensor);
    float largest = 0;
    for (size_t channel = 0; channel < statistics->largest.size(); ++channel) {
        const float divisor = folded == inputScales.end() ? 1.0f : folded->second[channel];
        largest = std::max(largest, statistics->largest[channel] / divisor);
    }
    return std::max(largest / kLargestCode, kSmallestScale);
}

}  // namespace

Result<ActivationFormat> staticActivations(const ModelGraph& graph, const Calibration& calibration,
                                           const InputScales& inputScales) {
    ActivationFormat format{.rounding = ActivationRounding::kInt8Static, .scales = nullptr};
    const RunFormat run{.cache = {}, .activations = format};
    std::vector<float> scales(graph.weights.size());
    for (const Op& op : graph.ops) {
        if (!roundsInput(graph, op, run)) continue;
        const auto weight = static_cast<size_t>(op.weight);
        HT_ASSIGN_OR_RETURN(scales[weight], scaleOf(calibration, inputScales, graph.weights[weight].name));
    }
    format.scales = std::make_shared<const std::vector<float>>(std::move(scales));
    return format;
}

}  // namespace halftone
