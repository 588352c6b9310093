// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <map>
#include <vector>

#include "core/checkpoint/checkpoint.h"
#include "core/export/gguf_export.h"

namespace halftone {

/// Rows of one tensor that are looked at again after the file has been written: the first, the middle and the last.
/// Fed with the bytes as they go to the file, in order.
class SampledRows {
  public:
    SampledRows(int64_t rows, int64_t rowBytes);
    void add(std::span<const std::byte> wholeRows);
    /// Sampled rows by index.
    [[nodiscard]] const std::map<int64_t, std::vector<std::byte>>& rows() const { return m_rows; }

  private:
    int64_t m_rowBytes;
    int64_t m_next = 0;
    std::map<int64_t, std::vector<std::byte>> m_rows;
};

/// What a written tensor must look like.
struct WrittenTensor {
    const ExportTensorPlan* plan = nullptr;
    const TensorInfo* source = nullptr;  ///< null for generated tensors
    std::span<const float> importance;
    SampledRows samples;
    bool byMethod = false;  ///< rows cannot be encoded anew from the source alone
};

/// Re-opens the file and holds it against what was meant: header fields of every tensor; its sampled rows as written;
/// the same rows encoded anew from the source (except formats whose scale spans the tensor); and that they decode.
/// Returns how many tensors were checked; kInternal with the tensor's name where something differs.
Result<int64_t> checkWrittenFile(const std::filesystem::path& path, std::shared_ptr<const Checkpoint> source,
                                 std::span<const WrittenTensor> tensors, const JobContext& context);

}  // namespace halftone
