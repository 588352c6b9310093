// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quant/methods/prepare_method.h"

#include <fmt/format.h>

#include "core/quant/methods/awq.h"
#include "core/quant/methods/gptq.h"
#include "core/quant/methods/integer_fit.h"
#include "core/quant/methods/level_fit.h"

namespace halftone {
namespace {

GptqSettings gptqSettings(const MethodChoice& method) {
    return {.damping = method.value("damping"),
            .actOrder = method.flag("act_order"),
            .staticGroups = method.flag("static_groups"),
            .searchRanges = method.flag("mse")};
}

Status checkStatistics(const MethodRequest& request) {
    const MethodDescription& method = describeMethod(request.method.id);
    const InputStatistics* statistics = request.statistics;
    if (statistics && statistics->channels() != request.layout.cols) {
        return makeError(ErrorCode::kInvalidArgument,
                         fmt::format("The calibration of {} has {} values, but the tensor has rows of {}; it belongs "
                                     "to another model.",
                                     request.tensor, statistics->channels(), request.layout.cols));
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
    HT_ASSIGN_OR_RETURN(const auto factor,
                        factors.get(hessian, request.method, gptqGroupColumns(request.layout), context));
    if (factor->dampingUsed > request.method.value("damping")) {
        prepared.notes.push_back(
            fmt::format("The Hessian of {} was damped by {:g} instead of {:g} to be positive definite.", request.tensor,
                        factor->dampingUsed, request.method.value("damping")));
    }
    if (factor->deadChannels > 0) {
        prepared.notes.push_back(fmt::format("{} of the {} input channels of {} were never active in the calibration.",
                                             factor->deadChannels, factor->channels, request.tensor));
    }
    prepared.encoder = createGptqEncoder(request.layout, gptqSettings(request.method), factor);
    return prepared;
}

std::shared_ptr<const RowEncoder> percentileEncoder(const MethodRequest& request) {
    const double percent = request.method.value("percent");
    return request.layout.format.isLevel() ? createLevelPercentileEncoder(percent) : createPercentileEncoder(percent);
}

std::shared_ptr<const RowEncoder> mseEncoder(const MethodRequest& request) {
    const MseSettings settings{.shrink = static_cast<float>(request.method.value("shrink")),
                               .steps = static_cast<int>(request.method.value("steps"))};
    std::vector<float> weights = scaledImportance(request);
    return request.layout.format.isLevel() ? createLevelMseEncoder(settings, std::move(weights))
                                           : createMseEncoder(settings, std::move(weights));
}

PreparedMethod prepareAwq(const MethodRequest& request) {
    PreparedMethod prepared;
    const Format& format = request.layout.format;
    const bool clips =
        format.isInteger() && !format.sharesScalesBetweenRows() && request.mayClip && request.method.flag("clip");
    if (clips) {
        prepared.encoder = createAwqClipEncoder(request.layout, *request.statistics->hessian, request.channelScale);
    } else {
        prepared.importance = scaledImportance(request);
    }
    return prepared;
}

}  // namespace

Result<std::shared_ptr<const GptqFactor>> FactorCache::get(const std::shared_ptr<const Hessian>& hessian,
                                                           const MethodChoice& method, int64_t groupColumns,
                                                           const JobContext& context) {
    if (m_factor && m_hessian == hessian && m_method == method && m_groupColumns == groupColumns) return m_factor;
    m_factor.reset();
    GptqSettings settings = gptqSettings(method);
    settings.groupColumns = groupColumns;
    HT_ASSIGN_OR_RETURN(m_factor, factorHessian(*hessian, settings, context));
    m_groupColumns = groupColumns;
    m_hessian = hessian;
    m_method = method;
    return m_factor;
}

Result<PreparedMethod> prepareMethod(const MethodRequest& request, FactorCache& factors, const JobContext& context) {
    if (std::string obstacle = methodObstacle(request.method.id, request.layout.format); !obstacle.empty()) {
        return makeError(ErrorCode::kInvalidArgument, std::move(obstacle));
    }
    HT_TRY(checkStatistics(request));
    PreparedMethod prepared;
    switch (request.method.id) {
        case MethodId::kNearest:
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
        case MethodId::kGptq:
            return prepareGptq(request, factors, context);
        case MethodId::kAwq:
            return prepareAwq(request);
    }
    return prepared;
}

}  // namespace halftone
