// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/quant/formats/packed_tensor.h"
#include "gpu/kernels/kernels.h"
#include "gpu/vk/memory_allocator.h"

namespace halftone {

/// What bytes of a packed tensor are: its codes, or a part of its correction.
enum class WeightPart : uint8_t { kCodes, kOutliers, kLeft, kRight };

/// Rows of a packed tensor on the host that become one chunk on the device; of outliers, all words.
struct RowRange {
    int64_t firstRow = 0;
    int64_t rowCount = 0;
    std::span<const std::byte> bytes;
    WeightPart part = WeightPart::kCodes;
};

/// A packed matrix in device memory, split into row ranges that fit one binding each. Immutable once uploaded, unless
/// it lies in a slot that streamed weights pass through.
struct DeviceWeight {
    struct Chunk {
        vk::BufferSlice slice;
        vk::Buffer buffer;  ///< empty where the slice lies in a slot
        int64_t firstRow = 0;
        int64_t rowCount = 0;
    };

    PackedLayout layout;
    int64_t rows = 0;
    std::vector<Chunk> chunks;
    /// Of the correction; no rows: there is none of the kind.
    Chunk outliers, left, right;
    bool outliersAreWide = false;
    PackedLayout leftLayout, rightLayout;
    std::shared_ptr<const void> source;  ///< keeps the host bytes, so that their address stays a valid identity

    /// Nothing placed yet.
    static DeviceWeight of(const PackedTensor& tensor);
    /// `range` lies in `slice`; `buffer` is empty where that is a slot.
    void place(const RowRange& range, const vk::BufferSlice& slice, vk::Buffer buffer);
    [[nodiscard]] int64_t rank() const { return right.rowCount; }

    [[nodiscard]] kernel::PackedRows chunkRows(const Chunk& chunk) const {
        return {chunk.slice, &layout, chunk.firstRow, chunk.rowCount};
    }
    /// The whole of a vector (norm weight, bias).
    [[nodiscard]] vk::BufferSlice vector() const { return chunks.front().slice; }
};

/// The chunks of a tensor, those of its correction behind the others. kUnsupported for formats without kernels, and for
/// rows and parts of a correction longer than a binding.
Result<std::vector<RowRange>> splitRows(const PackedTensor& tensor, const std::string& name,
                                        const vk::DevicePlan& plan);

/// What a chunk takes there: its bytes, what kernels read past them, and the distance to the next binding.
[[nodiscard]] uint64_t bytesOnDevice(const RowRange& range, const vk::DevicePlan& plan);

}  // namespace halftone
