// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/inference/backend.h"

namespace halftone {

/// Inputs of linear layers, summed up on the processor: for executables that compute there and for what a device has no
/// room for. Same result for any number of threads.
class HostInputMoments final : public InputMoments {
  public:
    HostInputMoments(std::shared_ptr<const ModelGraph> graph, bool withHessians)
        : m_graph(std::move(graph)), m_withHessians(withHessians) {}

    /// Rows of the input that these weights share, one of `channels` values for each token.
    Status add(std::span<const WeightId> readers, std::span<const float> rows, int64_t channels,
               const JobContext& context);
    Result<std::map<std::string, InputStatistics>> take(const JobContext& context) override;

  private:
    struct Input {
        InputAccumulator accumulator;
        std::vector<WeightId> readers;
    };
    std::shared_ptr<const ModelGraph> m_graph;
    bool m_withHessians;
    std::map<WeightId, Input> m_inputs;  ///< by the first weight that reads it
};

/// Whether the inputs of a linear operation belong to the sums: it runs inside a block.
[[nodiscard]] inline bool isSummedUp(const ModelGraph& graph, const Op& op) {
    return op.kind == OpKind::kLinear && op.block >= 0 && op.block < graph.config.blockCount;
}
/// The weights that linear operations read.
std::vector<WeightId> weightsOf(std::span<const Op> ops);

}  // namespace halftone
