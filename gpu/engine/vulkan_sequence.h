// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <memory>
#include <vector>

#include "core/inference/backend.h"
#include "gpu/engine/vulkan_context.h"
#include "gpu/kernels/kernels.h"

namespace halftone {

/// Keys and values of one sequence in device memory, a buffer each for every block, in the types of its format.
class VulkanSequence final : public Sequence {
  public:
    struct BlockCache {
        vk::Buffer keys;
        vk::Buffer values;
    };

    /// Whether a block's keys fit one binding: no room made elsewhere would help. kOutOfMemory with both sizes.
    static Status checkBindings(const VulkanContext& context, const ModelGraph& graph, int64_t capacity,
                                const CacheFormat& format);
    /// kOutOfMemory names the bytes needed.
    static Result<std::unique_ptr<VulkanSequence>> create(std::shared_ptr<VulkanContext> context,
                                                          const ModelGraph& graph, int64_t capacity,
                                                          const RunFormat& format);
    /// Bytes of keys and values together for one block and position.
    static int64_t bytesPerToken(const ModelGraph& graph, const CacheFormat& format);

    [[nodiscard]] const RunFormat& format() const override { return m_format; }
    [[nodiscard]] int64_t position() const override { return m_position; }
    [[nodiscard]] int64_t capacity() const override { return m_capacity; }
    void truncate(int64_t position) override { m_position = std::clamp<int64_t>(position, 0, m_position); }

    void advance(int64_t tokens) { m_position += tokens; }
    [[nodiscard]] const kernel::CacheShape& keyShape() const { return m_keyShape; }
    [[nodiscard]] const kernel::CacheShape& valueShape() const { return m_valueShape; }
    [[nodiscard]] const BlockCache& block(int64_t index) const { return m_blocks[static_cast<size_t>(index)]; }
    /// The graph whose executables may run it.
    [[nodiscard]] const ModelGraph* graph() const { return m_graph; }

  private:
    VulkanSequence() = default;
    std::shared_ptr<VulkanContext> m_context;
    const ModelGraph* m_graph = nullptr;
    RunFormat m_format;
    kernel::CacheShape m_keyShape, m_valueShape;
    int64_t m_capacity = 0;
    int64_t m_position = 0;
    std::vector<BlockCache> m_blocks;
};

}  // namespace halftone
