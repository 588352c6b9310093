// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/rope_scaling.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include <fmt/format.h>

namespace halftone {
namespace {

bool isPositive(double value) {
    return std::isfinite(value) && value > 0;
}

Status checkScaling(const ModelConfig& config, const RopeScaling& scaling) {
    if (!isPositive(config.ropeBase) || config.ropeBase <= 1.0) {
        return makeError(
            ErrorCode::kInvalidData,
            fmt::format("The rotary base (rope_theta) is {}; it must be a finite number above 1.", config.ropeBase));
    }
    if (scaling.kind == RopeScaling::Kind::kNone) return {};
    if (!isPositive(scaling.factor)) {
        return makeError(ErrorCode::kInvalidData,
                         fmt::format("The rotary scaling factor is {}; it must be a positive number.", scaling.factor));
    }
    const bool needsContext = scaling.kind == RopeScaling::Kind::kLlama3 || scaling.kind == RopeScaling::Kind::kYarn;
    if (needsContext && !isPositive(scaling.originalContext)) {
        return makeError(
            ErrorCode::kInvalidData,
            fmt::format("The rotary scaling's original context length is {}; it must be a positive number.",
                        scaling.originalContext));
    }
    if (scaling.kind == RopeScaling::Kind::kLlama3 &&
        !(isPositive(scaling.lowFrequencyFactor) && isPositive(scaling.highFrequencyFactor) &&
          scaling.highFrequencyFactor > scaling.lowFrequencyFactor)) {
        return makeError(
            ErrorCode::kInvalidData,
            fmt::format("The llama3 rotary scaling has low_freq_factor {} and high_freq_factor {}; both must be "
                        "positive and the second larger.",
                        scaling.lowFrequencyFactor, scaling.highFrequencyFactor));
    }
    if (scaling.kind == RopeScaling::Kind::kYarn && !(isPositive(scaling.betaFast) && isPositive(scaling.betaSlow))) {
        return makeError(
            ErrorCode::kInvalidData,
            fmt::format("The yarn rotary scaling has beta_fast {} and beta_slow {}; both must be positive.",
                        scaling.betaFast, scaling.betaSlow));
    }
    if (scaling.attentionFactor && !isPositive(*scaling.attentionFactor)) {
        return makeError(ErrorCode::kInvalidData,
                         fmt::format("The yarn rotary scaling has attention factor {}; it must be positive.",
                                     *scaling.attentionFactor));
    }
    return {};
}

double llama3Frequency(double frequency, const RopeScaling& scaling) {
    const double wavelength = 2.0 * std::numbers::pi / frequency;
    const double longest = scaling.originalContext / scaling.lowFrequencyFactor;
    const double shortest = scaling.originalContext / scaling.highFrequencyFactor;
    if (wavelength < shortest) return frequency;
    if (wavelength > longest) return frequency / scaling.factor;
    const double smooth = (scaling.originalContext / wavelength - scaling.lowFrequencyFactor) /
                          (scaling.highFrequencyFactor - scaling.lowFrequencyFactor);
    return (1.0 - smooth) * frequency / scaling.factor + smooth * frequency;
}

/// The pairs between which yarn blends from unscaled to scaled (Peng et al. 2023, "YaRN").
struct YarnRamp {
    double low = 0, high = 0;
    [[nodiscard]] double at(int64_t pair) const { return std::clamp((double(pair) - low) / (high - low), 0.0, 1.0); }
};

YarnRamp yarnRamp(const ModelConfig& config, const RopeScaling& scaling) {
    const auto rotaryDim = double(config.rotaryDim);
    const auto dimension = [&](double rotations) {
        return rotaryDim * std::log(scaling.originalContext / (rotations * 2.0 * std::numbers::pi)) /
               (2.0 * std::log(config.ropeBase));
    };
    YarnRamp ramp{dimension(scaling.betaFast), dimension(scaling.betaSlow)};
    if (scaling.truncate) ramp = {std::floor(ramp.low), std::ceil(ramp.high)};
    ramp.low = std::max(ramp.low, 0.0);
    ramp.high = std::min(ramp.high, rotaryDim - 1.0);
    if (ramp.high - ramp.low < 0.001) ramp.high = ramp.low + 0.001;
    return ramp;
}

}  // namespace

Status resolveRope(ModelConfig& config, const RopeScaling& scaling) {
    config.inverseFrequencies.clear();
    config.ropeAttentionFactor = 1.0f;
    if (config.ropeStyle == RopeStyle::kNone) return {};
    HT_TRY(checkScaling(config, scaling));
    const YarnRamp ramp = scaling.kind == RopeScaling::Kind::kYarn ? yarnRamp(config, scaling) : YarnRamp{0, 1};
    for (int64_t pair = 0; pair < config.rotaryDim / 2; ++pair) {
        double frequency = std::pow(config.ropeBase, -2.0 * double(pair) / double(config.rotaryDim));
        switch (scaling.kind) {
            case RopeScaling::Kind::kNone:
                break;
            case RopeScaling::Kind::kLinear:
                frequency /= scaling.factor;
                break;
            case RopeScaling::Kind::kLlama3:
                frequency = llama3Frequency(frequency, scaling);
                break;
            case RopeScaling::Kind::kYarn:
                frequency = frequency / scaling.factor * ramp.at(pair) + frequency * (1.0 - ramp.at(pair));
                break;
        }
        config.inverseFrequencies.push_back(static_cast<float>(frequency));
    }
    if (scaling.kind == RopeScaling::Kind::kYarn) {
        const double usual = scaling.factor > 1.0 ? 0.1 * std::log(scaling.factor) + 1.0 : 1.0;
        config.ropeAttentionFactor = static_cast<float>(scaling.attentionFactor.value_or(usual));
    }
    return {};
}

}  // namespace halftone
