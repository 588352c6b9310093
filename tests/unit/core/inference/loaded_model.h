// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/checkpoint/checkpoint.h"
#include "core/inference/backend.h"

namespace halftone::test {

/// A checkpoint with its graph and weights, and what a backend made of them.
struct LoadedModel {
    std::shared_ptr<const Checkpoint> checkpoint;
    std::shared_ptr<const ModelGraph> graph;
    ModelWeights weights;
    std::unique_ptr<Executable> executable;
};

/// Every step of opening a model but the last: nothing is compiled. The first failure is the result.
Result<LoadedModel> openModel(const std::filesystem::path& path);
/// The same, compiled for one backend.
Result<LoadedModel> loadModel(const std::filesystem::path& path, Backend& backend);

/// Logits of positions [begin, end) of one call, row after row.
Result<std::vector<float>> runLogits(Executable& executable, Sequence& sequence, std::span<const TokenId> tokens,
                                     int64_t begin, int64_t end, const JobContext& context = JobContext());

/// Greedy continuation.
Result<std::vector<TokenId>> greedy(Executable& executable, std::span<const TokenId> prompt, int64_t count);

/// The tensor in another format, its bytes in memory of its own.
PackedTensor requantized(const PackedTensor& tensor, const char* format);

/// max |a - b| / max |b|.
double relativeError(std::span<const float> a, std::span<const float> b);

/// "cpu-reference" or "cpu".
std::shared_ptr<Backend> backendByName(const std::string& name);

}  // namespace halftone::test
