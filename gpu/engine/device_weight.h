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
    std::shared_ptr<const void> source;  ///< keeps the host bytes, so that their address stays a valid identity

    [[nodiscard]] kernel::PackedRows chunkRows(const Chunk& chunk) const {
        return {chunk.slice, &layout, chunk.firstRow, chunk.rowCount};
    }
    /// The whole of a vector (norm weight, bias).
    [[nodiscard]] vk::BufferSlice vector() const { return chunks.front().slice; }
};

/// Rows of a packed tensor on the host that become one chunk on the device.
struct RowRange {
    int64_t firstRow = 0;
    int64_t rowCount = 0;
    std::span<const std::byte> bytes;
};

/// The chunks of a tensor. kUnsupported for formats without kernels and rows longer than a binding.
Result<std::vector<RowRange>> splitRows(const PackedTensor& tensor, const std::string& name,
                                        const vk::DevicePlan& plan);

/// What a chunk takes there: its bytes, what kernels read past them, and the distance to the next binding.
[[nodiscard]] uint64_t bytesOnDevice(const RowRange& range, const vk::DevicePlan& plan);

}  // namespace halftone
