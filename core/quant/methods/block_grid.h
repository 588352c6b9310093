// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>

#include "core/tensor/dtype.h"

namespace halftone {

/// Evenly spaced levels that the values of one group can take: scale * code + offset, code in 0..maxCode. A scale of 0
/// leaves one level, the offset.
struct LevelGrid {
    float scale = 0;
    float offset = 0;
    int maxCode = 0;
};

/// The block types of GGUF seen as grids: what a method needs that chooses codes one by one and leaves the scales to
/// the type's own encoder. Layouts: core/quant/formats/block_layouts.h. Pure; any thread.

/// Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q2_K, Q3_K, Q4_K, Q5_K, Q6_K.
[[nodiscard]] bool hasBlockGrid(DType type);
/// Values that share one grid: 16 or 32. Precondition: hasBlockGrid(type), here and below.
[[nodiscard]] int blockGridSize(DType type);
/// Grid of sub-block `index` of a block.
[[nodiscard]] LevelGrid readBlockGrid(DType type, const uint8_t* block, int index);
/// Code of element `element` as the grid counts it.
[[nodiscard]] int readBlockCode(DType type, const uint8_t* block, int element);
/// Replaces all codes of a block, one byte each, and leaves its scales.
void writeBlockCodes(DType type, const uint8_t* codes, uint8_t* block);

}  // namespace halftone
