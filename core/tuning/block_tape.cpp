// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tuning/block_tape.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/tuning/tape_ops.h"

namespace halftone {

BlockTape::BlockTape(const ModelGraph& graph, int block) : m_graph(graph), m_weightValues(graph.weights.size()) {
    HT_CHECK(block >= 0 && block < graph.config.blockCount);
    std::vector<int> current(graph.values.size(), -1);  // the node that a buffer is at the moment
    m_input = addNode(graph.hidden, current);
    const auto at = [&](ValueId id) { return id < 0 ? -1 : current[static_cast<size_t>(id)]; };
    const auto first = static_cast<size_t>(graph.blockBegin[static_cast<size_t>(block)]);
    const auto last = static_cast<size_t>(graph.blockBegin[static_cast<size_t>(block) + 1]);
    for (size_t i = first; i < last; ++i) {
        const Op& op = graph.ops[i];
        Step step{.op = &op, .in = at(op.in), .in2 = at(op.in2), .in3 = at(op.in3)};
        if (op.out >= 0) step.out = addNode(op.out, current);
        if (op.out2 >= 0) step.out2 = addNode(op.out2, current);
        if (op.out3 >= 0) step.out3 = addNode(op.out3, current);
        m_steps.push_back(step);
        addWeight(op.weight);
        addWeight(op.bias);
    }
    m_output = at(graph.hidden);
}

int BlockTape::addNode(ValueId id, std::vector<int>& current) {
    m_nodes.push_back({.width = m_graph.values[static_cast<size_t>(id)].width, .values = {}, .gradient = {}});
    return current[static_cast<size_t>(id)] = static_cast<int>(m_nodes.size()) - 1;
}

void BlockTape::addWeight(WeightId id) {
    if (id >= 0 && std::ranges::find(m_weights, id) == m_weights.end()) m_weights.push_back(id);
}

void BlockTape::setWeight(WeightId id, std::span<const float> values) {
    const WeightSlot& slot = m_graph.weights[static_cast<size_t>(id)];
    HT_CHECK(std::ssize(values) == slot.rows * slot.cols);
    m_weightValues[static_cast<size_t>(id)].values = values;
}

void BlockTape::want(WeightId id) {
    m_weightValues[static_cast<size_t>(id)].isWanted = true;
    markWanted();
}

void BlockTape::markWanted() {
    const auto isWanted = [&](int index) { return index >= 0 && node(index).isWanted; };
    for (const Step& step : m_steps) {
        const bool own =
            step.op->kind == OpKind::kLinear && m_weightValues[static_cast<size_t>(step.op->weight)].isWanted;
        const bool wanted = own || isWanted(step.in) || isWanted(step.in2) || isWanted(step.in3);
        for (const int out : {step.out, step.out2, step.out3}) {
            if (out >= 0) node(out).isWanted = wanted;
        }
    }
}

std::span<const float> BlockTape::vector(WeightId id) const {
    return id < 0 ? std::span<const float>() : m_weightValues[static_cast<size_t>(id)].values;
}

std::span<const float> BlockTape::output() const {
    return m_nodes[static_cast<size_t>(m_output)].values;
}

std::span<const float> BlockTape::gradient(WeightId id) const {
    return m_weightValues[static_cast<size_t>(id)].gradient;
}

void BlockTape::prepareRotations(int64_t positions) {
    const ModelConfig& config = m_graph.config;
    const auto pairs = static_cast<size_t>(config.rotaryDim / 2);
    if (config.ropeStyle == RopeStyle::kNone || m_cosines.size() >= static_cast<size_t>(positions) * pairs) return;
    m_cosines.clear();
    m_sines.clear();
    for (int64_t position = 0; position < positions; ++position) {
        for (size_t pair = 0; pair < pairs; ++pair) {
            const double angle = double(position) * double(config.inverseFrequencies[pair]);
            m_cosines.push_back(static_cast<float>(std::cos(angle) * double(config.ropeAttentionFactor)));
            m_sines.push_back(static_cast<float>(std::sin(angle) * double(config.ropeAttentionFactor)));
        }
    }
}

Status BlockTape::forward(const WindowBatch& batch, const JobContext& context) {
    m_lengths.assign(batch.lengths.begin(), batch.lengths.end());
    m_positions.clear();
    for (const int64_t length : m_lengths) {
        for (int64_t i = 0; i < length; ++i) m_positions.push_back(static_cast<int32_t>(i));
    }
    HT_CHECK(std::ssize(batch.hidden) == tokens() * m_graph.config.hiddenSize);
    prepareRotations(m_lengths.empty() ? 0 : std::ranges::max(m_lengths));
    node(m_input).values.assign(batch.hidden.begin(), batch.hidden.end());
    for (const Step& step : m_steps) {
        HT_TRY(context.checkpoint());
        for (const int out : {step.out, step.out2, step.out3}) {
            if (out >= 0) node(out).values.assign(static_cast<size_t>(tokens() * node(out).width), 0.0f);
        }
        runForward(step, context);
    }
    return context.checkpoint();
}

Status BlockTape::backward(std::span<const float> outputGradient, const JobContext& context) {
    for (Node& each : m_nodes) {
        if (each.isWanted) each.gradient.assign(each.values.size(), 0.0f);
    }
    if (!node(m_output).isWanted) return {};
    HT_CHECK(outputGradient.size() == node(m_output).values.size());
    std::ranges::copy(outputGradient, node(m_output).gradient.begin());
    for (auto step = m_steps.rbegin(); step != m_steps.rend(); ++step) {
        HT_TRY(context.checkpoint());
        if (node(step->out).isWanted) runBackward(*step, context);
    }
    return context.checkpoint();
}

void BlockTape::runForward(const Step& step, const JobContext& context) {
    const Op& op = *step.op;
    const ModelConfig& config = m_graph.config;
    const std::vector<float>& in = node(step.in).values;
    std::vector<float>& out = node(step.out).values;
    const int64_t width = node(step.in).width;
    switch (op.kind) {
        case OpKind::kRmsNorm:
        case OpKind::kLayerNorm:
            return tape::normForward({tokens(), width, config.normEpsilon, op.kind == OpKind::kLayerNorm}, in,
                                     vector(op.weight), vector(op.bias), out, context);
        case OpKind::kHeadRmsNorm:
            return tape::normForward({tokens() * op.heads, config.headDim, config.normEpsilon, false}, in,
                                     vector(op.weight), {}, out, context);
        case OpKind::kLinear:
            return linearForward(step, context);
        case OpKind::kRope:
            return tape::rotateAdd({&config, m_positions, m_cosines, m_sines, op.heads}, 1, in, out, context);
        case OpKind::kAttention:
            return attentionForward(step, context);
        case OpKind::kGatedActivation:
            return tape::activationForward(config.activation, in, node(step.in2).values, out, context);
        case OpKind::kActivation:
            return tape::activationForward(config.activation, in, {}, out, context);
        case OpKind::kAdd:
            std::ranges::transform(in, node(step.in2).values, out.begin(), std::plus<>());
            return;
        case OpKind::kSplit3:
            return splitForward(step);
        case OpKind::kEmbed:
        case OpKind::kAddPosition:
            break;  // before the first block only
    }
    HT_CHECK(false);
}

void BlockTape::runBackward(const Step& step, const JobContext& context) {
    const Op& op = *step.op;
    const ModelConfig& config = m_graph.config;
    Node& in = node(step.in);
    const std::vector<float>& out = node(step.out).gradient;
    switch (op.kind) {
        case OpKind::kRmsNorm:
        case OpKind::kLayerNorm:
            return tape::normBackward({tokens(), in.width, config.normEpsilon, op.kind == OpKind::kLayerNorm},
                                      in.values, vector(op.weight), out, in.gradient, context);
        case OpKind::kHeadRmsNorm:
            return tape::normBackward({tokens() * op.heads, config.headDim, config.normEpsilon, false}, in.values,
                                      vector(op.weight), out, in.gradient, context);
        case OpKind::kLinear:
            return linearBackward(step, context);
        case OpKind::kRope:
            return tape::rotateAdd({&config, m_positions, m_cosines, m_sines, op.heads}, -1, out, in.gradient, context);
        case OpKind::kAttention:
            return attentionBackward(step, context);
        case OpKind::kGatedActivation:
            return tape::activationBackward(config.activation, in.values, node(step.in2).values, out,
                                            {in.gradient, node(step.in2).gradient}, context);
        case OpKind::kActivation:
            return tape::activationBackward(config.activation, in.values, {}, out, {in.gradient, {}}, context);
        case OpKind::kAdd:
            for (const int from : {step.in, step.in2}) {
                std::vector<float>& gradient = node(from).gradient;
                if (node(from).isWanted) std::ranges::transform(gradient, out, gradient.begin(), std::plus<>());
            }
            return;
        case OpKind::kSplit3:
            return splitBackward(step);
        case OpKind::kEmbed:
        case OpKind::kAddPosition:
            break;
    }
    HT_CHECK(false);
}

void BlockTape::linearForward(const Step& step, const JobContext& context) {
    const Node& in = node(step.in);
    Node& out = node(step.out);
    const std::span<const float> weight = m_weightValues[static_cast<size_t>(step.op->weight)].values;
    const std::span<const float> bias = vector(step.op->bias);
    m_transposed.resize(weight.size());
    tape::transpose(weight, out.width, in.width, m_transposed, context);
    for (size_t i = 0; !bias.empty() && i < out.values.size(); ++i) out.values[i] = bias[i % bias.size()];
    tape::product({tokens(), out.width, in.width}, {in.values.data(), in.width, 1}, {m_transposed.data(), out.width, 1},
                  {out.values.data(), out.width}, context);
}

void BlockTape::linearBackward(const Step& step, const JobContext& context) {
    Node& in = node(step.in);
    const Node& out = node(step.out);
    Weight& weight = m_weightValues[static_cast<size_t>(step.op->weight)];
    if (weight.isWanted) {
        weight.gradient.assign(weight.values.size(), 0.0f);
        tape::product({out.width, in.width, tokens()}, {out.gradient.data(), 1, out.width},
                      {in.values.data(), in.width, 1}, {weight.gradient.data(), in.width}, context);
    }
    if (!in.isWanted) return;
    tape::product({tokens(), in.width, out.width}, {out.gradient.data(), out.width, 1},
                  {weight.values.data(), in.width, 1}, {in.gradient.data(), in.width}, context);
}

void BlockTape::attentionForward(const Step& step, const JobContext& context) {
    const ModelConfig& config = m_graph.config;
    const auto count = static_cast<int64_t>(m_lengths.size());
    std::vector<int64_t> begins(m_lengths.size());
    std::exclusive_scan(m_lengths.begin(), m_lengths.end(), begins.begin(), int64_t{0});
    context.pool.parallelFor(count * config.kvHeadCount, 1, [&](int64_t begin, int64_t end) {
        for (int64_t task = begin; task < end && !context.cancelled(); ++task) {
            const auto window = static_cast<size_t>(task / config.kvHeadCount);
            const int64_t q = begins[window] * config.qSize(), kv = begins[window] * config.kvSize();
            tape::attentionForward(config, step.op->block,
                                   {m_lengths[window], node(step.in).values.data() + q,
                                    node(step.in2).values.data() + kv, node(step.in3).values.data() + kv},
                                   task % config.kvHeadCount, node(step.out).values.data() + q);
        }
    });
}

void BlockTape::attentionBackward(const Step& step, const JobContext& context) {
    const ModelConfig& config = m_graph.config;
    const auto count = static_cast<int64_t>(m_lengths.size());
    std::vector<int64_t> begins(m_lengths.size());
    std::exclusive_scan(m_lengths.begin(), m_lengths.end(), begins.begin(), int64_t{0});
    // All three are found together: those that nobody wants are thrown away.
    for (const int from : {step.in, step.in2, step.in3}) node(from).gradient.resize(node(from).values.size());
    context.pool.parallelFor(count * config.kvHeadCount, 1, [&](int64_t begin, int64_t end) {
        for (int64_t task = begin; task < end && !context.cancelled(); ++task) {
            const auto window = static_cast<size_t>(task / config.kvHeadCount);
            const int64_t q = begins[window] * config.qSize(), kv = begins[window] * config.kvSize();
            tape::attentionBackward(config, step.op->block,
                                    {m_lengths[window], node(step.in).values.data() + q,
                                     node(step.in2).values.data() + kv, node(step.in3).values.data() + kv},
                                    task % config.kvHeadCount,
                                    {node(step.out).gradient.data() + q, node(step.in).gradient.data() + q,
                                     node(step.in2).gradient.data() + kv, node(step.in3).gradient.data() + kv});
        }
    });
}

void BlockTape::splitForward(const Step& step) {
    const Node& in = node(step.in);
    int64_t offset = 0;
    for (const int index : {step.out, step.out2, step.out3}) {
        Node& out = node(index);
        for (int64_t token = 0; token < tokens(); ++token) {
            const float* from = in.values.data() + token * in.width + offset;
            std::copy(from, from + out.width, out.values.data() + token * out.width);
        }
        offset += out.width;
    }
}

void BlockTape::splitBackward(const Step& step) {
    Node& in = node(step.in);
    int64_t offset = 0;
    for (const int index : {step.out, step.out2, step.out3}) {
        const Node& out = node(index);
        for (int64_t token = 0; token < tokens(); ++token) {
            float* to = in.gradient.data() + token * in.width + offset;
            const float* from = out.gradient.data() + token * out.width;
            for (int64_t i = 0; i < out.width; ++i) to[i] += from[i];
        }
        offset += out.width;
    }
}

}  // namespace halftone
