// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/inference/model_weights.h"

#include <fmt/format.h>

#include "core/checkpoint/checkpoint.h"

namespace halftone {
namespace {

Status checkShape(const WeightSlot& slot, int64_t rows, int64_t cols, const std::string& name) {
    if (rows == slot.rows && cols == slot.cols) return {};
    return makeError(ErrorCode::kInvalidData, fmt::format("Tensor '{}' is {} x {}, but the model needs {} x {}.", name,
                                                          rows, cols, slot.rows, slot.cols));
}

/// A norm weight or bias as one row of F32 in memory.
Result<PackedTensor> loadVector(const std::shared_ptr<const Checkpoint>& checkpoint, const TensorInfo& tensor) {
    HT_ASSIGN_OR_RETURN(const auto source, openRows(checkpoint, tensor));
    auto values = std::make_shared<std::vector<float>>(static_cast<size_t>(source->cols()));
    HT_TRY(source->readRows(0, 1, *values));
    PackedTensor packed;
    packed.layout = PackedLayout::of(Format::of(DType::kF32), source->cols());
    packed.rows = 1;
    packed.bytes = std::as_bytes(std::span<const float>(*values));
    packed.owner = std::move(values);
    return packed;
}

}  // namespace

Result<ModelWeights> ModelWeights::fromCheckpoint(const ModelGraph& graph,
                                                  std::shared_ptr<const Checkpoint> checkpoint) {
    std::map<std::string, PackedTensor> loaded;
    ModelWeights weights;
    for (const WeightSlot& slot : graph.weights) {
        if (const auto found = loaded.find(slot.name); found != loaded.end()) {
            HT_TRY(checkShape(slot, found->second.rows, found->second.cols(), slot.name));
            weights.m_tensors.push_back(found->second);
            continue;
        }
        const TensorInfo* tensor = checkpoint->find(slot.name);
        if (!tensor) {
            return makeError(
                ErrorCode::kInvalidData,
                fmt::format("The checkpoint has no tensor '{}', which the model needs; a part of it may be missing.",
                            slot.name));
        }
        HT_TRY(checkShape(slot, tensor->rows(), tensor->cols(), tensor->name));
        HT_ASSIGN_OR_RETURN(PackedTensor packed,
                            slot.isVector ? loadVector(checkpoint, *tensor) : openPacked(checkpoint, *tensor));
        loaded.emplace(slot.name, packed);
        weights.m_tensors.push_back(std::move(packed));
    }
    return weights;
}

Result<ModelWeights> ModelWeights::fromTensors(const ModelGraph& graph, std::vector<PackedTensor> tensors) {
    if (tensors.size() != graph.weights.size()) {
        return makeError(ErrorCode::kInvalidArgument, fmt::format("{} tensors were given for a model that needs {}.",
                                                                  tensors.size(), graph.weights.size()));
    }
    for (size_t index = 0; index < tensors.size(); ++index) {
        HT_TRY(checkShape(graph.weights[index], tensors[index].rows, tensors[index].cols(), graph.weights[index].name));
    }
    ModelWeights weights;
    weights.m_tensors = std::move(tensors);
    return weights;
}

ModelWeights ModelWeights::with(const ModelGraph& graph, const std::string& canonicalName, PackedTensor tensor) const {
    ModelWeights changed = *this;
    for (size_t index = 0; index < graph.weights.size() && index < changed.m_tensors.size(); ++index) {
        if (graph.weights[index].name == canonicalName) changed.m_tensors[index] = tensor;
    }
    return changed;
}

}  // namespace halftone
