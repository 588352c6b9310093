// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/checkpoint/checkpoint.h"
#include "core/export/gguf_export.h"
#include "core/model/model_config.h"

namespace halftone {

/// Metadata of the exported file: copied from a GGUF source (split and alignment keys dropped), else made from
/// config.json
/// (`config`) and the tokenizer; a checkpoint without a configuration gets general.architecture "unknown". Things worth
/// telling are added to `problems`. Provenance is not part of it.
Result<GgufMetadata> buildExportMetadata(const Checkpoint& checkpoint, const std::optional<ModelConfig>& config,
                                         const std::vector<ExportTensorPlan>& tensors,
                                         std::vector<RecipeProblem>& problems);

/// Adds halftone.* and quantize.imatrix.* (reference page on GGUF, section 3).
void addProvenance(GgufMetadata& metadata, const Checkpoint& checkpoint, const std::string& recipeText,
                   const ImportanceData& importance);

/// Divisors of the rotary frequencies for rope_freqs.weight where config.json asks for llama3 scaling; else empty.
std::vector<float> ropeDivisors(const Checkpoint& checkpoint, const ModelConfig& config);

/// general.file_type of a mixture: that of the type which holds most values of weight matrices.
uint32_t majorityFileType(const std::vector<ExportTensorPlan>& tensors);

/// Bytes of header, metadata and tensor infos as written, padding included.
int64_t ggufHeaderBytes(const GgufMetadata& metadata, const std::vector<ExportTensorPlan>& tensors);

}  // namespace halftone
