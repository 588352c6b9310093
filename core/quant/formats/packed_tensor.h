// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "core/quant/formats/codec.h"
#include "core/tensor/row_source.h"

namespace halftone {

class Checkpoint;
struct Correction;
struct TensorInfo;

/// A packed matrix in memory or in a mapping: what backends execute and exporters write. Cheap to copy; immutable.
/// With a correction the matrix meant is what `bytes` decode to plus the correction: whoever decodes rows takes
/// readPackedRows() or rowSourceOf() unless it wants the codes alone.
struct PackedTensor {
    PackedLayout layout;
    int64_t rows = 0;
    std::span<const std::byte> bytes;                   ///< rows * layout.rowBytes
    std::shared_ptr<const void> owner;                  ///< keeps `bytes` alive
    std::shared_ptr<const Correction> correction = {};  ///< null: none

    [[nodiscard]] int64_t cols() const { return layout.cols; }
    /// In memory, correction included.
    [[nodiscard]] int64_t sizeBytes() const;
    [[nodiscard]] std::span<const std::byte> row(int64_t index) const {
        return bytes.subspan(static_cast<size_t>(index * layout.rowBytes), static_cast<size_t>(layout.rowBytes));
    }
};

/// Rows [first, first + count) as a tensor of their own, sharing the bytes.
PackedTensor rowsOf(const PackedTensor& tensor, int64_t first, int64_t count);

/// The same bytes, rows and columns, the same correction: nothing needs to be looked at to call two tensors equal.
[[nodiscard]] bool areSameBytes(const PackedTensor& a, const PackedTensor& b);

/// Decodes these rows, correction included, one behind the other.
Status readPackedRows(const PackedTensor& tensor, std::span<const int64_t> rows, std::span<float> out);

/// RowSource over a packed tensor, correction included.
std::shared_ptr<const RowSource> rowSourceOf(PackedTensor tensor);

/// RowSource over a checkpoint's tensor, decoding as it reads; handles the transposed storage of GPT-2. Keeps the
/// checkpoint alive. kUnsupported for types this program does not decode.
Result<std::shared_ptr<const RowSource>> openRows(std::shared_ptr<const Checkpoint> checkpoint,
                                                  const TensorInfo& tensor);

/// The checkpoint's tensor as it lies in the file, without copying, where its type is one backends execute (F32, F16,
/// BF16 and all decodable block types) and it is not transposed; otherwise a copy: transposed tensors keep their type,
/// F8_E4M3 and F8_E5M2 become F16 (exact), the other plain types F32. `bytes` is aligned for direct access: to 4 bytes
/// for F32, to 2 for everything else; a tensor that lies unaligned in its file is copied.
Result<PackedTensor> openPacked(std::shared_ptr<const Checkpoint> checkpoint, const TensorInfo& tensor);

}  // namespace halftone
