// SPDX-License-Identifier: GPL-3.0-or-later
#include <set>

#include <fmt/format.h>

#include "core/checkpoint/checkpoint.h"
#include "core/model/model_graph.h"

namespace halftone {
namespace {

/// Whether a bias belongs to the architecture or is taken along where the checkpoint has one.
enum class BiasRule { kRequired, kIfPresent };

/// Appends weights, buffers and operations; the architectures below say in which order.
class GraphBuilder {
  public:
    GraphBuilder(const ModelConfig& config, const Checkpoint& checkpoint) : m_checkpoint(checkpoint) {
        m_graph.config = config;
    }

    [[nodiscard]] const ModelConfig& config() const { return m_graph.config; }
    [[nodiscard]] int block() const { return m_block; }

    ValueId value(std::string name, int64_t width) {
        m_graph.values.push_back({std::move(name), width});
        return static_cast<ValueId>(m_graph.values.size() - 1);
    }
    WeightId matrix(TensorRole role, const std::string& name, int64_t rows, int64_t cols) {
        return weight({name + ".weight", role, m_block, rows, cols, false});
    }
    WeightId vector(TensorRole role, const std::string& name, int64_t size) {
        return weight({name, role, m_block, 1, size, true});
    }

    void beginBlock(int block) {
        m_block = block;
        m_graph.blockBegin.push_back(static_cast<int32_t>(m_graph.ops.size()));
    }
    Op& add(OpKind kind, ValueId in, ValueId out) {
        Op op;
        op.kind = kind;
        op.block = m_block;
        op.in = in;
        op.out = out;
        m_graph.ops.push_back(op);
        return m_graph.ops.back();
    }
    /// "blk.3.attn_q" inside block 3, "output_norm" outside.
    [[nodiscard]] std::string prefixed(std::string_view part) const {
        const bool inBlock = m_block >= 0 && m_block < config().blockCount;
        return inBlock ? fmt::format("blk.{}.{}", m_block, part) : std::string(part);
    }
    void linear(TensorRole role, ValueId in, ValueId out, BiasRule biasRule) {
        const std::string name = prefixed(roleName(role));
        const int64_t rows = width(out);
        const WeightId weightId = matrix(role, name, rows, width(in));
        const bool hasBias = biasRule == BiasRule::kRequired || m_checkpoint.find(name + ".bias");
        const WeightId biasId = hasBias ? vector(role, name + ".bias", rows) : -1;
        Op& op = add(OpKind::kLinear, in, out);
        op.weight = weightId;
        op.bias = biasId;
    }
    void rmsNorm(TensorRole role, ValueId in, ValueId out) {
        const WeightId id = vector(role, prefixed(roleName(role)) + ".weight", width(in));
        add(OpKind::kRmsNorm, in, out).weight = id;
    }
    void layerNorm(TensorRole role, ValueId in, ValueId out) {
        const std::string name = prefixed(roleName(role));
        const WeightId weightId = vector(role, name + ".weight", width(in));
        const WeightId biasId = vector(role, name + ".bias", width(in));
        Op& op = add(OpKind::kLayerNorm, in, out);
        op.weight = weightId;
        op.bias = biasId;
    }
    void headNorm(TensorRole role, ValueId inOut, int64_t heads) {
        const WeightId id = vector(role, prefixed(roleName(role)) + ".weight", config().headDim);
        Op& op = add(OpKind::kHeadRmsNorm, inOut, inOut);
        op.weight = id;
        op.heads = heads;
    }
    void addInPlace(ValueId hidden, ValueId change) { add(OpKind::kAdd, hidden, hidden).in2 = change; }

    [[nodiscard]] int64_t width(ValueId id) const { return m_graph.values[static_cast<size_t>(id)].width; }
    ModelGraph& graph() { return m_graph; }

  private:
    WeightId weight(WeightSlot slot) {
        m_graph.weights.push_back(std::move(slot));
        return static_cast<WeightId>(m_graph.weights.size() - 1);
    }

