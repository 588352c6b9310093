// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/evaluation/evaluation_session.h"

namespace halftone {

/// What the model's predictions lose when one tensor alone is changed.
struct TensorSensitivity {
    std::string tensor;   ///< canonical name
    Estimate kld;         ///< mean divergence from the original, nats per token
    int64_t windows = 0;  ///< of the text that were run for it
};

/// Which tensors to try, and how exactly.
struct SensitivityRequest {
    ModelWeights original;
    ModelWeights changed;              ///< takes the tried tensor from here, all others from `original`
    std::vector<std::string> tensors;  ///< canonical names
    /// Windows are run until the 95 % interval is this share of the divergence to either side; 0: all of them.
    double relativeHalfWidth = 0.1;
};

using SensitivityObserver = std::function<void(const TensorSensitivity&)>;

/// Tries one tensor after the other, each with a run that begins at its block. A tensor that is the same in both costs
/// nothing and has exactly zero. `session` must have its reference and belong to `graph`; the original is its weights
/// in work afterwards. `observer` hears of each tensor as it is known. Progress in tensors; a cancelled call ends with
/// kCancelled, and what the observer heard of stays true. Source: the reference page on algorithms, section 20.
Result<std::vector<TensorSensitivity>> measureSensitivity(EvaluationSession& session, const ModelGraph& graph,
                                                          const SensitivityRequest& request,
                                                          const SensitivityObserver& observer,
                                                          const JobContext& context);

}  // namespace halftone
