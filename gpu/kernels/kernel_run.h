// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/checked.h"
#include "gpu/kernels/kernels.h"

/// What the files that define Kernels share. Private to gpu/kernels.
namespace halftone::kernel {

inline uint32_t u32(int64_t value) {
    HT_CHECK(value >= 0 && value <= int64_t{UINT32_MAX});
    return static_cast<uint32_t>(value);
}

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

template <typename Parameters>
Status Kernels::run(const vk::PipelineKey& key, std::initializer_list<vk::BufferUse> buffers,
                    const Parameters& parameters, uint64_t groups, double flops) {
    HT_ASSIGN_OR_RETURN(const VkPipeline pipeline, m_pipelines->get(key));
    return m_stream->dispatch({.pipeline = pipeline,
                               .buffers = std::span(buffers.begin(), buffers.size()),
                               .pushConstants = std::as_bytes(std::span(&parameters, 1)),
                               .groups = groups,
                               .flops = flops});
}

}  // namespace halftone::kernel
