// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "core/base/error.h"
#include "gpu/vk/device_plan.h"
#include "gpu/vk/instance.h"
#include "gpu/vk/owned_handle.h"

namespace halftone::vk {

/// The queues of a device. Where the plan has one queue alone, both names mean it.
enum class QueueUse : uint8_t { kCompute, kTransfer };

/// A logical device with its queues, made as a plan says. Any thread; submissions take a lock.
/// Once the device is lost, every submission and wait answers kDeviceLost.
class Device {
  public:
    static Result<std::shared_ptr<Device>> create(std::shared_ptr<const Instance> instance, VkPhysicalDevice physical,
                                                  DevicePlan plan);
    ~Device();
    Device(const Device&) = delete;
    Device& operator=(const Device&) = delete;

    [[nodiscard]] VkDevice handle() const { return m_device; }
    [[nodiscard]] const VolkDeviceTable& functions() const { return m_functions; }
    [[nodiscard]] const DevicePlan& plan() const { return m_plan; }

    /// Wraps a fresh handle and names it for debuggers and validation messages.
    template <typename Handle>
    [[nodiscard]] OwnedHandle<Handle> own(Handle handle, typename OwnedHandle<Handle>::Destroy destroy,
                                          VkObjectType type, std::string_view name) const {
        setName(type, reinterpret_cast<uint64_t>(handle), name);
        return OwnedHandle<Handle>(m_device, handle, destroy);
    }
    void setName(VkObjectType type, uint64_t handle, std::string_view name) const;

    Status submit(const VkSubmitInfo& info, QueueUse use = QueueUse::kCompute);
    [[nodiscard]] uint32_t queueFamily(QueueUse use) const {
        return use == QueueUse::kCompute ? m_plan.queueFamily : m_plan.transferFamily;
    }
    /// Waits until the timeline semaphore has reached `value`.
    Status waitFor(VkSemaphore timeline, uint64_t value);
    [[nodiscard]] bool isLost() const { return m_lost.load(std::memory_order_relaxed); }

    /// For tests: the submission after the next `submissions` ones loses the device.
    void simulateLossAfter(int submissions) { m_submissionsUntilLoss = submissions; }

  private:
    Device() = default;
    struct Queue;
    void openQueue(Queue& queue, std::pair<uint32_t, uint32_t> familyAndIndex, std::string_view name);
    Status lost(VkResult result, std::string_view action);

    std::shared_ptr<const Instance> m_instance;
    DevicePlan m_plan;
    VkDevice m_device = VK_NULL_HANDLE;
    VolkDeviceTable m_functions{};
    struct Queue {
        VkQueue handle = VK_NULL_HANDLE;
        std::mutex mutex;
    };
    Queue m_computeQueue, m_transferQueue;  ///< the latter is empty where the plan has one queue alone
    std::atomic<bool> m_lost{false};
    std::atomic<int> m_submissionsUntilLoss{-1};
};

}  // namespace halftone::vk
