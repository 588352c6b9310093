// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace halftone::test {

/// A small model with random weights, in the names and layout of a Hugging Face folder.
struct SyntheticModel {
    struct Tensor {
        std::vector<int64_t> shape;
        std::vector<float> values;
    };
    nlohmann::json config;
    std::map<std::string, Tensor> tensors;

    /// Adds a tensor of random values around `centre`.
    void add(const std::string& name, std::vector<int64_t> shape, float scale, float centre = 0.0f);
    /// config.json and model.safetensors (F32).
    void write(const std::filesystem::path& folder) const;

  private:
    uint64_t m_seed = 1;
};

/// What differs between the llama-like architectures.
struct SyntheticOptions {
    std::string modelType = "llama";
    int64_t headDim = 16;
    bool qkvBias = false;
    bool outputBias = false;
    bool headNorms = false;
    bool tied = false;
    nlohmann::json extra = nlohmann::json::object();  ///< further keys of config.json
};

/// Three blocks, four heads, two key-value heads, width 48, feed-forward 80, vocabulary 97, context 160.
SyntheticModel makeSyntheticModel(const SyntheticOptions& options);

/// Logits of every position by the architecture's equations written out plainly in binary64, from the raw tensors:
/// shares nothing with the program. Sources: the reference page on architectures.
std::vector<std::vector<double>> plainForward(const SyntheticModel& model, const std::vector<int32_t>& tokens);

}  // namespace halftone::test
