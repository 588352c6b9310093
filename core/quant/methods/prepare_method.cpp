// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quant/methods/prepare_method.h"

#include <cmath>

#include <fmt/format.h>

#include "core/quant/methods/awq.h"
#include "core/quant/methods/gptq.h"
#include "core/quant/methods/integer_fit.h"
#include "core/quant/methods/level_fit.h"

namespace halftone {
namespace {

GptqSettings gptqSettings(const MethodRequest& request) {
    const MethodChoice& method = request.method;
    const Sparsity& sparsity = request.format.extras().sparsity;
    return {.damping = method.value("damping"),
            .actOrder = method.flag("act_order"),
            .staticGroups = method.id == MethodId::kGptq && method.flag("static_groups"),
            .searchRanges = method.flag("mse"),
            .groupColumns = gptqGroupColumns(PackedLayout::of(request.format, request.cols)),
            .sparsity = sparsity,
            .refinePasses = static_cast<int>(method.value("refine"))};
}

Status checkStatistics(const MethodRequest& request) {
    const MethodDescription& method = describeMethod(request.method.id);
    const InputStatistics* statistics = request.statistics;
    if (statistics && statistics->channels() != request.cols) {
        return makeError(ErrorCode::kInvalidArgument,
                         fmt::format("The calibration of {} has {} values, but the tensor has rows of {}; it belongs "
                                     "to another model.",
                                     request.tensor, statistics->channels(), request.cols));
    }
    if (method.need == CalibrationNeed::kMeanSquares && !statistics) {
        return makeError(ErrorCode::kInvalidArgument,
                         fmt::format("{} of {} needs to know the size of its inputs: calibrate on a text, or give an "
                                     "importance file, first.",
                                     method.displayName, request.tensor));
    }
    if (method.need != CalibrationNeed::kHessian || (statistics && statistics->hessian)) return {};
    return makeError(ErrorCode::kInvalidArgument,
                     fmt::format("{} of {} needs the second moments of its inputs: calibrate on a text first (an "
                                 "importance file alone does not hold them).",
                                 method.displayName, request.tensor));
}

/// Importance of the channels as the scaled layer sees them.
std::vector<float> scaledImportance(const MethodRequest& request) {
    if (!request.statistics) return {};
    std::vector<float> importance = request.statistics->importance();
    for (size_t i = 0; i < request.channelScale.size(); ++i) {
        importance[i] /= request.channelScale[i] * request.channelScale[i];
    }
    return importance;
}

Result<PreparedMethod> prepareGptq(const MethodRequest& request, FactorCache& factors, const JobContext& context) {
    PreparedMethod prepared;
    const auto hessian = request.channelScale.empty()
                             ? request.statistics->hessian
                             : scaledStatistics(*request.statistics, request.channelScale).hessian;
    const GptqSettings settings = gptqSettings(request);
    HT_ASSIGN_OR_RETURN(const auto factor, factors.get(hessian, settings, context));
    if (factor->dampingUsed > settings.damping) {
        prepared.notes.push_back(
            fmt::format("The Hessian of {} was damped by {:g} instead of {:g} to be positive definite.", request.tensor,
                        factor->dampingUsed, settings.damping));
    }
    if (factor->deadChannels > 0) {
        prepared.notes.push_back(fmt::format("{} of the {} input channels of {} were never active in the calibration.",
                                             factor->deadChannels, factor->channels, request.tensor));
    }
    prepared.encoder = createGptqEncoder(PackedLayout::of(request.format, request.cols), settings, factor);
    return prepared;
}

std::shared_ptr<const RowEncoder> percentileEncoder(const MethodRequest& request) {
    const double percent = request.method.value("percent");
    return request.format.isLevel() ? createLevelPercentileEncoder(percent) : createPercentileEncoder(percent);
}

std::shared_ptr<const RowEncoder> mseEncoder(const MethodRequest& request) {
    const MseSettings settings{.shrink = static_cast<float>(request.method.value("shrink")),
                               .steps = static_cast<int>(request.method.value("steps"))};
    std::vector<float> weights = scaledImportance(request);
    return request.format.isLevel() ? createLevelMseEncoder(settings, std::move(weights))
                                    : createMseEncoder(settings, std::move(weights));
}

/// Norms of the channels, up to a factor that all of them share.
PreparedMethod prepareWanda(const MethodRequest& request) {
    PreparedMethod prepared;
    prepared.importance = scaledImportance(request);
    for (const float meanSquare : prepared.importance) prepared.pruneWeights.push_back(std::sqrt(meanSquare));
    return prepared;
}

PreparedMethod prepareAwq(const MethodRequest& request) {
    PreparedMethod prepared;
    const Format& format = request.format;
    const bool clips =
        format.isInteger() && !format.sharesScalesBetweenRows() && request.mayClip && request.method.flag("clip");
    if (clips) {
        prepared.encoder = createAwqClipEncoder(PackedLayout::of(format, request.cols), *request.statistics->hessian,
                                                request.channelScale);
    } else {
        prepared.importance = scaledImportance(request);
    }
    return prepared;
}

Result<PreparedMethod> prepareEncoder(const MethodRequest& request, FactorCache& factors, const JobContext& context) {
    if (std::string obstacle = methodObstacle(request.method.id, request.format); !obstacle.empty()) {
        return makeError(ErrorCode::kInvalidArgument, std::move(obstacle));
    }
    HT_TRY(checkStatistics(request));
    PreparedMethod prepared;
    switch (request.method.id) {
        case MethodId::kNearest:
        case MethodId::kAutoRound:
        case MethodId::kSmoothQuant:  // the channels are scaled by now; the codes are the nearest
            prepared.importance = scaledImportance(request);
            break;
        case MethodId::kPercentile:
            prepared.encoder = percentileEncoder(request);
            break;
        case MethodId::kMse:
            prepared.encoder = mseEncoder(request);
            break;
        case MethodId::kHqq:
            prepared.encoder = createHqqEncoder({.norm = static_cast<float>(request.method.value("norm")),
                                                 .beta = static_cast<float>(request.method.value("beta")),
                                                 .iterations = static_cast<int>(request.method.value("iterations")),
                                                 .scales = static_cast<int>(request.method.value("scales"))});
            break;
        case MethodId::kWanda:
            return prepareWanda(request);
        case MethodId::kGptq:
        case MethodId::kSparseGpt:
            return prepareGptq(request, factors, context);
        case MethodId::kAwq:
            return prepareAwq(request);
    }
    return prepared;
}

}  // namespace

Result<std::shared_ptr<const GptqFactor>> FactorCache::get(const std::shared_ptr<const Hessian>& hessian,
                                                           const GptqSettings& settings, const JobContext& context) {
    if (m_factor && m_hessian == hessian && m_settings == settings) return m_factor;
    m_factor.reset();
    HT_ASSIGN_OR_RETURN(m_factor, factorHessian(*hessian, settings, context));
    m_settings = settings;
    m_hessian = hessian;
    return m_factor;
}

Result<PreparedMethod> prepareMethod(const MethodRequest& request, FactorCache& factors, const JobContext& context) {
    HT_ASSIGN_OR_RETURN(PreparedMethod prepared, prepareEncoder(request, factors, context));
    if (request.format.extras().hasCorrection() && request.statistics) {
        prepared.inputs =
            std::make_shared<const InputStatistics>(scaledStatistics(*request.statistics, request.channelScale));
    }
    return prepared;
}

}  // namespace halftone
