// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <span>

#include "core/base/error.h"
#include "gpu/vk/command_stream.h"
#include "gpu/vk/memory_allocator.h"

namespace halftone {

/// Brings results back in order without stopping the device: while the processor looks at one, the device fills the
/// next. Not thread-safe.
class ReadbackQueue {
  public:
    using Deliver = std::function<Status(std::span<const std::byte>)>;

    ReadbackQueue(vk::MemoryAllocator& allocator, vk::CommandStream& stream)
        : m_allocator(&allocator), m_stream(&stream) {}

    /// Copies the parts (each a multiple of 4 bytes) back to back and submits; `deliver` is called with them later, in
    /// the order of the calls, from enqueue() or drain(). An error that it returns comes back from there.
    Status enqueue(std::span<const vk::BufferSlice> parts, Deliver deliver);
    /// Delivers everything that is on its way.
    Status drain();
    /// Forgets what is on its way; for errors and cancel, after the stream was abandoned.
    void clear();

  private:
    struct Region {
        vk::Buffer buffer;
        uint64_t readyAt = 0;
        size_t sizeBytes = 0;
        Deliver deliver;  ///< empty: the region is free
    };
    Status deliver(Region& region);

    vk::MemoryAllocator* m_allocator;
    vk::CommandStream* m_stream;
    std::array<Region, 2> m_regions;
    size_t m_next = 0;
};

}  // namespace halftone
