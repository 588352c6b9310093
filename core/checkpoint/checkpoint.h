// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "core/base/mapped_file.h"
#include "core/checkpoint/gguf_value.h"
#include "core/tensor/tensor_info.h"

namespace halftone {

enum class CheckpointKind {
    kHuggingFace,  ///< a folder: config.json, *.safetensors (one file, or shards with an index), tokenizer files
    kGguf,         ///< one GGUF file or its splits
    kTensorFile,   ///< a bare *.safetensors file without config.json
    kTokenizer,    ///< a folder that holds only tokenizer files: no tensors
};

/// Something odd that does not stop the checkpoint from being used. `tensor` names the tensor concerned, or is empty.
struct CheckpointWarning {
    std::string message;
    std::string tensor;
};

/// A model on disk, opened: headers parsed and validated, tensor data memory-mapped and untouched.
/// Immutable once open; every member may be called from any thread. Nothing that comes from the file is trusted:
/// open() checks all sizes, offsets and counts, so that later reads inside a tensor's byte range cannot fault.
class Checkpoint {
  public:
    /// Opens a folder, a .gguf file (any split of a split model), a .safetensors file or a *.safetensors.index.json.
    /// Reads headers only. Errors are one sentence that names the file and, where there is one, the tensor or byte
    /// offset.
    static Result<std::shared_ptr<const Checkpoint>> open(const std::filesystem::path& path);

    [[nodiscard]] CheckpointKind kind() const { return m_kind; }
    /// What was opened, absolute: the folder for kHuggingFace and kTokenizer (also where one of its files was given).
    [[nodiscard]] const std::filesystem::path& path() const { return m_path; }
    /// Short name to show: the folder's or file's, or general.name.
    [[nodiscard]] const std::string& name() const { return m_name; }
    /// In file order; for Hugging Face in natural order of (block, role, name).
    [[nodiscard]] std::span<const TensorInfo> tensors() const { return m_tensors; }
    /// By name as the file spells it or by canonical name; null if there is none.
    [[nodiscard]] const TensorInfo* find(std::string_view name) const;
    /// The tensor's stored bytes in the mapping; they may start at any address, so elements are to be copied out, not
    /// cast.
    [[nodiscard]] std::span<const std::byte> bytes(const TensorInfo& tensor) const;
    /// Lets the kernel reclaim the pages of a tensor that a streaming pass is done with.
    void dropPages(const TensorInfo& tensor) const;

    /// GGUF metadata (empty for the other kinds).
    [[nodiscard]] const GgufMetadata& gguf() const { return m_gguf; }
    /// Text of config.json (empty for the other kinds).
    [[nodiscard]] const std::string& configJson() const { return m_configJson; }
    /// Architecture as the file states it: general.architecture, or config.json's model_type. Empty if it says nothing.
    [[nodiscard]] const std::string& architecture() const { return m_architecture; }
    [[nodiscard]] std::span<const CheckpointWarning> warnings() const { return m_warnings; }
    [[nodiscard]] std::span<const std::filesystem::path> files() const { return m_fileNames; }
    /// Sum of all tensors' stored bytes.
    [[nodiscard]] uint64_t totalTensorBytes() const;
    [[nodiscard]] int64_t parameterCount() const;
    /// 16 hex digits over headers, file sizes and a sample of each tensor's bytes: tells one checkpoint from another
    /// without reading it whole. Computed at the first call (thread-safe), some milliseconds.
    [[nodiscard]] std::string fingerprint() const;

    Checkpoint(const Checkpoint&) = delete;
    Checkpoint& operator=(const Checkpoint&) = delete;
    ~Checkpoint();

  private:
    friend class CheckpointBuilder;
    Checkpoint();
    struct Index;

    CheckpointKind m_kind = CheckpointKind::kHuggingFace;
    std::filesystem::path m_path;
    std::string m_name;
    std::string m_architecture;
    std::string m_configJson;
    GgufMetadata m_gguf;
    std::vector<TensorInfo> m_tensors;
    std::vector<std::shared_ptr<const MappedFile>> m_files;
    std::vector<std::filesystem::path> m_fileNames;
    std::vector<CheckpointWarning> m_warnings;
    std::unique_ptr<Index> m_index;
};

}  // namespace halftone
