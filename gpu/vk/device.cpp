// SPDX-License-Identifier: GPL-3.0-or-later
#include "gpu/vk/device.h"

#include <array>
#include <vector>

#include <fmt/format.h>

#include "gpu/vk/vulkan_error.h"

namespace halftone::vk {
namespace {

constexpr std::array<float, 2> kPriorities{1.0f, 1.0f};

/// One entry a family, as Vulkan wants them.
std::vector<VkDeviceQueueCreateInfo> queueInfos(const DevicePlan& plan) {
    VkDeviceQueueCreateInfo info{VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO};
    info.queueFamilyIndex = plan.queueFamily;
    info.queueCount = plan.transferFamily == plan.queueFamily ? plan.transferIndex + 1 : 1;
    info.pQueuePriorities = kPriorities.data();
    std::vector<VkDeviceQueueCreateInfo> infos{info};
    if (plan.transferFamily == plan.queueFamily) return infos;
    info.queueFamilyIndex = plan.transferFamily;
    info.queueCount = plan.transferIndex + 1;
    infos.push_back(info);
    return infos;
}

}  // namespace

Result<std::shared_ptr<Device>> Device::create(std::shared_ptr<const Instance> instance, VkPhysicalDevice physical,
                                               DevicePlan plan) {
    auto device = std::shared_ptr<Device>(new Device);
    device->m_instance = std::move(instance);
    device->m_plan = std::move(plan);
    const DevicePlan& wanted = device->m_plan;

    const std::vector<VkDeviceQueueCreateInfo> queues = queueInfos(wanted);
    VkPhysicalDeviceSubgroupSizeControlFeatures sizes{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_FEATURES};
    sizes.subgroupSizeControl = VK_TRUE;
    sizes.computeFullSubgroups = VK_TRUE;
    VkPhysicalDeviceVulkan12Features features{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES};
    features.timelineSemaphore = VK_TRUE;
    VkPhysicalDeviceShaderIntegerDotProductFeatures dot{
        VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_INTEGER_DOT_PRODUCT_FEATURES};
    dot.shaderIntegerDotProduct = VK_TRUE;
    VkPhysicalDeviceCooperativeMatrixFeaturesKHR matrices{
        VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_COOPERATIVE_MATRIX_FEATURES_KHR};
    matrices.cooperativeMatrix = VK_TRUE;
    if (wanted.requireSubgroupSize) features.pNext = &sizes;
    if (wanted.integer.usable) {
        dot.pNext = features.pNext;
        features.pNext = &dot;
    }
    if (wanted.units.usable) {
        features.shaderFloat16 = VK_TRUE;
        // With the model, histograms need its scope for their atomics.
        features.vulkanMemoryModel = features.vulkanMemoryModelDeviceScope = VK_TRUE;
        matrices.pNext = features.pNext;
        features.pNext = &matrices;
    }
    std::vector<const char*> extensions;
    for (const auto& extension : wanted.extensions) extensions.push_back(extension.c_str());
    VkDeviceCreateInfo info{VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO};
    info.pNext = &features;
    info.queueCreateInfoCount = static_cast<uint32_t>(queues.size());
    info.pQueueCreateInfos = queues.data();
    info.enabledExtensionCount = static_cast<uint32_t>(extensions.size());
    info.ppEnabledExtensionNames = extensions.data();
    HT_VK_TRY(vkCreateDevice(physical, &info, nullptr, &device->m_device), "be opened");

    volkLoadDeviceTable(&device->m_functions, device->m_device);
    device->openQueue(device->m_computeQueue, {wanted.queueFamily, 0u}, "compute queue");
    if (wanted.hasTransferQueue())
        device->openQueue(device->m_transferQueue, {wanted.transferFamily, wanted.transferIndex}, "transfer queue");
    return device;
}

void Device::openQueue(Queue& queue, std::pair<uint32_t, uint32_t> familyAndIndex, std::string_view name) {
    m_functions.vkGetDeviceQueue(m_device, familyAndIndex.first, familyAndIndex.second, &queue.handle);
    setName(VK_OBJECT_TYPE_QUEUE, reinterpret_cast<uint64_t>(queue.handle), name);
}

Device::~Device() {
    if (m_device == VK_NULL_HANDLE) return;
    m_functions.vkDeviceWaitIdle(m_device);
    m_functions.vkDestroyDevice(m_device, nullptr);
}

void Device::setName(VkObjectType type, uint64_t handle, std::string_view name) const {
    if (!m_instance->canNameObjects() || !vkSetDebugUtilsObjectNameEXT) return;
    const std::string text(name);
    VkDebugUtilsObjectNameInfoEXT info{VK_STRUCTURE_TYPE_DEBUG_UTILS_OBJECT_NAME_INFO_EXT};
    info.objectType = type;
    info.objectHandle = handle;
    info.pObjectName = text.c_str();
    vkSetDebugUtilsObjectNameEXT(m_device, &info);
}

Status Device::lost(VkResult result, std::string_view action) {
    if (result == VK_ERROR_DEVICE_LOST) m_lost = true;
    return vulkanError(result, action);
}

Status Device::submit(const VkSubmitInfo& info, QueueUse use) {
    if (isLost()) return lost(VK_ERROR_DEVICE_LOST, "take new work");
    if (m_submissionsUntilLoss >= 0 && m_submissionsUntilLoss-- == 0)
        return lost(VK_ERROR_DEVICE_LOST, "take new work");
    Queue& queue = use == QueueUse::kTransfer && m_plan.hasTransferQueue() ? m_transferQueue : m_computeQueue;
    const std::scoped_lock lock(queue.mutex);
    const VkResult result = m_functions.vkQueueSubmit(queue.handle, 1, &info, VK_NULL_HANDLE);
    if (result != VK_SUCCESS) return lost(result, "take new work");
    return {};
}

Status Device::waitFor(VkSemaphore timeline, uint64_t value) {
    VkSemaphoreWaitInfo info{VK_STRUCTURE_TYPE_SEMAPHORE_WAIT_INFO};
    info.semaphoreCount = 1;
    info.pSemaphores = &timeline;
    info.pValues = &value;
    const auto timeout = static_cast<uint64_t>(m_plan.hangSeconds * 1e9);
    const VkResult result = m_functions.vkWaitSemaphores(m_device, &info, timeout);
    if (result == VK_TIMEOUT)
        return lost(VK_ERROR_DEVICE_LOST, fmt::format("finish its work within {:.0f} s", m_plan.hangSeconds));
    if (result != VK_SUCCESS) return lost(result, "finish its work");
    return {};
}

}  // namespace halftone::vk
