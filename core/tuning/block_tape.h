// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/base/job_context.h"
#include "core/model/model_graph.h"

namespace halftone {

/// Windows that run through a block together: their hidden states one behind the other, positions from 0 in each.
struct WindowBatch {
    std::span<const float> hidden;     ///< tokens * hiddenSize
    std::span<const int64_t> lengths;  ///< tokens of each window, all positive
};

/// One block of a graph in binary32 that can be gone through backwards: what a change of each matrix does to the
/// block's output (reverse-mode differentiation). Every value of the forward pass stays until the next one, so memory
/// is that of a block's activations for all tokens of a batch, twice. Same result for any number of threads. Not
/// thread-safe. Borrows the graph and the weights.
class BlockTape {
  public:
    /// Precondition: 0 <= block < blockCount.
    BlockTape(const ModelGraph& graph, int block);

    /// Weights that the block reads, vectors included.
    [[nodiscard]] const std::vector<WeightId>& weights() const { return m_weights; }
    /// Values of a weight, rows * cols, row-major. All must be set before forward(); a second call replaces the first.
    void setWeight(WeightId id, std::span<const float> values);
    /// Asks for the gradient of a matrix in backward(). Before the first forward().
    void want(WeightId id);

    /// kCancelled; the output is not valid then.
    Status forward(const WindowBatch& batch, const JobContext& context);
    /// Hidden states behind the block, of the last forward().
    [[nodiscard]] std::span<const float> output() const;
    /// Takes the derivative of some figure by the output, finds that by every matrix asked for.
    Status backward(std::span<const float> outputGradient, const JobContext& context);
    /// rows * cols, of the last backward(). Precondition: want(id).
    [[nodiscard]] std::span<const float> gradient(WeightId id) const;

  private:
    /// A value as one operation wrote it: buffers that are written again become another one.
    struct Node {
        int64_t width = 0;
        bool isWanted = false;  ///< depends on a matrix that is asked for
        std::vector<float> values, gradient;
    };
    /// An operation over nodes; -1: none.
    struct Step {
        const Op* op = nullptr;
        int in = -1, in2 = -1, in3 = -1, out = -1, out2 = -1, out3 = -1;
    };
    struct Weight {
        std::span<const float> values;
        std::vector<float> gradient;
        bool isWanted = false;
    };

    int addNode(ValueId id, std::vector<int>& current);
    void addWeight(WeightId id);
    void markWanted();
    void runForward(const Step& step, const JobContext& context);
    void runBackward(const Step& step, const JobContext& context);
    void linearForward(const Step& step, const JobContext& context);
    void linearBackward(const Step& step, const JobContext& context);
    void attentionForward(const Step& step, const JobContext& context);
    void attentionBackward(const Step& step, const JobContext& context);
    void splitForward(const Step& step);
    void splitBackward(const Step& step);
    void prepareRotations(int64_t positions);

    Node& node(int index) { return m_nodes[static_cast<size_t>(index)]; }
    [[nodiscard]] std::span<const float> vector(WeightId id) const;
    [[nodiscard]] int64_t tokens() const { return static_cast<int64_t>(m_positions.size()); }

    const ModelGraph& m_graph;
    std::vector<Node> m_nodes;
    std::vector<Step> m_steps;
    std::vector<WeightId> m_weights;
    std::vector<Weight> m_weightValues;  // by WeightId
    int m_input = 0, m_output = 0;       // nodes of `hidden`
    std::vector<int64_t> m_lengths;
    std::vector<int32_t> m_positions;       // by token
    std::vector<float> m_cosines, m_sines;  // position x pair
    std::vector<float> m_transposed;        // scratch of linearForward
};

}  // namespace halftone
