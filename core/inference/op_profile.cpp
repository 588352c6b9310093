// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/inference/op_profile.h"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>

namespace halftone {
namespace {

constexpr double kFloat = sizeof(float);

const char* nameOf(OpKind kind) {
    switch (kind) {
        case OpKind::kEmbed:
            return "embedding";
        case OpKind::kAddPosition:
            return "position";
        case OpKind::kRmsNorm:
        case OpKind::kLayerNorm:
            return "norm";
        case OpKind::kHeadRmsNorm:
            return "head norm";
        case OpKind::kLinear:
            return "linear";
        case OpKind::kRope:
            return "rope";
        case OpKind::kAttention:
            return "attention";
        case OpKind::kGatedActivation:
            return "gated activation";
        case OpKind::kActivation:
            return "activation";
        case OpKind::kAdd:
            return "add";
        case OpKind::kSplit3:
            return "split";
    }
    return "";
}

/// "blk.3.attn_q.weight" as "attn_q": what is alike in all blocks.
std::string stemOf(std::string_view name) {
    constexpr std::string_view kBlock = "blk.", kWeight = ".weight";
    if (name.starts_with(kBlock)) {
        const size_t dot = name.find('.', kBlock.size());
        if (dot != std::string_view::npos) name.remove_prefix(dot + 1);
    }
    if (name.ends_with(kWeight)) name.remove_suffix(kWeight.size());
    return std::string(name);
}

bool readsTable(const Op& op) {
    return op.kind == OpKind::kEmbed || op.kind == OpKind::kAddPosition;
}

double widthOf(const ModelGraph& graph, ValueId id) {
    return id < 0 ? 0 : static_cast<double>(graph.values[static_cast<size_t>(id)].width);
}

/// `format` beside those that the line has.
void addFormat(std::string& formats, const std::string& format) {
    if (formats.empty()) {
        formats = format;
    } else if (formats != format && formats.find(format) == std::string::npos) {
        formats += " + " + format;
    }
}

}  // namespace

double profileClock() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

double OpProfile::opSeconds() const {
    double sum = 0;
    for (const ProfileLine& line : m_lines) sum += line.seconds;
    return sum;
}

int32_t OpProfile::findOrAdd(ProfileLine line, const Costs& costs) {
    const auto same = [&](const ProfileLine& other) {
        return other.op == line.op && other.tensors == line.tensors && other.shape == line.shape &&
               other.format == line.format;
    };
    const auto found = std::ranges::find_if(m_lines, same);
    if (found != m_lines.end()) return static_cast<int32_t>(found - m_lines.begin());
    m_lines.push_back(std::move(line));
    m_costs.push_back(costs);
    return static_cast<int32_t>(m_lines.size()) - 1;
}

int32_t OpProfile::lineOf(const ModelGraph& graph, std::span<const Op> ops, const CacheFormat& cache,
                          const std::function<StoredMatrix(WeightId)>& matrixOf) {
    if (ops.front().kind == OpKind::kAttention) {
        const std::string shape = fmt::format("{} x {}", graph.config.headCount, graph.config.headDim);
        return findOrAdd({.op = nameOf(OpKind::kAttention), .shape = shape, .format = cache.name()}, {});
    }
    const auto known = m_lineOfOps.find({ops.data(), ops.size()});
    if (known != m_lineOfOps.end()) return known->second;
    ProfileLine line{.op = nameOf(ops.front().kind)};
    const Costs costs = describe(graph, ops, matrixOf, line);
    const int32_t index = findOrAdd(std::move(line), costs);
    m_lineOfOps[{ops.data(), ops.size()}] = index;
    return index;
}

/// Fills the line of operations on matrices and vectors.
OpProfile::Costs OpProfile::describe(const ModelGraph& graph, std::span<const Op> ops,
                                     const std::function<StoredMatrix(WeightId)>& matrixOf, ProfileLine& line) {
    Costs costs;
    costs.bytesPerToken = kFloat * (widthOf(graph, ops.front().in) + widthOf(graph, ops.front().in2));
    int64_t rows = 0, cols = 0;
    for (const Op& op : ops) {
        costs.bytesPerToken += kFloat * (widthOf(graph, op.out) + widthOf(graph, op.out2) + widthOf(graph, op.out3));
        if (op.kind != OpKind::kLinear && !readsTable(op)) continue;
        const StoredMatrix matrix = matrixOf(op.weight);
        const std::string stem = stemOf(graph.weights[static_cast<size_t>(op.weight)].name);
        line.tensors += (line.tensors.empty() ? "" : " + ") + stem;
        addFormat(line.format, matrix.format);
        rows += matrix.rows;
        cols = matrix.cols;
        if (readsTable(op)) {
            costs.bytesPerToken += static_cast<double>(matrix.bytes) / static_cast<double>(std::max(matrix.rows, rows));
        } else {
            costs.bytes += static_cast<double>(matrix.bytes);
            costs.multiplyAddsPerToken += static_cast<double>(matrix.rows) * static_cast<double>(matrix.cols);
        }
    }
    line.shape = rows > 0 ? fmt::format("{} x {}", rows, cols) : fmt::format("{}", widthOf(graph, ops.front().in));
    return costs;
}

int32_t OpProfile::lineNamed(std::string_view name) {
    return findOrAdd({.op = std::string(name)}, {});
}

OpWork OpProfile::workOf(int32_t line, int64_t tokens) const {
    const Costs& costs = m_costs[static_cast<size_t>(line)];
    const auto count = static_cast<double>(tokens);
    return {costs.bytes + costs.bytesPerToken * count, costs.multiplyAddsPerToken * count};
}

void OpProfile::add(const ProfileEvent& event, const OpWork& work, bool isNew) {
    ProfileLine& line = m_lines[static_cast<size_t>(event.line)];
    if (isNew) ++line.calls;
    line.seconds += event.seconds;
    line.work.bytes += work.bytes;
    line.work.multiplyAdds += work.multiplyAdds;
    keep(event);
}

void OpProfile::addPart(const ProfileEvent& event) {
    keep(event);
}

void OpProfile::addForward(double begin, double seconds, int64_t tokens) {
    ++m_forwardCalls;
    m_forwardSeconds += seconds;
    keep({.tokens = tokens, .begin = begin, .seconds = seconds});
}

void OpProfile::keep(const ProfileEvent& event) {
    if (!keepsEvents()) return;
    if (m_events.size() < kMostEvents) {
        m_events.push_back(event);
    } else {
        ++m_eventsLeftOut;
    }
}

int OpProfile::laneNamed(const std::string& name) {
    const auto found = std::ranges::find(m_lanes, name);
    if (found != m_lanes.end()) return static_cast<int>(found - m_lanes.begin());
    m_lanes.push_back(name);
    return static_cast<int>(m_lanes.size()) - 1;
}

OpWork attentionWork(const ModelConfig& config, const CacheFormat& cache, int block, int64_t firstPosition,
                     int64_t tokens) {
    const int64_t window = config.windowOf(block);
    double keys = 0;  // that queries meet, over all tokens
    for (int64_t token = 0; token < tokens; ++token) {
        const int64_t seen = firstPosition + token + 1;
        keys += static_cast<double>(window > 0 ? std::min(window, seen) : seen);
    }
    const int64_t last = firstPosition + tokens;
    const auto cells = static_cast<double>(window > 0 ? std::min(last, window + tokens - 1) : last);
    const double cellBytes = static_cast<double>(cacheBytesPerToken(config, cache)) /
                             static_cast<double>(std::max<int64_t>(1, config.blockCount));
    const auto query = static_cast<double>(config.qSize()), keyValue = static_cast<double>(config.kvSize());
    return {.bytes = cells * cellBytes + static_cast<double>(tokens) * kFloat * 2 * (query + keyValue),
            .multiplyAdds = 2 * keys * query};
}

}  // namespace halftone
