// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "core/base/job_context.h"
#include "core/checkpoint/checkpoint.h"
#include "core/pipeline/method_plan.h"
#include "core/quant/methods/clipping.h"
#include "core/quant/methods/quantize.h"
#include "core/stats/tensor_stats.h"

namespace halftone::app {

struct DistributionRequest {
    std::shared_ptr<const Checkpoint> checkpoint;
    int tensor = -1;
    std::shared_ptr<const TensorStats> stats;  ///< known already, or null
    std::optional<ResolvedTensor> target;      ///< what the recipe makes of it; nullopt: the original only
    std::shared_ptr<const MethodPlan> plan;    ///< of the recipe's methods; null: to nearest
};

/// The group of a quantized tensor that loses most.
struct WorstGroup {
    int64_t row = 0, firstColumn = 0, columns = 0;
    double relativeError = 0;
    std::vector<float> levels;  ///< values it can take, ascending
};

/// What the distribution view draws of one tensor.
struct DistributionData {
    std::shared_ptr<const TensorStats> stats;  ///< with its histogram
    std::optional<Format> format;
    FloatHistogram quantized;  ///< of the dequantized weights
    Distortion distortion;
    Clipping clipping;                ///< what the groups cut off
    std::optional<WorstGroup> worst;  ///< formats with groups only
};

/// Reads, quantizes and decodes the tensor. Memory: the packed tensor and one tile per thread. Worker threads.
Result<std::shared_ptr<const DistributionData>> computeDistribution(const DistributionRequest& request,
                                                                    const JobContext& context);

}  // namespace halftone::app
