// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <span>

#include "core/base/checked.h"
#include "gpu/vk/command_stream.h"
#include "gpu/vk/pipeline_store.h"

namespace halftone::kernel {

/// A number of rows, columns or bytes as push constants hold it.
inline uint32_t u32(int64_t value) {
    HT_CHECK(value >= 0 && value <= int64_t{UINT32_MAX});
    return static_cast<uint32_t>(value);
}

/// What sets of kernels have in common: a plan, and one dispatch recorded on a stream. Not thread-safe.
class KernelRunner {
  protected:
    KernelRunner(const vk::DevicePlan& plan, vk::PipelineStore& pipelines, vk::CommandStream& stream)
        : m_plan(&plan), m_pipelines(&pipelines), m_stream(&stream) {}

    /// `flops`: about what it computes, for the length of submissions.
    template <typename Parameters>
    Status run(const vk::PipelineKey& key, std::initializer_list<vk::BufferUse> buffers, const Parameters& parameters,
               uint64_t groups, double flops) {
        HT_ASSIGN_OR_RETURN(const VkPipeline pipeline, m_pipelines->get(key));
        return m_stream->dispatch({.pipeline = pipeline,
                                   .buffers = std::span(buffers.begin(), buffers.size()),
                                   .pushConstants = std::as_bytes(std::span(&parameters, 1)),
                                   .groups = groups,
                                   .flops = flops});
    }
    /// Constant 1 of shaders/include/reduce.glsl.
    [[nodiscard]] uint32_t severalSubgroups(uint32_t localSize) const {
        return m_plan->oneSubgroupGroups && localSize == m_plan->subgroupSize ? 0 : 1;
    }
    [[nodiscard]] uint64_t elementwiseGroups(uint64_t items) const {
        const uint64_t local = m_plan->elementwiseLocalSize;
        return std::clamp<uint64_t>((items + local - 1) / local, 1, m_plan->elementwiseMaxGroups);
    }

    const vk::DevicePlan* m_plan;
    vk::PipelineStore* m_pipelines;
    vk::CommandStream* m_stream;
};

}  // namespace halftone::kernel
