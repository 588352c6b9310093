// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/base/mapped_file.h"
#include "core/checkpoint/checkpoint.h"

namespace halftone {

/// What the readers of the single kinds hand to Checkpoint. Internal to this room.
struct CheckpointParts {
    CheckpointKind kind = CheckpointKind::kHuggingFace;
    std::filesystem::path path;
    std::string name;
    std::string architecture;
    std::string configJson;
    GgufMetadata gguf;
    std::vector<TensorInfo> tensors;
    std::vector<std::shared_ptr<const MappedFile>> files;
    std::vector<uint64_t> headerBytes;  ///< of each file
    std::vector<CheckpointWarning> warnings;
};

/// One GGUF file, or all splits of the model that `path` is one split of.
Result<CheckpointParts> openGgufFiles(const std::filesystem::path& path);

/// A folder: Hugging Face files, else the GGUF model in it, else tokenizer files.
Result<CheckpointParts> openFolder(const std::filesystem::path& folder);

/// A .safetensors file: the folder's checkpoint if it belongs to one, else the bare file.
Result<CheckpointParts> openSafetensorsFile(const std::filesystem::path& path);

/// A *.safetensors.index.json with its shards.
Result<CheckpointParts> openSafetensorsIndexFile(const std::filesystem::path& path);

}  // namespace halftone
