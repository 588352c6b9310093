// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "core/base/aligned_buffer.h"
#include "core/inference/backend.h"
#include "core/inference/graph_timer.h"
#include "core/inference/op_kernels.h"

namespace halftone {

/// Runs a graph operation by operation over the kernels of one CPU backend: prologue, blocks, epilogue; each of them
/// for chunks of tokens, so that buffers stay small however long the input is. Holds only the residual stream for all
/// tokens. Logits exist for a few positions or a tile of the vocabulary at a time. Not thread-safe. Private to
/// core/inference.
class GraphExecutable final : public Executable {
  public:
    /// The kernels refer to graph->config.
    GraphExecutable(std::shared_ptr<const ModelGraph> graph, ModelWeights weights, std::unique_ptr<OpKernels> kernels);

    [[nodiscard]] const ModelGraph& graph() const override { return *m_graph; }
    using Executable::createSequence;
    Result<std::unique_ptr<Sequence>> createSequence(int64_t capacity, const RunFormat& format) override;
    Status forward(Sequence& sequence, std::span<const TokenId> tokens, const ForwardOptions& options,
                   const JobContext& context) override;
    Status updateWeights(const ModelWeights& weights, const JobContext& context) override;
    Status profileInto(OpProfile* profile) override;
    Result<std::unique_ptr<InputMoments>> createInputMoments(bool withHessians) override;

  private:
    struct Run;
    struct Chunk;

    Status runAll(const Run& run);
    Status runBlocks(const Run& run);
    Status runOps(const Run& run, const Chunk& chunk, int32_t begin, int32_t end);
    Status runTogether(const Run& run, const Chunk& chunk, std::span<const Op> ops);
    Status runOp(const Run& run, const Chunk& chunk, const Op& op);
    Status runLinears(const Run& run, const Chunk& chunk, std::span<const Op> ops);
    Status runTableOp(const Run& run, const Chunk& chunk, const Op& op);
    void runNorm(const Run& run, const Chunk& chunk, const Op& op);
    void runAttention(const Run& run, const Chunk& chunk, const Op& op);
    const float* roundInput(const Run& run, const Chunk& chunk, const Op& op);
    void runSplit(const Chunk& chunk, const Op& op);
    Status runEpilogue(const Run& run);
    Status runLogits(const Run& run, int64_t begin, int64_t end);
    Status runTargets(const Run& run, std::span<const int64_t> positions);
    Status runHead(const Run& run, const LinearCall& call);
    Status runHeadInput(const Run& run, std::span<const int64_t> positions);

    [[nodiscard]] float* value(ValueId id, const Chunk& chunk);
    [[nodiscard]] int64_t width(ValueId id) const { return m_graph->values[static_cast<size_t>(id)].width; }
    [[nodiscard]] const float* vectorWeight(WeightId id) const;
    void reserve(int64_t tokens);

    std::shared_ptr<const ModelGraph> m_graph;
    ModelWeights m_weights;
    std::unique_ptr<OpKernels> m_kernels;
    std::vector<AlignedBuffer> m_values;  // one per ValueSlot, for one chunk; that of `hidden` for all tokens
    AlignedBuffer m_gathered;             // hidden rows of the positions whose logits are wanted
    AlignedBuffer m_logits;
    AlignedBuffer m_positionRow;
    std::optional<GraphTimer> m_timer;  // while there is a profile
    AlignedBuffer m_rounded;            // the input of a linear layer, where the sequence's format rounds it
    std::vector<float> m_steps;         // of the rows of m_rounded: roundActivations()
};

/// Checks that every matrix fits its slot, for compile() and updateWeights().
Status checkWeights(const ModelGraph& graph, const ModelWeights& weights);

}  // namespace halftone
