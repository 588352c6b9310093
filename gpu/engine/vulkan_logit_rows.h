// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>

#include "core/inference/backend.h"
#include "gpu/engine/vulkan_context.h"
#include "gpu/kernels/kernels.h"

namespace halftone {

/// Rows of logits with their summaries in device memory.
class VulkanLogitRows final : public LogitRows {
  public:
    /// kOutOfMemory names the bytes needed.
    static Result<std::unique_ptr<VulkanLogitRows>> create(std::shared_ptr<VulkanContext> context, int64_t rows,
                                                           int64_t width);

    [[nodiscard]] int64_t capacity() const override { return m_capacity; }
    [[nodiscard]] int64_t width() const { return m_width; }
    /// Rows [first, first + count) as one binding.
    [[nodiscard]] kernel::Activations rows(int64_t first, int64_t count) const;
    [[nodiscard]] vk::BufferSlice summaries() const { return vk::BufferSlice(m_summaries); }
    /// The device that holds them.
    [[nodiscard]] const VulkanContext* context() const { return m_context.get(); }

  private:
    VulkanLogitRows() = default;
    std::shared_ptr<VulkanContext> m_context;
    vk::Buffer m_rows;
    vk::Buffer m_summaries;
    int64_t m_capacity = 0;
    int64_t m_width = 0;
    int64_t m_stride = 0;
};

/// The device's reductions of one row as figures; with a divergence if the row was compared with another.
[[nodiscard]] RowFigures figuresFrom(const kernel::RowSummary& summary);

}  // namespace halftone
