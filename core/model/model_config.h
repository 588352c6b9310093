// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"

namespace halftone {

class Checkpoint;

enum class Architecture : uint8_t { kLlama, kMistral, kQwen2, kQwen3, kGpt2 };
/// "llama", "mistral", ...
[[nodiscard]] std::string_view architectureName(Architecture architecture);

enum class RopeStyle : uint8_t {
    kNone,
    kHalfSplit,    ///< pairs (j, j + n/2): Hugging Face layout ("NEOX")
    kInterleaved,  ///< pairs (2j, 2j + 1): GGUF llama layout ("NORM")
};

enum class Activation : uint8_t { kSilu, kGeluErf, kGeluTanh };

/// Hyper-parameters of a model that runs here, read from config.json or GGUF metadata. A value. Source: the reference
/// page on architectures.
struct ModelConfig {
    Architecture architecture = Architecture::kLlama;
    int64_t vocabSize = 0;
    int64_t hiddenSize = 0;
    int64_t ffnSize = 0;
    int64_t blockCount = 0;
    int64_t headCount = 0;
    int64_t kvHeadCount = 0;
    int64_t headDim = 0;
    int64_t contextLength = 0;
    float normEpsilon = 1e-5f;
    RopeStyle ropeStyle = RopeStyle::kHalfSplit;
    int64_t rotaryDim = 0;
    double ropeBase = 10000.0;
    /// The rotation angle of pair k at position p is p * inverseFrequencies[k]: base^(-2k/rotaryDim) with every scaling
    /// (linear, llama3, yarn, GGUF's rope_freqs tensor) already applied; rotaryDim/2 entries, empty without RoPE.
    std::vector<float> inverseFrequencies;
    float ropeAttentionFactor = 1.0f;  ///< multiplies cos and sin (yarn)
    float attentionScale = 0;          ///< usually headDim^-1/2
    int64_t slidingWindow = 0;         ///< keys a query sees, itself included; 0: full attention
    int64_t slidingWindowFirstBlock =
        0;  ///< blocks before this one attend fully all the same (Qwen's max_window_layers)
    Activation activation = Activation::kSilu;
    bool tiedEmbeddings = false;
    std::optional<int64_t> bosToken, eosToken;

    [[nodiscard]] int64_t qSize() const { return headCount * headDim; }
    [[nodiscard]] int64_t kvSize() const { return kvHeadCount * headDim; }
    /// Window of one block's attention; 0: full.
    [[nodiscard]] int64_t windowOf(int64_t block) const { return block >= slidingWindowFirstBlock ? slidingWindow : 0; }
};

/// Reads and validates the hyper-parameters against the tensors' shapes. kUnsupported with a sentence that names the
/// architecture where it does not run here (the checkpoint still opens for weights).
Result<ModelConfig> readModelConfig(const Checkpoint& checkpoint);

}  // namespace halftone
