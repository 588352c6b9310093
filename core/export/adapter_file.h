// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/base/job_context.h"
#include "core/checkpoint/gguf_writer.h"
#include "core/quant/corrections/correction.h"

namespace halftone {

/// The low-rank correction of one tensor of a written model.
struct AdapterTensor {
    std::string name;  ///< of the tensor in the model's file
    std::shared_ptr<const Correction> correction;
    bool isTable = false;  ///< rows of it are looked up: the token embedding
};

/// A LoRA adapter in GGUF form, as llama.cpp reads it: for each tensor "<name>.lora_a" (rank x columns) and
/// "<name>.lora_b" (rows x rank), F16, whose product it adds to what the tensor multiplies to, times alpha / rank, or
/// as it is where alpha is 0. Alpha is the rank where all tensors have the same one, else 0: the factor is always 1. Of
/// the token embedding lora_a is looked up (rows x rank) and lora_b multiplied (columns x rank).
struct AdapterFile {
    std::string architecture;  ///< general.architecture of the model
    std::string modelName;     ///< for general.name
    std::vector<AdapterTensor> tensors;
};

/// "model-lora.gguf" for "model.gguf".
[[nodiscard]] std::filesystem::path adapterPathFor(const std::filesystem::path& model);

/// Bytes of the factors of a rank r correction of a rows x cols matrix.
[[nodiscard]] int64_t adapterBytes(int64_t rank, int64_t rows, int64_t cols);

/// Writes the file, by temporary file and rename. Returns its size. Precondition: every tensor has a low-rank product.
Result<int64_t> writeAdapter(const AdapterFile& adapter, const std::filesystem::path& target,
                             const JobContext& context);

}  // namespace halftone
