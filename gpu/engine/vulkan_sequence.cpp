// SPDX-License-Identifier: GPL-3.0-or-later
#include "gpu/engine/vulkan_sequence.h"

#include <fmt/format.h>

namespace halftone {

namespace {

kernel::CacheShape shapeOf(const VulkanContext& context, const ModelGraph& graph) {
    return {.type = context.options.cacheType, .heads = graph.config.kvHeadCount, .headDim = graph.config.headDim};
}

tl::unexpected<Error> refuse(const ModelGraph& graph, int64_t capacity, uint64_t perBuffer, std::string_view reason) {
    const uint64_t total = perBuffer * 2 * static_cast<uint64_t>(graph.config.blockCount);
    return makeError(ErrorCode::kOutOfMemory,
                     fmt::format("The attention cache of {} tokens needs {} bytes, {}; a shorter context would fit.",
                                 capacity, total, reason));
}

}  // namespace

Status VulkanSequence::checkBindings(const VulkanContext& context, const ModelGraph& graph, int64_t capacity) {
    const auto perBuffer = static_cast<uint64_t>(capacity * shapeOf(context, graph).bytesPerToken());
    const vk::DevicePlan& plan = context.plan();
    if (perBuffer <= plan.maxBindingBytes) return {};
    return refuse(graph, capacity, perBuffer,
                  fmt::format("{} of them in one buffer, and {} binds at most {}", perBuffer, plan.deviceName,
                              plan.maxBindingBytes));
}

Result<std::unique_ptr<VulkanSequence>> VulkanSequence::create(std::shared_ptr<VulkanContext> context,
                                                               const ModelGraph& graph, int64_t capacity) {
    HT_TRY(checkBindings(*context, graph, capacity));
    auto sequence = std::unique_ptr<VulkanSequence>(new VulkanSequence);
    sequence->m_graph = &graph;
    sequence->m_capacity = capacity;
    sequence->m_shape = shapeOf(*context, graph);
    const auto perBuffer = static_cast<uint64_t>(capacity * sequence->m_shape.bytesPerToken());
    for (int64_t block = 0; block < graph.config.blockCount; ++block) {
        auto keys =
            context->allocator->createBuffer(perBuffer, vk::MemoryUse::kDevice, fmt::format("keys of block {}", block));
        auto values = context->allocator->createBuffer(perBuffer, vk::MemoryUse::kDevice,
                                                       fmt::format("values of block {}", block));
        for (const auto* buffer : {&keys, &values}) {
            if (buffer->has_value()) continue;
            if (buffer->error().code == ErrorCode::kOutOfMemory) {
                return refuse(graph, capacity, perBuffer,
                              fmt::format("and {} has no room for them", context->plan().deviceName));
            }
            return tl::unexpected(buffer->error());
        }
        sequence->m_blocks.push_back({std::move(*keys), std::move(*values)});
    }
    sequence->m_context = std::move(context);
    return sequence;
}

}  // namespace halftone
