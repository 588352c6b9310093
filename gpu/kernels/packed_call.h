// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "gpu/kernels/kernels.h"

/// What calls with packed weights share. Private to gpu/kernels.
namespace halftone::kernel {

/// A binding must not be empty: what a kernel does not read is bound to something that it does.
inline vk::BufferSlice orElse(const vk::BufferSlice& slice, const vk::BufferSlice& other) {
    return slice.buffer != VK_NULL_HANDLE ? slice : other;
}

inline PackedParameters packedParameters(const PackedRows& rows) {
    PackedParameters parameters;
    parameters.rowEnd = u32(rows.rowCount);
    parameters.outputRow = u32(rows.firstRow);
    parameters.cols = u32(rows.layout->cols);
    parameters.rowBytes = u32(rows.layout->rowBytes);
    parameters.scaleOffset = u32(rows.layout->scaleOffset);
    parameters.zeroOffset = u32(rows.layout->zeroOffset);
    return parameters;
}

}  // namespace halftone::kernel
