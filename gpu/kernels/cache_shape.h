// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>

#include "core/base/checked.h"
#include "core/tensor/dtype.h"

namespace halftone::kernel {

/// Geometry of one block's keys or values on the device: a row for each position. F32 and F16 lie in quads, the last
/// one of a head padded with zeros; Q8_0 and Q4_0 as GGUF's blocks back to back over all heads, padded to a whole word
/// (shaders/include/cache_cells.glsl).
struct CacheShape {
    DType type = DType::kF32;  ///< one of runnableCacheTypes()
    int64_t heads = 0;
    int64_t headDim = 0;
    [[nodiscard]] bool isPacked() const { return dtypeInfo(type).isBlock(); }
    [[nodiscard]] int64_t headQuads() const { return (headDim + 3) / 4; }
    [[nodiscard]] int64_t blocks() const { return heads * headDim / dtypeInfo(type).blockElements; }
    [[nodiscard]] int64_t bytesPerToken() const {
        if (isPacked()) return roundUp(blocks() * dtypeInfo(type).blockBytes(), 4);
        return heads * headQuads() * 4 * dtypeInfo(type).blockBytes();
    }
    /// The type as the shaders count them.
    [[nodiscard]] uint32_t cells() const {
        return type == DType::kF32 ? 0 : type == DType::kF16 ? 1 : type == DType::kQ8_0 ? 2 : 3;
    }
};

}  // namespace halftone::kernel
