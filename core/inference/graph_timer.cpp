// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/inference/graph_timer.h"

#include <fmt/format.h>

namespace halftone {
namespace {

/// Between two stretches of work on a thread that a trace shows as one, seconds.
constexpr double kGap = 5e-6;

}  // namespace

JobContext GraphTimer::watched(const JobContext& context) {
    JobContext copy = context;
    if (!m_profile->keepsEvents()) return copy;
    m_stretches.resize(static_cast<size_t>(context.pool.threadCount()));
    for (size_t thread = m_lanes.size(); thread < m_stretches.size(); ++thread)
        m_lanes.push_back(m_profile->laneNamed(fmt::format("thread {}", thread)));
    copy.pool = context.pool.observed(this);
    return copy;
}

void GraphTimer::worked(int thread, double begin, double end) {
    if (thread < 0 || static_cast<size_t>(thread) >= m_stretches.size()) return;
    auto& own = m_stretches[static_cast<size_t>(thread)];
    if (!own.empty() && begin - own.back().end < kGap) {
        own.back().end = end;
    } else {
        own.push_back({begin, end});
    }
}

void GraphTimer::add(const ProfileEvent& event, const OpWork& work, bool isNew) {
    m_profile->add(event, work, isNew);
    for (size_t thread = 0; thread < m_stretches.size(); ++thread) {
        for (const Stretch& stretch : m_stretches[thread]) {
            ProfileEvent part = event;
            part.lane = m_lanes[thread];
            part.begin = stretch.begin;
            part.seconds = stretch.end - stretch.begin;
            m_profile->addPart(part);
        }
        m_stretches[thread].clear();
    }
}

void GraphTimer::note(const Call& call, const ModelWeights& weights, double begin) {
    const double seconds = profileClock() - begin;
    const Op& first = call.ops.front();
    const int32_t line = m_profile->lineOf(*m_graph, call.ops, call.cache, [&](WeightId id) -> StoredMatrix {
        const PackedTensor& tensor = weights.at(id);
        return {tensor.rows, tensor.cols(), tensor.sizeBytes(), tensor.layout.format.displayName()};
    });
    const OpWork work = first.kind == OpKind::kAttention
                            ? attentionWork(m_graph->config, call.cache, first.block, call.firstPosition, call.tokens)
                            : m_profile->workOf(line, call.tokens);
    add({.line = line, .block = first.block, .tokens = call.tokens, .begin = begin, .seconds = seconds},
        work * call.share, call.isNew);
}

void GraphTimer::noteNamed(std::string_view name, int64_t tokens, double begin) {
    const double seconds = profileClock() - begin;
    add({.line = m_profile->lineNamed(name), .tokens = tokens, .begin = begin, .seconds = seconds}, {}, true);
}

void GraphTimer::noteForward(int64_t tokens, double begin) {
    m_profile->addForward(begin, profileClock() - begin, tokens);
}

}  // namespace halftone
