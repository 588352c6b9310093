// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/inference/graph_executable.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include <fmt/format.h>

#include "core/base/checked.h"
#include "core/inference/activation_recorder.h"
#include "core/inference/forward_request.h"
#include "core/inference/graph_run.h"
#include "core/quant/corrections/correction.h"

namespace halftone {
namespace {

class CachedSequence final : public Sequence {
  public:
    CachedSequence(int64_t capacity, RunFormat format, std::unique_ptr<KvCache> cache)
        : m_capacity(capacity), m_format(std::move(format)), m_cache(std::move(cache)) {}
    [[nodiscard]] const RunFormat& format() const override { return m_format; }
    [[nodiscard]] int64_t position() const override { return m_position; }
    [[nodiscard]] int64_t capacity() const override { return m_capacity; }
    void truncate(int64_t position) override { m_position = std::clamp<int64_t>(position, 0, m_position); }
    void advance(int64_t tokens) { m_position += tokens; }
    [[nodiscard]] KvCache* cache() const { return m_cache.get(); }

  private:
    int64_t m_capacity;
    RunFormat m_format;
    int64_t m_position = 0;
    std::unique_ptr<KvCache> m_cache;
};

}  // namespace

Status checkWeights(const ModelGraph& graph, const ModelWeights& weights) {
    if (weights.size() != graph.weights.size()) {
        return makeError(
            ErrorCode::kInvalidArgument,
            fmt::format("The weights hold {} tensors, but the model needs {}.", weights.size(), graph.weights.size()));
    }
    for (size_t index = 0; index < weights.size(); ++index) {
        const PackedTensor& tensor = weights.at(static_cast<WeightId>(index));
        const WeightSlot& slot = graph.weights[index];
        const auto needed = static_cast<size_t>(tensor.rows * tensor.layout.rowBytes);
        if (tensor.rows != slot.rows || tensor.cols() != slot.cols || tensor.bytes.size() < needed) {
            return makeError(
                ErrorCode::kInvalidArgument,
                fmt::format("The weights for '{}' are {} x {} in {} bytes, but the model needs {} x {}.", slot.name,
                            tensor.rows, tensor.cols(), tensor.bytes.size(), slot.rows, slot.cols));
        }
        const Correction* correction = tensor.correction.get();
        if (correction && !fitsMatrix(*correction, tensor.rows, tensor.cols())) {
            return makeError(ErrorCode::kInvalidArgument,
                             fmt::format("The correction of '{}' is of another shape.", slot.name));
        }
        if (!canDecode(tensor.layout.format)) {
            return makeError(ErrorCode::kUnsupported,
                             fmt::format("The weights for '{}' are stored as {}, which does not run here.", slot.name,
                                         tensor.layout.format.displayName()));
        }
    }
    return {};
}

GraphExecutable::GraphExecutable(std::shared_ptr<const ModelGraph> graph, ModelWeights weights,
                                 std::unique_ptr<OpKernels> kernels)
    : m_graph(std::move(graph)),
      m_weights(std::move(weights)),
      m_kernels(std::move(kernels)),
      m_values(m_graph->values.size()) {}

Result<std::unique_ptr<Sequence>> GraphExecutable::createSequence(int64_t capacity, const RunFormat& format) {
    HT_TRY(checkSequenceCapacity(*m_graph, capacity));
    HT_TRY(checkRunFormat(*m_graph, format));
    const auto perToken = static_cast<uint64_t>(cacheBytesPerToken(m_graph->config, format.cache));
    const auto needed = checkedMul(perToken, static_cast<uint64_t>(roundUp(capacity, 64)));
    const auto refusal = [&] {
        return makeError(ErrorCode::kOutOfMemory,
                         fmt::format("The memory for {} tokens of attention cache ({} bytes per token) is not "
                                     "there; use a shorter context.",
                                     capacity, perToken));
    };
    if (!needed || *needed > (uint64_t{1} << 46)) return refusal();
    try {
        return std::make_unique<CachedSequence>(capacity, format, m_kernels->createCache(capacity, format.cache));
    } catch (const std::bad_alloc&) {
        return refusal();
    }
}

Status GraphExecutable::updateWeights(const ModelWeights& weights, const JobContext&) {
    HT_TRY(checkWeights(*m_graph, weights));
    m_weights = weights;
    if (m_timer) m_timer->forgetWeights();
    return {};
}

Status GraphExecutable::profileInto(OpProfile* profile) {
    m_timer.reset();
    if (profile) m_timer.emplace(*profile, *m_graph);
    return {};
}

Result<std::unique_ptr<InputMoments>> GraphExecutable::createInputMoments(bool withHessians) {
    return std::make_unique<HostInputMoments>(m_graph, withHessians);
}

Status GraphExecutable::forward(Sequence& sequence, std::span<const TokenId> tokens, const ForwardOptions& options,
                                const JobContext& context) {
    auto* cached = dynamic_cast<CachedSequence*>(&sequence);
    if (!cached) return makeError(ErrorCode::kInvalidArgument, "The sequence was made by another backend.");
    HT_TRY(checkForwardArguments(*m_graph, sequence, tokens, options));
    if (options.reduction)
        return makeError(ErrorCode::kUnsupported, "The processor's engine hands out logits and sums up none.");
    const double begin = m_timer ? profileClock() : 0;
    const JobContext used = m_timer ? m_timer->watched(context) : context;
    auto* moments = dynamic_cast<HostInputMoments*>(options.moments);
    if (options.moments && !moments)
        return makeError(ErrorCode::kInvalidArgument, "The sums over inputs belong to another executable.");
    const Run run{tokens, options, used, cached->cache(), sequence.position(), cached->format(), moments};
    try {
        HT_TRY(runAll(run));
    } catch (const std::bad_alloc&) {
        return makeError(ErrorCode::kOutOfMemory,
                         fmt::format("There is not enough memory to run {} tokens at once.", tokens.size()));
    }
    cached->advance(run.tokenCount());
    if (m_timer) m_timer->noteForward(run.tokenCount(), begin);
    return {};
}

Status GraphExecutable::runAll(const Run& run) {
    reserve(run.tokenCount());
    HT_TRY(runBlocks(run));
    return runEpilogue(run);
}

void GraphExecutable::reserve(int64_t tokens) {
    for (size_t id = 0; id < m_values.size(); ++id) {
        const auto valueId = static_cast<ValueId>(id);
        if (valueId == m_graph->logits) continue;
        const int64_t rows = valueId == m_graph->hidden ? tokens : std::min(tokens, kChunkTokens);
        growTo(m_values[id], rows * width(valueId));
    }
}

float* GraphExecutable::value(ValueId id, const Chunk& chunk) {
    if (id < 0) return nullptr;
    if (id == m_graph->hidden) return chunk.hidden;
    return floatsOf(m_values[static_cast<size_t>(id)]);
}

const float* GraphExecutable::vectorWeight(WeightId id) const {
    return id < 0 ? nullptr : reinterpret_cast<const float*>(m_weights.at(id).bytes.data());
}

Status GraphExecutable::runBlocks(const Run& run) {
    const int64_t hiddenWidth = width(m_graph->hidden);
    float* hidden = floatsOf(m_values[static_cast<size_t>(m_graph->hidden)]);
    const auto overChunks = [&](int32_t begin, int32_t end) -> Status {
        for (int64_t first = 0; first < run.tokenCount(); first += kChunkTokens) {
            const Chunk chunk{first, std::min(kChunkTokens, run.tokenCount() - first), hidden + first * hiddenWidth};
            HT_TRY(runOps(run, chunk, begin, end));
        }
        return {};
    };
    if (run.options.hiddenIn.empty()) {
        HT_TRY(overChunks(0, m_graph->blockBegin.empty() ? 0 : m_graph->blockBegin.front()));
    } else {
        std::copy(run.options.hiddenIn.begin(), run.options.hiddenIn.end(), hidden);
    }
    for (int block = run.options.firstBlock; block < m_graph->config.blockCount; ++block) {
        const auto index = static_cast<size_t>(block);
        HT_TRY(overChunks(m_graph->blockBegin[index], m_graph->blockBegin[index + 1]));
        if (!run.options.boundarySink) continue;
        HT_TRY(run.options.boundarySink(block + 1, {hidden, static_cast<size_t>(run.tokenCount() * hiddenWidth)}));
    }
    return {};
}

Status GraphExecutable::runOps(const Run& run, const Chunk& chunk, int32_t begin, int32_t end) {
    const std::span<const Op> ops(m_graph->ops);
    for (int32_t index = begin; index < end;) {
        HT_TRY(run.context.checkpoint());
        const Op& op = ops[static_cast<size_t>(index)];
        int32_t next = index + 1;
        while (next < end && op.kind == OpKind::kLinear && ops[static_cast<size_t>(next)].kind == OpKind::kLinear &&
               ops[static_cast<size_t>(next)].in == op.in)
            ++next;
        HT_TRY(runTogether(run, chunk, ops.subspan(static_cast<size_t>(index), static_cast<size_t>(next - index))));
        index = next;
    }
    return run.context.checkpoint();
}

/// One operation, or linear ones that read the same input.
Status GraphExecutable::runTogether(const Run& run, const Chunk& chunk, std::span<const Op> ops) {
    const double begin = m_timer ? profileClock() : 0;
    if (ops.front().kind == OpKind::kLinear) {
        HT_TRY(runLinears(run, chunk, ops));
    } else {
        HT_TRY(runOp(run, chunk, ops.front()));
    }
    if (m_timer) m_timer->note({ops, chunk.count, run.firstPosition + chunk.begin, run.format.cache}, m_weights, begin);
    return {};
}

Status GraphExecutable::runOp(const Run& run, const Chunk& chunk, const Op& op) {
    const ElementwiseCall elementwise{value(op.in, chunk), value(op.in2, chunk), value(op.out, chunk),
                                      op.out >= 0 ? chunk.count * width(op.out) : 0};
    switch (op.kind) {
        case OpKind::kEmbed:
        case OpKind::kAddPosition:
            return runTableOp(run, chunk, op);
        case OpKind::kRmsNorm:
        case OpKind::kHeadRmsNorm:
        case OpKind::kLayerNorm:
            runNorm(run, chunk, op);
            break;
        case OpKind::kLinear:
            return runLinears(run, chunk, {&op, 1});
        case OpKind::kRope:
            m_kernels->rope(
                {value(op.in, chunk), value(op.out, chunk), chunk.count, op.heads, run.firstPosition + chunk.begin},
                run.context);
            break;
        case OpKind::kAttention:
            runAttention(run, chunk, op);
            break;
        case OpKind::kGatedActivation:
            m_kernels->gatedActivation(elementwise, run.context);
            break;
        case OpKind::kActivation:
            m_kernels->activation(elementwise, run.context);
            break;
        case OpKind::kAdd:
            m_kernels->add(elementwise, run.context);
            break;
        case OpKind::kSplit3:
            runSplit(chunk, op);
            break;
    }
    return {};
}

Status GraphExecutable::runTableOp(const Run& run, const Chunk& chunk, const Op& op) {
    const PackedTensor& table = m_weights.at(op.weight);
    std::vector<int64_t> rows(static_cast<size_t>(chunk.count));
    for (int64_t token = 0; token < chunk.count; ++token) {
        const int64_t position = run.firstPosition + chunk.begin + token;
        rows[static_cast<size_t>(token)] =
            op.kind == OpKind::kEmbed ? run.tokens[static_cast<size_t>(chunk.begin + token)] : position;
    }
    if (op.kind == OpKind::kEmbed) return m_kernels->decodeTableRows(table, rows, value(op.out, chunk));
    growTo(m_positionRow, chunk.count * width(op.out));
    HT_TRY(m_kernels->decodeTableRows(table, rows, floatsOf(m_positionRow)));
    m_kernels->add({value(op.in, chunk), floatsOf(m_positionRow), value(op.out, chunk), chunk.count * width(op.out)},
                   run.context);
    return {};
}

void GraphExecutable::runNorm(const Run& run, const Chunk& chunk, const Op& op) {
    NormCall call;
    call.in = value(op.in, chunk);
    call.out = value(op.out, chunk);
    call.width = op.kind == OpKind::kHeadRmsNorm ? m_graph->config.headDim : width(op.in);
    call.rows = op.kind == OpKind::kHeadRmsNorm ? chunk.count * op.heads : chunk.count;
    call.weight = vectorWeight(op.weight);
    call.bias = vectorWeight(op.bias);
    call.epsilon = m_graph->config.normEpsilon;
    if (op.kind == OpKind::kLayerNorm) {
        m_kernels->layerNorm(call, run.context);
    } else {
        m_kernels->rmsNorm(call, run.context);
    }
}

void GraphExecutable::runAttention(const Run& run, const Chunk& chunk, const Op& op) {
    AttentionCall call;
    call.q = value(op.in, chunk);
    call.k = value(op.in2, chunk);
    call.v = value(op.in3, chunk);
    call.out = value(op.out, chunk);
    call.tokens = chunk.count;
    call.firstPosition = run.firstPosition + chunk.begin;
    call.block = op.block;
    call.cache = run.cache;
    m_kernels->attention(call, run.context);
}

void GraphExecutable::runSplit(const Chunk& chunk, const Op& op) {
    const float* in = value(op.in, chunk);
    for (int64_t token = 0; token < chunk.count; ++token) {
        for (const ValueId part : {op.out, op.out2, op.out3}) {
            const int64_t partWidth = width(part);
            std::memcpy(value(part, chunk) + token * partWidth, in, static_cast<size_t>(partWidth) * sizeof(float));
            in += partWidth;
        }
    }
}

Status GraphExecutable::runLinears(const Run& run, const Chunk& chunk, std::span<const Op> ops) {
    const float* in = value(ops.front().in, chunk);
    if (run.options.capture) {
        const int64_t channels = width(ops.front().in);
        const ActivationStats stats =
            recordActivations({in, static_cast<size_t>(chunk.count * channels)}, channels, run.context);
        for (const Op& op : ops) {
            mergeActivations(run.options.capture->byWeight[m_graph->weights[static_cast<size_t>(op.weight)].name],
                             stats);
        }
    }
    if (run.moments && isSummedUp(*m_graph, ops.front())) {
        const int64_t channels = width(ops.front().in);
        const std::span rows(in, static_cast<size_t>(chunk.count * channels));
        HT_TRY(run.moments->add(weightsOf(ops), rows, channels, run.context));
    }
    Arithmetic arithmetic = run.options.arithmetic;
    const float* steps = nullptr;
    if (roundsInput(*m_graph, ops.front(), run.format)) {
        in = roundInput(run, chunk, ops.front());
        arithmetic = Arithmetic::kFloat;  // rounded inputs would be rounded once more
        if (std::ranges::none_of(m_steps, [](float step) { return std::isnan(step); })) steps = m_steps.data();
    }
    std::vector<LinearCall> calls;
    for (const Op& op : ops) {
        calls.push_back({&m_weights.at(op.weight), vectorWeight(op.bias), in, value(op.out, chunk), chunk.count,
                         arithmetic, steps});
    }
    return m_kernels->linear(calls, run.context);
}

/// The rows that enter a linear layer as the sequence's format leaves them.
const float* GraphExecutable::roundInput(const Run& run, const Chunk& chunk, const Op& op) {
    const ActivationFormat& format = run.format.activations;
    const int64_t channels = width(op.in);
    const float* in = value(op.in, chunk);
    const float scale = format.scales ? (*format.scales)[static_cast<size_t>(op.weight)] : 0.0f;
    growTo(m_rounded, chunk.count * channels);
    m_steps.resize(static_cast<size_t>(chunk.count));
    float* out = floatsOf(m_rounded);
    run.context.pool.parallelFor(chunk.count, 8, [&](int64_t begin, int64_t end) {
        for (int64_t token = begin; token < end; ++token)
            m_steps[static_cast<size_t>(token)] =
                roundActivations(format.rounding, scale, in + token * channels, out + token * channels, channels);
    });
    return out;
}

}  // namespace halftone
