// SPDX-License-Identifier: GPL-3.0-or-later
#include "gpu/vk/memory_allocator.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "gpu/vk/vulkan_error.h"

namespace halftone::vk {
namespace {

double mebibytes(uint64_t bytes) {
    return static_cast<double>(bytes) / (1024.0 * 1024.0);
}

}  // namespace

Buffer& Buffer::operator=(Buffer&& other) noexcept {
    if (this == &other) return *this;
    reset();
    m_buffer = std::move(other.m_buffer);
    m_sizeBytes = std::exchange(other.m_sizeBytes, 0);
    m_mapped = std::exchange(other.m_mapped, nullptr);
    m_allocator = std::exchange(other.m_allocator, nullptr);
    m_slab = std::exchange(other.m_slab, nullptr);
    m_offset = other.m_offset;
    return *this;
}

void Buffer::reset() {
    m_buffer = {};
    if (m_allocator && m_slab) m_allocator->release(static_cast<MemoryAllocator::Slab*>(m_slab), m_offset);
    m_allocator = nullptr;
    m_slab = nullptr;
}

MemoryAllocator::~MemoryAllocator() {
    HT_CHECK(std::ranges::all_of(m_slabs, [](const Slab& slab) { return slab.ranges.empty(); }));
}

uint64_t MemoryAllocator::deviceBytesReserved() const {
    const std::scoped_lock lock(m_mutex);
    return m_deviceBytes;
}

uint32_t MemoryAllocator::memoryTypeFor(MemoryUse use) const {
    const DevicePlan& plan = m_device->plan();
    if (use == MemoryUse::kUpload) return plan.uploadMemoryType;
    return use == MemoryUse::kReadback ? plan.readbackMemoryType : plan.deviceMemoryType;
}

Result<Buffer> MemoryAllocator::createBuffer(uint64_t sizeBytes, MemoryUse use, std::string_view name) {
    const auto& functions = m_device->functions();
    VkBufferCreateInfo info{VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO};
    info.size = std::max<uint64_t>(sizeBytes, 4);
    info.usage =
        VK_BUFFER_USAGE_STORAGE_BUFFER_BIT | VK_BUFFER_USAGE_TRANSFER_SRC_BIT | VK_BUFFER_USAGE_TRANSFER_DST_BIT;
    info.sharingMode = VK_SHARING_MODE_EXCLUSIVE;
    const DevicePlan& plan = m_device->plan();
    const std::array<uint32_t, 2> families{plan.queueFamily, plan.transferFamily};
    if (use == MemoryUse::kStreamed && families[0] != families[1]) {
        info.sharingMode = VK_SHARING_MODE_CONCURRENT;
        info.queueFamilyIndexCount = 2;
        info.pQueueFamilyIndices = families.data();
    }
    VkBuffer handle = VK_NULL_HANDLE;
    HT_VK_TRY(functions.vkCreateBuffer(m_device->handle(), &info, nullptr, &handle),
              fmt::format("create the buffer {}", name));
    Buffer buffer;
    buffer.m_buffer = m_device->own(handle, functions.vkDestroyBuffer, VK_OBJECT_TYPE_BUFFER, name);
    buffer.m_sizeBytes = info.size;

    VkMemoryRequirements needs{};
    functions.vkGetBufferMemoryRequirements(m_device->handle(), handle, &needs);
    const std::scoped_lock lock(m_mutex);
    HT_ASSIGN_OR_RETURN(Slab * slab, reserve(needs, use, name, buffer.m_offset));
    buffer.m_slab = slab;
    buffer.m_allocator = this;
    if (slab->mapped) buffer.m_mapped = slab->mapped + buffer.m_offset;
    const VkResult bound =
        functions.vkBindBufferMemory(m_device->handle(), handle, slab->memory.get(), buffer.m_offset);
    if (bound == VK_SUCCESS) return buffer;
    slab->ranges.release(buffer.m_offset);
    buffer.m_slab = nullptr;  // the lock is held: the buffer must not come back through release()
    return vulkanError(bound, fmt::format("bind the memory of {}", name));
}

Result<MemoryAllocator::Slab*> MemoryAllocator::reserve(const VkMemoryRequirements& needs, MemoryUse use,
                                                        std::string_view name, uint64_t& offset) {
    const DevicePlan& plan = m_device->plan();
    const uint32_t type = memoryTypeFor(use);
    if (((needs.memoryTypeBits >> type) & 1u) == 0) {
        return makeError(ErrorCode::kInternal, fmt::format("The GPU does not accept the memory planned for {}.", name));
    }
    const bool onDevice = use == MemoryUse::kDevice || use == MemoryUse::kStreamed;
    Result<Slab*> slab = reserveOfType(needs, type, onDevice, offset);
    if (!slab && slab.error().code == ErrorCode::kOutOfMemory && use == MemoryUse::kDevice && plan.spillsToHost) {
        slab = reserveOfType(needs, plan.uploadMemoryType, false, offset);
    }
    if (!slab && slab.error().code == ErrorCode::kOutOfMemory) HT_TRY(outOfMemory(needs.size, name));
    return slab;
}

Result<MemoryAllocator::Slab*> MemoryAllocator::reserveOfType(const VkMemoryRequirements& needs, uint32_t memoryType,
                                                              bool countsAsDevice, uint64_t& offset) {
    const DevicePlan& plan = m_device->plan();
    const uint64_t alignment = std::max<uint64_t>(needs.alignment, plan.bindingAlignment);
    const bool large = needs.size > plan.slabBytes / 2;
    for (auto& slab : m_slabs) {
        if (slab.memoryType != memoryType || large) continue;
        if (const auto found = slab.ranges.allocate(needs.size, alignment)) {
            offset = *found;
            return &slab;
        }
    }
    HT_ASSIGN_OR_RETURN(Slab * slab, allocateSlab(large ? needs.size : plan.slabBytes, memoryType, countsAsDevice));
    const auto found = slab->ranges.allocate(needs.size, alignment);
    HT_CHECK(found.has_value());
    offset = *found;
    return slab;
}

Result<MemoryAllocator::Slab*> MemoryAllocator::allocateSlab(uint64_t sizeBytes, uint32_t memoryType,
                                                             bool countsAsDevice) {
    const DevicePlan& plan = m_device->plan();
    const auto& functions = m_device->functions();
    if (countsAsDevice && m_deviceBytes + sizeBytes > plan.deviceBudgetBytes) dropSpareSlabs();
    if (sizeBytes > plan.maxAllocationBytes || (countsAsDevice && m_deviceBytes + sizeBytes > plan.deviceBudgetBytes)) {
        return makeError(ErrorCode::kOutOfMemory, "The GPU's memory budget is used up.");
    }
    VkMemoryAllocateInfo info{VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO};
    info.allocationSize = sizeBytes;
    info.memoryTypeIndex = memoryType;
    VkDeviceMemory memory = VK_NULL_HANDLE;
    HT_VK_TRY(functions.vkAllocateMemory(m_device->handle(), &info, nullptr, &memory), "allocate memory");
    Slab& slab = m_slabs.emplace_back(sizeBytes, memoryType);
    slab.memory = m_device->own(memory, functions.vkFreeMemory, VK_OBJECT_TYPE_DEVICE_MEMORY,
                                fmt::format("slab of {} MiB, memory type {}", sizeBytes >> 20, memoryType));
    const bool visible =
        memoryType == plan.uploadMemoryType || memoryType == plan.readbackMemoryType || plan.directUpload;
    if (visible) {
        void* mapped = nullptr;
        const VkResult result = functions.vkMapMemory(m_device->handle(), memory, 0, VK_WHOLE_SIZE, 0, &mapped);
        if (result != VK_SUCCESS) {
            m_slabs.pop_back();
            return vulkanError(result, "map memory");
        }
        slab.mapped = static_cast<std::byte*>(mapped);
    }
    slab.countsAsDevice = countsAsDevice;
    if (countsAsDevice) m_deviceBytes += sizeBytes;
    return &slab;
}

void MemoryAllocator::dropSpareSlabs() {
    for (const Slab& slab : m_slabs) {
        if (slab.countsAsDevice && slab.ranges.empty()) m_deviceBytes -= slab.ranges.sizeBytes();
    }
    m_slabs.remove_if([](const Slab& slab) { return slab.countsAsDevice && slab.ranges.empty(); });
}

Status MemoryAllocator::outOfMemory(uint64_t sizeBytes, std::string_view name) const {
    const DevicePlan& plan = m_device->plan();
    return makeError(
        ErrorCode::kOutOfMemory,
        fmt::format("{} has no room for {} ({:.1f} MiB): {:.1f} of {:.1f} MiB are in use. A smaller model, fewer bits "
                    "or a shorter context would fit, or the processor can run it.",
                    plan.deviceName, name, mebibytes(sizeBytes), mebibytes(m_deviceBytes),
                    mebibytes(plan.deviceBudgetBytes)));
}

void MemoryAllocator::release(Slab* slab, uint64_t offset) {
    const std::scoped_lock lock(m_mutex);
    slab->ranges.release(offset);
    if (!slab->ranges.empty()) return;
    // One empty slab of a kind stays for the next buffer: edits replace tensors all the time.
    const bool usual = slab->ranges.sizeBytes() == m_device->plan().slabBytes;
    const auto spare = std::ranges::find_if(m_slabs, [&](const Slab& other) {
        return &other != slab && other.memoryType == slab->memoryType && other.ranges.empty();
    });
    if (usual && spare == m_slabs.end()) return;
    if (slab->countsAsDevice) m_deviceBytes -= slab->ranges.sizeBytes();
    m_slabs.remove_if([slab](const Slab& other) { return &other == slab; });
}

}  // namespace halftone::vk
