// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "core/export/gguf_export.h"
#include "core/model/model_graph.h"
#include "core/quant/transforms/rotated_rows.h"

namespace halftone {

/// How a model is rewritten so that its outputs stay and its weights and activations lose their outliers (QuaRot, arXiv
/// 2404.00456; the reference page on algorithms, section 12): the residual stream is rotated by one matrix, the values
/// of every attention head by another, both randomized Hadamard matrices that are folded into the weights, so that
/// nothing is left to do at run time. Norm weights go into the layers behind them first and become ones; a head that is
/// tied to the embedding becomes a tensor of its own. What needs work at run time (queries and keys after RoPE, the
/// input of the feed-forward's last layer) is not rotated.
struct ModelRotation {
    std::map<std::string, MatrixRotation> matrices;  ///< by canonical name; "output.weight" for the head
    std::map<std::string, int64_t> normSizes;        ///< norm weights that become ones
    std::map<std::string, std::shared_ptr<const Rotation>> biases;
    bool separatesHead = false;
};

struct RotationSettings {
    uint64_t seed = 1;
    bool headValues = true;  ///< also inside the heads, between values and attention output
};

/// kUnsupported with one sentence where the architecture does not allow it: a norm that takes off the mean, a layer
/// between the residual stream and a norm, a size without a Hadamard matrix. Reads norm weights only.
Result<ModelRotation> planRotation(const std::shared_ptr<const Checkpoint>& checkpoint, const ModelGraph& graph,
                                   const RotationSettings& settings);

/// Writes the rotated model as a GGUF file of F32, F16 or BF16 matrices, which opens like any other checkpoint. Memory:
/// the largest matrix of an attention output or feed-forward output as F32.
Result<ExportReport> exportRotated(const std::shared_ptr<const Checkpoint>& checkpoint, const ModelGraph& graph,
                                   const RotationSettings& settings, DType storage, const std::filesystem::path& target,
                                   const JobContext& context);

}  // namespace halftone
