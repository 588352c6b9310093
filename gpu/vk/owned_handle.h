// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <utility>

#include "gpu/vk/vulkan_api.h"

namespace halftone::vk {

/// Owns one object of a device, from the line that creates it. Move-only; the device must outlive it.
template <typename Handle>
class OwnedHandle {
  public:
    using Destroy = void(VKAPI_PTR*)(VkDevice, Handle, const VkAllocationCallbacks*);

    OwnedHandle() = default;
    OwnedHandle(VkDevice device, Handle handle, Destroy destroy)
        : m_device(device), m_handle(handle), m_destroy(destroy) {}
    ~OwnedHandle() { reset(); }
    OwnedHandle(OwnedHandle&& other) noexcept
        : m_device(other.m_device),
          m_handle(std::exchange(other.m_handle, VK_NULL_HANDLE)),
          m_destroy(other.m_destroy) {}
    OwnedHandle& operator=(OwnedHandle&& other) noexcept {
        if (this != &other) {
            reset();
            m_device = other.m_device;
            m_handle = std::exchange(other.m_handle, VK_NULL_HANDLE);
            m_destroy = other.m_destroy;
        }
        return *this;
    }
    OwnedHandle(const OwnedHandle&) = delete;
    OwnedHandle& operator=(const OwnedHandle&) = delete;

    [[nodiscard]] Handle get() const { return m_handle; }
    explicit operator bool() const { return m_handle != VK_NULL_HANDLE; }

  private:
    void reset() {
        if (m_handle != VK_NULL_HANDLE) m_destroy(m_device, m_handle, nullptr);
        m_handle = VK_NULL_HANDLE;
    }

    VkDevice m_device = VK_NULL_HANDLE;
    Handle m_handle = VK_NULL_HANDLE;
    Destroy m_destroy = nullptr;
};

}  // namespace halftone::vk
