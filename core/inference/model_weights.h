// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/base/job_context.h"
#include "core/model/model_graph.h"
#include "core/quant/formats/packed_tensor.h"

namespace halftone {

/// The weights of one graph, packed, indexed by WeightId. Matrices lie in the mapped checkpoint or in quantized copies;
/// vectors (norms, biases) are F32, one row. Cheap to copy, immutable; an edit makes a new value that shares the rest.
class ModelWeights {
  public:
    /// Binds every slot of the graph to the checkpoint's tensors; the error names what is missing or misshapen.
    static Result<ModelWeights> fromCheckpoint(const ModelGraph& graph, std::shared_ptr<const Checkpoint> checkpoint);

    /// Weights that lie in memory already, one per slot of the graph in the order of ModelGraph::weights. The error
    /// names a tensor whose shape is not its slot's.
    static Result<ModelWeights> fromTensors(const ModelGraph& graph, std::vector<PackedTensor> tensors);

    [[nodiscard]] const PackedTensor& at(WeightId id) const { return m_tensors[static_cast<size_t>(id)]; }
    [[nodiscard]] size_t size() const { return m_tensors.size(); }
    /// The same weights with the tensor of a canonical name replaced, in every slot that names it.
    [[nodiscard]] ModelWeights with(const ModelGraph& graph, const std::string& canonicalName,
                                    PackedTensor tensor) const;

  private:
    std::vector<PackedTensor> m_tensors;
};

}  // namespace halftone
