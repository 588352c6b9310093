// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "core/base/error.h"
#include "gpu/vk/device.h"
#include "gpu/vk/slab_ranges.h"

namespace halftone::vk {

/// What a buffer is for; decides its memory.
enum class MemoryUse {
    kDevice,    ///< the device's own memory; mapped where the plan uploads directly
    kStreamed,  ///< the same, written by the transfer queue again and again; never in host memory
    kUpload,    ///< written by the processor, read by the device
    kReadback,  ///< written by the device, read by the processor
};

class MemoryAllocator;

/// A storage buffer with its memory; returns it to the allocator when destroyed. Move-only.
class Buffer {
  public:
    Buffer() = default;
    ~Buffer() { reset(); }
    Buffer(Buffer&& other) noexcept { *this = std::move(other); }
    Buffer& operator=(Buffer&& other) noexcept;
    Buffer(const Buffer&) = delete;
    Buffer& operator=(const Buffer&) = delete;

    [[nodiscard]] VkBuffer handle() const { return m_buffer.get(); }
    [[nodiscard]] uint64_t sizeBytes() const { return m_sizeBytes; }
    /// Where the processor sees it; null for memory that it does not see.
    [[nodiscard]] std::byte* mapped() const { return m_mapped; }
    explicit operator bool() const { return static_cast<bool>(m_buffer); }

  private:
    friend class MemoryAllocator;
    void reset();

    OwnedHandle<VkBuffer> m_buffer;
    uint64_t m_sizeBytes = 0;
    std::byte* m_mapped = nullptr;
    MemoryAllocator* m_allocator = nullptr;
    void* m_slab = nullptr;
    uint64_t m_offset = 0;
};

/// Part of a buffer, as shaders and copies see it.
struct BufferSlice {
    VkBuffer buffer = VK_NULL_HANDLE;
    uint64_t offset = 0;
    uint64_t sizeBytes = 0;

    BufferSlice() = default;
    BufferSlice(VkBuffer handle, uint64_t offsetBytes, uint64_t size)
        : buffer(handle), offset(offsetBytes), sizeBytes(size) {}
    explicit BufferSlice(const Buffer& whole) : buffer(whole.handle()), sizeBytes(whole.sizeBytes()) {}
    [[nodiscard]] BufferSlice part(uint64_t offsetBytes, uint64_t size) const {
        return {buffer, offset + offsetBytes, size};
    }
};

/// Cuts buffers from slabs of the plan's size; larger buffers get a slab of their own. Keeps to the plan's budget of
/// device memory. Any thread; must outlive its buffers.
class MemoryAllocator {
  public:
    explicit MemoryAllocator(std::shared_ptr<Device> device) : m_device(std::move(device)) {}
    ~MemoryAllocator();
    MemoryAllocator(const MemoryAllocator&) = delete;
    MemoryAllocator& operator=(const MemoryAllocator&) = delete;

    /// kOutOfMemory names the buffer, its size and what is in use.
    Result<Buffer> createBuffer(uint64_t sizeBytes, MemoryUse use, std::string_view name);

    [[nodiscard]] uint64_t deviceBytesReserved() const;

  private:
    friend class Buffer;
    struct Slab {
        Slab(uint64_t sizeBytes, uint32_t type) : ranges(sizeBytes), memoryType(type) {}
        OwnedHandle<VkDeviceMemory> memory;
        SlabRanges ranges;
        uint32_t memoryType = 0;
        bool countsAsDevice = false;
        std::byte* mapped = nullptr;
    };

    Result<Slab*> reserve(const VkMemoryRequirements& needs, MemoryUse use, std::string_view name, uint64_t& offset);
    Result<Slab*> reserveOfType(const VkMemoryRequirements& needs, uint32_t memoryType, bool countsAsDevice,
                                uint64_t& offset);
    Result<Slab*> allocateSlab(uint64_t sizeBytes, uint32_t memoryType, bool countsAsDevice);
    /// Gives back the slabs that are kept for the next buffer.
    void dropSpareSlabs();
    [[nodiscard]] uint32_t memoryTypeFor(MemoryUse use) const;
    Status outOfMemory(uint64_t sizeBytes, std::string_view name) const;
    void release(Slab* slab, uint64_t offset);

    std::shared_ptr<Device> m_device;
    mutable std::mutex m_mutex;
    std::list<Slab> m_slabs;
    uint64_t m_deviceBytes = 0;
};

}  // namespace halftone::vk
