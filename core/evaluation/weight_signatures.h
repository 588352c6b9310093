// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/base/job_context.h"
#include "core/inference/model_weights.h"

namespace halftone {

/// Tells by content which parts of a model's weights are the same: what a state at a block boundary depends on gets one
/// number, equal for equal weights, wherever they lie in memory. Tensors that are where they were are not looked at;
/// others are hashed once. Not thread-safe. Private to core/evaluation.
class WeightSignatures {
  public:
    /// `initial` is kept alive: a tensor is told from it by its address first.
    WeightSignatures(const ModelGraph& graph, ModelWeights initial);

    struct Chain {
        std::vector<uint64_t> boundary;  ///< [b]: of everything before block b; blockCount + 1 entries
        uint64_t whole = 0;              ///< of all weights
        bool operator==(const Chain&) const = default;
    };
    Chain of(const ModelWeights& weights, const JobContext& context);

  private:
    struct Seen {
        PackedTensor tensor;
        uint64_t id = 0;  // 0: the content of the initial tensor
    };
    [[nodiscard]] uint64_t idOf(size_t slot, const PackedTensor& tensor);

    std::vector<std::vector<WeightId>> m_stages;  // prologue, blocks, epilogue: the weights that each uses
    ModelWeights m_initial;
    std::vector<std::optional<uint64_t>> m_initialHashes;
    std::vector<Seen> m_seen;
};

}  // namespace halftone
