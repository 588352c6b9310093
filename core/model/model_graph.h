// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/model_config.h"
#include "core/tensor/tensor_info.h"

namespace halftone {

/// Index of a weight in ModelGraph::weights; -1: none.
using WeightId = int32_t;
/// Index of an activation buffer in ModelGraph::values.
using ValueId = int32_t;

/// One weight that the graph needs, by canonical name. The same tensor may be named twice (tied embeddings).
struct WeightSlot {
    std::string name;  ///< canonical ("blk.0.attn_q.weight")
    TensorRole role = TensorRole::kOther;
    int block = -1;
    int64_t rows = 0;
    int64_t cols = 0;
    bool isVector = false;  ///< norm weight or bias: kept in F32
};

/// One activation buffer: `width` floats per token.
struct ValueSlot {
    std::string name;
    int64_t width = 0;
};

/// The operations of a forward pass. Every backend implements each of them for T tokens at positions [p, p+T).
enum class OpKind : uint8_t {
    kEmbed,            ///< out = weight[token]                        (weight: token embedding)
    kAddPosition,      ///< out = in + weight[position]                (weight: learned positions)
    kRmsNorm,          ///< out = in / rms(in) * weight
    kLayerNorm,        ///< out = (in - mean) / sd * weight + bias
    kHeadRmsNorm,      ///< RMS norm over each head of headDim         (q/k norm); weight of headDim
    kLinear,           ///< out = weight * in (+ bias)
    kRope,             ///< rotates each head of in
    kAttention,        ///< out = softmax(q k^T * scale + causal mask) v over the block's cache; appends k, v first
    kGatedActivation,  ///< out = act(in) * in2
    kActivation,       ///< out = act(in)
    kAdd,              ///< out = in + in2                             (residual)
    kSplit3,           ///< out, out2, out3 = consecutive parts of in  (fused qkv)
};

/// One operation. Unused ids are -1.
struct Op {
    OpKind kind{};
    int block = -1;  ///< transformer block, -1 before the first, blockCount after the last
    ValueId in = -1, in2 = -1, in3 = -1;
    ValueId out = -1, out2 = -1, out3 = -1;
    WeightId weight = -1, bias = -1;
    int64_t heads = 0;  ///< kHeadRmsNorm, kRope: heads in the buffer
};

/// One forward pass as data: a flat list of operations over named weights and activation buffers. An architecture is a
/// function that builds it; backends execute it without knowing the architecture.
///
/// Rules that every graph keeps and every backend may rely on:
///  - only the value `hidden` carries anything from one block (or from prologue or epilogue) to the next, so a backend
///  may
///    run a block for some tokens after the others, and start anywhere with a given hidden state;
///  - kRope, kHeadRmsNorm, kAdd and kAddPosition may write the buffer they read (out == in); no other operation does;
///  - at most one kAttention per block; its keys and values are cached under `block`;
///  - if `logits` is not -1, the last operation is a kLinear that writes it, and nothing else writes or reads it;
///  - the epilogue (after the last block) has no operation that depends on positions, so it may run for some tokens
///  only;
///  - a learned position table (kAddPosition) has at least config.contextLength rows.
/// A graph needs no architecture behind it: a few operations on `hidden` with `logits` = -1 are run by passing
/// `hiddenIn` and read back through `boundarySink` (that is how the conformance suite runs one operation at a time).
struct ModelGraph {
    ModelConfig config;
    std::vector<WeightSlot> weights;
    std::vector<ValueSlot> values;
    std::vector<Op> ops;  ///< in order: prologue (block -1), blocks 0..L-1, epilogue (block L)
    ValueId hidden = -1;  ///< the residual stream: holds the state at every block boundary
    ValueId logits = -1;  ///< vocabSize wide; written by the last op
    /// ops[blockBegin[b] .. blockBegin[b+1]) belong to block b; size blockCount + 1. Before: prologue; after: epilogue.
    std::vector<int32_t> blockBegin;

    [[nodiscard]] WeightId findWeight(std::string_view canonicalName) const;
};

/// The graph of a checkpoint's architecture.
Result<ModelGraph> buildGraph(const ModelConfig& config, const Checkpoint& checkpoint);

}  // namespace halftone
