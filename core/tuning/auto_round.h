// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "core/base/job_context.h"
#include "core/model/model_graph.h"
#include "core/quant/formats/packed_tensor.h"

namespace halftone {

/// AutoRound (SignRound, arXiv 2309.05516). Source of the steps: the reference page on algorithms, section 6.
///
/// All matrices of a block that are to be tuned learn together: which of its two neighbouring levels each value takes,
/// and by which factor each scale differs from the one that was fitted, so that the squared error of the block's output
/// on calibration windows becomes small. Steps go down the derivative, their size falls linearly to 0.
/// What differs from the paper: an error of a token counts by its share of the state, as the norm behind it sees it,
/// where the paper sums plain squares, of which a few massive states make up most; the start is a matrix that another
/// method has rounded (GPTQ), or scales of least squared error instead of the extremes; steps are in proportion to
/// small derivatives and alike for large ones, where the paper takes the sign of all; scales have one factor where the
/// paper has two, and move slowly; the state that is kept is the best of those measured on all windows, among them the
/// start, so that the result is never worse on the calibration; the inputs of a block are those of the original model,
/// so that blocks can be tuned apart and an edit of one leaves the others as they are.
struct AutoRoundSettings {
    int iterations = 100;
    int64_t batchTokens = 1024;  ///< of one step, in whole windows
    float reach = 0.2f;          ///< how far a value can get from where it was, in steps of its levels
    bool tuneScales = true;
    bool operator==(const AutoRoundSettings&) const = default;
};

/// A matrix of the block and what it will be stored as.
struct TunedMatrix {
    WeightId weight = -1;
    Format format;
    std::vector<float> importance{};  ///< one per column, for fitting scales; empty: all alike
    /// Codes to start from, of that format; nothing: those of the fitted scales.
    std::optional<PackedTensor> start{};
};

struct BlockTuning {
    const ModelGraph* graph = nullptr;
    int block = 0;
    std::vector<TunedMatrix> matrices;
    /// Values of every weight the block reads (BlockTape::weights()), row-major. The matrices that are not tuned take
    /// part as they are given.
    std::function<Result<std::vector<float>>(WeightId)> weight;
    std::span<const float> hidden;     ///< at the entry of the block, all windows one behind the other
    std::span<const int64_t> lengths;  ///< tokens of each window
    AutoRoundSettings settings;
};

struct TunedBlock {
    std::map<WeightId, PackedTensor> packed;
    double errorBefore = 0;  ///< mean over tokens of the output's squared error over its square, at the start
    double errorAfter = 0;
};

/// Progress in iterations; the caller names and sizes the stage. Deterministic. Memory: the block's weights in F32 five
/// times over and its activations for one batch twice. Preconditions: methodObstacle(kAutoRound, format) is empty for
/// each matrix; at least one token.
Result<TunedBlock> tuneBlock(const BlockTuning& tuning, const JobContext& context);

}  // namespace halftone
