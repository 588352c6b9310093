// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/unit/core/inference/loaded_model.h"
#include "tests/unit/core/inference/synthetic_model.h"

namespace halftone::test {

/// A small random model, the hidden states that the scalar reference sees at the entry of each block for a few windows,
/// and its weights in F32.
struct TuningModel {
    std::shared_ptr<const ModelGraph> graph;
    std::vector<std::vector<float>> weights;  ///< by WeightId
    std::vector<int64_t> lengths;
    std::vector<std::vector<float>> states;  ///< by block, from 1; all windows one behind the other
};

/// `name`: "llama", "qwen2", "qwen3" or "mistral" (sliding window of 7).
Result<TuningModel> makeTuningModel(const std::string& name, std::vector<int64_t> lengths = {19, 5});

/// The same for a checkpoint.
Result<TuningModel> openTuningModel(const std::filesystem::path& path, std::vector<int64_t> lengths);

/// Values in [-1, 1), the same on every machine.
std::vector<float> randomValues(size_t count, uint64_t seed);

}  // namespace halftone::test
