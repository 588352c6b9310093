// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>

#include "core/base/error.h"
#include "core/model/model_config.h"

namespace halftone {

/// How a checkpoint stretches its rotary frequencies; the union of what the kinds need. Source: reference page on
/// architectures, section 2.
struct RopeScaling {
    enum class Kind : uint8_t { kNone, kLinear, kLlama3, kYarn };
    Kind kind = Kind::kNone;
    double factor = 1.0;
    double originalContext = 0;  ///< positions the model was first trained on (llama3, yarn)
    double lowFrequencyFactor = 1.0, highFrequencyFactor = 4.0;  ///< llama3
    double betaFast = 32.0, betaSlow = 1.0;                      ///< yarn
    bool truncate = true;                   ///< yarn: round the ramp's ends outwards to whole dimensions
    std::optional<double> attentionFactor;  ///< yarn: multiplier of cos and sin; empty: 0.1 ln(factor) + 1
};

/// Fills inverseFrequencies and ropeAttentionFactor from ropeBase, rotaryDim and `scaling`. kInvalidData with a
/// sentence for parameters that make no sense (factors that are not positive, an original context of zero, a base of
/// one or less).
Status resolveRope(ModelConfig& config, const RopeScaling& scaling);

}  // namespace halftone
