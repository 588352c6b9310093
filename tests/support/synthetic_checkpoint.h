// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>

#include "core/base/error.h"
#include "core/tensor/dtype.h"

namespace halftone::test {

/// Shape of a made-up Llama checkpoint in Hugging Face layout.
struct SyntheticShape {
    int64_t hidden = 4096, ffn = 11008, layers = 32, heads = 32, kvHeads = 32, vocab = 32000, context = 4096;
    DType dtype = DType::kF16;              ///< F32, F16 or BF16
    bool isTied = false;                    ///< no lm_head
    int shards = 1;                         ///< more than one: with an index
    bool isSparse = false;                  ///< all data are holes: any size takes no room and no time
    uint64_t seed = 1;                      ///< of the weights: normal, standard deviation 0.02; norms 1
    std::filesystem::path tokenizerFolder;  ///< its tokenizer files are copied; empty: none
};

/// The shape of Llama 2 7B, and of Mistral 7B.
SyntheticShape llama7bShape();
SyntheticShape mistral7bShape();

/// Writes config.json, the safetensors file or files, and the tokenizer into `folder`, which is created. The same shape
/// and seed give the same bytes.
Status writeSyntheticCheckpoint(const std::filesystem::path& folder, const SyntheticShape& shape);

}  // namespace halftone::test
