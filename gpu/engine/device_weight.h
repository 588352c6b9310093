// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/quant/formats/packed_tensor.h"
#include "gpu/kernels/kernels.h"
#include "gpu/vk/memory_allocator.h"

namespace halftone {

/// A packed matrix in device memory, split into row ranges that fit one binding each. Immutable once uploaded.
struct DeviceWeight {
    struct Chunk {
        vk::Buffer buffer;
        int64_t firstRow = 0;
        int64_t rowCount = 0;
    };

    PackedLayout layout;
    int64_t rows = 0;
    std::vector<Chunk> chunks;
    std::shared_ptr<const void> source;  ///< keeps the host bytes, so that their address stays a valid identity

    [[nodiscard]] kernel::PackedRows chunkRows(const Chunk& chunk) const {
        return {vk::BufferSlice(chunk.buffer), &layout, chunk.firstRow, chunk.rowCount};
    }
    /// The whole of a vector (norm weight, bias).
    [[nodiscard]] vk::BufferSlice vector() const { return vk::BufferSlice(chunks.front().buffer); }
};

}  // namespace halftone
