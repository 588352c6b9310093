// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/inference/backend.h"
#include "gpu/engine/readback_queue.h"
#include "gpu/kernels/kernels.h"

namespace halftone {

/// Statistics of activations, reduced on the device channel by channel; the partial results are merged into an
/// ActivationCapture when the readback queue delivers them. Not thread-safe.
class StatsCapture {
  public:
    StatsCapture(vk::MemoryAllocator& allocator, vk::CommandStream& stream, kernel::Kernels& kernels,
                 ReadbackQueue& readback)
        : m_allocator(&allocator), m_stream(&stream), m_kernels(&kernels), m_readback(&readback) {}

    /// Records `tokens` rows of `input` for the weights of these names. `capture` must live until the queue is drained.
    Status record(const kernel::Activations& input, int64_t tokens, std::vector<std::string> names,
                  ActivationCapture& capture);

  private:
    vk::MemoryAllocator* m_allocator;
    vk::CommandStream* m_stream;
    kernel::Kernels* m_kernels;
    ReadbackQueue* m_readback;
    std::vector<vk::Buffer> m_outgrown;
    vk::Buffer m_partials;
    vk::Buffer m_bins;
};

/// The device's partial results as statistics. `bins`: kHistogramBins counts.
[[nodiscard]] ActivationStats statsFromPartials(std::span<const kernel::ChannelPartial> channels,
                                                std::span<const uint32_t> bins, int64_t tokens);

}  // namespace halftone
