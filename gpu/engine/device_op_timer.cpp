// SPDX-License-Identifier: GPL-3.0-or-later
#include "gpu/engine/device_op_timer.h"

namespace halftone {

Status DeviceOpTimer::use(OpProfile* profile) {
    m_profile = nullptr;
    m_calls.clear();
    if (!profile) return m_stream->timeScopes({});
    HT_TRY(m_stream->timeScopes([this](const vk::TimedScope& scope) { add(scope); }));
    m_profile = profile;
    m_lane = profile->laneNamed("device");
    return {};
}

void DeviceOpTimer::forgetWeights() {
    if (m_profile) m_profile->forgetOps();
}

Status DeviceOpTimer::begin(const Call& call) {
    m_calls.push_back(call);
    return m_stream->beginScope(m_calls.size() - 1);
}

Status DeviceOpTimer::begin(const Op& op, int64_t tokens, int64_t firstPosition, const CacheFormat& cache) {
    if (!m_profile) return {};
    const int32_t line = m_profile->lineOf(*m_graph, {&op, 1}, cache, [&](WeightId id) -> StoredMatrix {
        const DeviceWeight& weight = *(*m_weights)[static_cast<size_t>(id)];
        return {weight.rows, weight.layout.cols, weight.rows * weight.layout.rowBytes,
                weight.layout.format.displayName()};
    });
    const OpWork work = op.kind == OpKind::kAttention
                            ? attentionWork(m_graph->config, cache, op.block, firstPosition, tokens)
                            : m_profile->workOf(line, tokens);
    return begin({line, op.block, tokens, work});
}

Status DeviceOpTimer::begin(std::string_view name, int64_t tokens) {
    if (!m_profile) return {};
    return begin({m_profile->lineNamed(name), -1, tokens, {}});
}

void DeviceOpTimer::add(const vk::TimedScope& scope) {
    const Call& call = m_calls[scope.tag];
    m_profile->add({.line = call.line,
                    .block = call.block,
                    .lane = m_lane,
                    .tokens = call.tokens,
                    .begin = scope.begin,
                    .seconds = scope.seconds},
                   scope.isFirst ? call.work : OpWork(), scope.isFirst);
}

void DeviceOpTimer::finishForward(double begin, int64_t tokens) {
    if (!m_profile) return;
    m_calls.clear();
    m_profile->addForward(begin, profileClock() - begin, tokens);
}

}  // namespace halftone
