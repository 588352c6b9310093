// SPDX-License-Identifier: GPL-3.0-or-later
#include "gpu/engine/vulkan_sequence.h"

#include <fmt/format.h>

namespace halftone {

namespace {

kernel::CacheShape shapeOf(const ModelGraph& graph, DType type) {
    return {.type = type, .heads = graph.config.kvHeadCount, .headDim = graph.config.headDim};
}

tl::unexpected<Error> refuse(const ModelGraph& graph, int64_t capacity, const CacheFormat& format,
                             std::string_view reason) {
    const int64_t total = VulkanSequence::bytesPerToken(graph, format) * capacity * graph.config.blockCount;
    return makeError(ErrorCode::kOutOfMemory,
                     fmt::format("The attention cache of {} tokens needs {} bytes, {}; a shorter context would fit.",
                                 capacity, total, reason));
}

}  // namespace

int64_t VulkanSequence::bytesPerToken(const ModelGraph& graph, const CacheFormat& format) {
    return shapeOf(graph, format.key).bytesPerToken() + shapeOf(graph, format.value).bytesPerToken();
}

Status VulkanSequence::checkBindings(const VulkanContext& context, const ModelGraph& graph, int64_t capacity,
                                     const CacheFormat& format) {
    const int64_t perToken =
        std::max(shapeOf(graph, format.key).bytesPerToken(), shapeOf(graph, format.value).bytesPerToken());
    const auto perBuffer = static_cast<uint64_t>(capacity * perToken);
    const vk::DevicePlan& plan = context.plan();
    if (perBuffer <= plan.maxBindingBytes) return {};
    return refuse(graph, capacity, format,
                  fmt::format("{} of them in one buffer, and {} binds at most {}", perBuffer, plan.deviceName,
                              plan.maxBindingBytes));
}

Result<std::unique_ptr<VulkanSequence>> VulkanSequence::create(std::shared_ptr<VulkanContext> context,
                                                               const ModelGraph& graph, int64_t capacity,
                                                               const RunFormat& format) {
    HT_TRY(checkBindings(*context, graph, capacity, format.cache));
    auto sequence = std::unique_ptr<VulkanSequence>(new VulkanSequence);
    sequence->m_graph = &graph;
    sequence->m_capacity = capacity;
    sequence->m_format = format;
    sequence->m_keyShape = shapeOf(graph, format.cache.key);
    sequence->m_valueShape = shapeOf(graph, format.cache.value);
    const auto keyBytes = static_cast<uint64_t>(capacity * sequence->m_keyShape.bytesPerToken());
    const auto valueBytes = static_cast<uint64_t>(capacity * sequence->m_valueShape.bytesPerToken());
    for (int64_t block = 0; block < graph.config.blockCount; ++block) {
        auto keys =
            context->allocator->createBuffer(keyBytes, vk::MemoryUse::kDevice, fmt::format("keys of block {}", block));
        auto values = context->allocator->createBuffer(valueBytes, vk::MemoryUse::kDevice,
                                                       fmt::format("values of block {}", block));
        for (const auto* buffer : {&keys, &values}) {
            if (buffer->has_value()) continue;
            if (buffer->error().code == ErrorCode::kOutOfMemory) {
                return refuse(graph, capacity, format.cache,
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
