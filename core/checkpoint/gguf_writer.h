// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/checkpoint/gguf_value.h"
#include "core/tensor/dtype.h"

namespace halftone {

/// A tensor to be written: header fields now, bytes later.
struct GgufTensorSpec {
    std::string name;
    DType dtype = DType::kF32;
    std::vector<int64_t> shape;  ///< outermost first, as TensorInfo; written reversed, as GGUF wants
};

/// Writes a GGUF v3 file in one forward pass, in constant memory, and never leaves half a file under the final name:
/// everything goes to a sibling temporary file that seal() syncs and publish() renames; the destructor removes it
/// otherwise. Not thread-safe. Every failure (no space, no permission) names the path.
class GgufWriter {
  public:
    static Result<GgufWriter> create(const std::filesystem::path& target, const GgufMetadata& metadata,
                                     std::vector<GgufTensorSpec> tensors);
    /// Appends bytes of the current tensor. Tensors are filled in the order given to create(); a tensor is complete
    /// when its exact size has been written, then padding follows and the next begins. Writing too much is an error.
    Status write(std::span<const std::byte> bytes);
    /// Flush, fsync, close: the whole file lies at sealedPath(), where it can be read back before anybody sees it. All
    /// tensors must be complete.
    Status seal();
    [[nodiscard]] const std::filesystem::path& sealedPath() const;
    /// After seal(): renames over the target and syncs the folder.
    Status publish();
    /// seal() and publish().
    Status finish();

    GgufWriter(GgufWriter&&) noexcept;
    GgufWriter& operator=(GgufWriter&&) noexcept;
    ~GgufWriter();

  private:
    struct State;
    explicit GgufWriter(std::unique_ptr<State> state);
    std::unique_ptr<State> m_state;
};

}  // namespace halftone