    const Checkpoint& m_checkpoint;
    ModelGraph m_graph;
    int m_block = -1;
};

/// Buffers that every block uses again.
struct Buffers {
    ValueId hidden, normed, q, k, v, attention, change, gate, up, activated;
};

Buffers makeBuffers(GraphBuilder& builder) {
    const ModelConfig& config = builder.config();
    Buffers buffers{};
    buffers.hidden = builder.value("hidden", config.hiddenSize);
    buffers.normed = builder.value("normed", config.hiddenSize);
    buffers.q = builder.value("q", config.qSize());
    buffers.k = builder.value("k", config.kvSize());
    buffers.v = builder.value("v", config.kvSize());
    buffers.attention = builder.value("attention", config.qSize());
    buffers.change = builder.value("change", config.hiddenSize);
    buffers.up = builder.value("up", config.ffnSize);
    buffers.activated = builder.value("activated", config.ffnSize);
    buffers.gate = -1;
    return buffers;
}

void addEmbedding(GraphBuilder& builder, const Buffers& buffers) {
    const ModelConfig& config = builder.config();
    const WeightId table =
        builder.matrix(TensorRole::kTokenEmbedding, "token_embd", config.vocabSize, config.hiddenSize);
    builder.add(OpKind::kEmbed, -1, buffers.hidden).weight = table;
    if (config.architecture != Architecture::kGpt2) return;
    const WeightId positions =
        builder.matrix(TensorRole::kPositionEmbedding, "position_embd", config.contextLength, config.hiddenSize);
    builder.add(OpKind::kAddPosition, buffers.hidden, buffers.hidden).weight = positions;
}

void addAttention(GraphBuilder& builder, const Buffers& buffers) {
    Op& op = builder.add(OpKind::kAttention, buffers.q, buffers.attention);
    op.in2 = buffers.k;
    op.in3 = buffers.v;
}

/// Everything from the last block's output to the logits.
void addHead(GraphBuilder& builder, const Buffers& buffers) {
    const ModelConfig& config = builder.config();
    builder.beginBlock(static_cast<int>(config.blockCount));
    if (config.architecture == Architecture::kGpt2) {
        builder.layerNorm(TensorRole::kOutputNorm, buffers.hidden, buffers.normed);
    } else {
        builder.rmsNorm(TensorRole::kOutputNorm, buffers.hidden, buffers.normed);
    }
    const ValueId logits = builder.value("logits", config.vocabSize);
    const char* name = config.tiedEmbeddings ? "token_embd" : "output";
    const WeightId weight = builder.matrix(TensorRole::kOutput, name, config.vocabSize, config.hiddenSize);
    builder.add(OpKind::kLinear, buffers.normed, logits).weight = weight;
    builder.graph().hidden = buffers.hidden;
    builder.graph().logits = logits;
}

/// Llama, Mistral, Qwen2 and Qwen3: pre-norm, rotary positions, gated feed-forward.
void addLlamaBlock(GraphBuilder& builder, const Buffers& buffers) {
    const ModelConfig& config = builder.config();
    const BiasRule qkvBias = config.architecture == Architecture::kQwen2 ? BiasRule::kRequired : BiasRule::kIfPresent;
    builder.rmsNorm(TensorRole::kAttnNorm, buffers.hidden, buffers.normed);
    builder.linear(TensorRole::kAttnQ, buffers.normed, buffers.q, qkvBias);
    builder.linear(TensorRole::kAttnK, buffers.normed, buffers.k, qkvBias);
    builder.linear(TensorRole::kAttnV, buffers.normed, buffers.v, qkvBias);
    if (config.architecture == Architecture::kQwen3) {
        builder.headNorm(TensorRole::kAttnQNorm, buffers.q, config.headCount);
        builder.headNorm(TensorRole::kAttnKNorm, buffers.k, config.kvHeadCount);
    }
    builder.add(OpKind::kRope, buffers.q, buffers.q).heads = config.headCount;
    builder.add(OpKind::kRope, buffers.k, buffers.k).heads = config.kvHeadCount;
    addAttention(builder, buffers);
    builder.linear(TensorRole::kAttnOutput, buffers.attention, buffers.change, BiasRule::kIfPresent);
    builder.addInPlace(buffers.hidden, buffers.change);
    builder.rmsNorm(TensorRole::kFfnNorm, buffers.hidden, buffers.normed);
    builder.linear(TensorRole::kFfnGate, buffers.normed, buffers.gate, BiasRule::kIfPresent);
    builder.linear(TensorRole::kFfnUp, buffers.normed, buffers.up, BiasRule::kIfPresent);
    builder.add(OpKind::kGatedActivation, buffers.gate, buffers.activated).in2 = buffers.up;
    builder.linear(TensorRole::kFfnDown, buffers.activated, buffers.change, BiasRule::kIfPresent);
    builder.addInPlace(buffers.hidden, buffers.change);
}

/// GPT-2: pre-norm with LayerNorm, fused q, k, v, plain feed-forward, biases everywhere.
void addGpt2Block(GraphBuilder& builder, const Buffers& buffers, ValueId qkv) {
    builder.layerNorm(TensorRole::kAttnNorm, buffers.hidden, buffers.normed);
    builder.linear(TensorRole::kAttnQkv, buffers.normed, qkv, BiasRule::kRequired);
    Op& split = builder.add(OpKind::kSplit3, qkv, buffers.q);
    split.out2 = buffers.k;
    split.out3 = buffers.v;
    addAttention(builder, buffers);
    builder.linear(TensorRole::kAttnOutput, buffers.attention, buffers.change, BiasRule::kRequired);
    builder.addInPlace(buffers.hidden, buffers.change);
    builder.layerNorm(TensorRole::kFfnNorm, buffers.hidden, buffers.normed);
    builder.linear(TensorRole::kFfnUp, buffers.normed, buffers.up, BiasRule::kRequired);
    builder.add(OpKind::kActivation, buffers.up, buffers.activated);
    builder.linear(TensorRole::kFfnDown, buffers.activated, buffers.change, BiasRule::kRequired);
    builder.addInPlace(buffers.hidden, buffers.change);
}

ModelGraph buildLlama(GraphBuilder builder) {
    Buffers buffers = makeBuffers(builder);
    buffers.gate = builder.value("gate", builder.config().ffnSize);
    addEmbedding(builder, buffers);
    for (int block = 0; block < builder.config().blockCount; ++block) {
        builder.beginBlock(block);
        addLlamaBlock(builder, buffers);
    }
    addHead(builder, buffers);
    return std::move(builder.graph());
}

ModelGraph buildGpt2(GraphBuilder builder) {
    const Buffers buffers = makeBuffers(builder);
    const ValueId qkv = builder.value("qkv", builder.config().qSize() + 2 * builder.config().kvSize());
    addEmbedding(builder, buffers);
    for (int block = 0; block < builder.config().blockCount; ++block) {
        builder.beginBlock(block);
        addGpt2Block(builder, buffers, qkv);
    }
    addHead(builder, buffers);
    return std::move(builder.graph());
}

/// A weight with a known role that the graph leaves out would silently change the model's output.
Status checkNothingIsLeftOut(const ModelGraph& graph, const Checkpoint& checkpoint) {
    std::set<std::string_view> used;
    for (const WeightSlot& slot : graph.weights) used.insert(slot.name);
    for (const TensorInfo& tensor : checkpoint.tensors()) {
        const bool isOutput = tensor.role == TensorRole::kOutput && !tensor.isBias;
        const bool mayBeLeft = tensor.role == TensorRole::kOther || tensor.role == TensorRole::kRopeFactors || isOutput;
        if (mayBeLeft || used.contains(tensor.canonicalName)) continue;
        return makeError(
            ErrorCode::kUnsupported,
            fmt::format(
                "The checkpoint holds '{}', which the architecture '{}' does not use as known here, so running it "
                "would give wrong results; its weights can still be browsed and quantized.",
                tensor.name, architectureName(graph.config.architecture)));
    }
    return {};
}

}  // namespace

Result<ModelGraph> buildGraph(const ModelConfig& config, const Checkpoint& checkpoint) {
    GraphBuilder builder(config, checkpoint);
    ModelGraph graph =
        config.architecture == Architecture::kGpt2 ? buildGpt2(std::move(builder)) : buildLlama(std::move(builder));
    HT_TRY(checkNothingIsLeftOut(graph, checkpoint));
    return graph;
}

}  // namespace halftone
