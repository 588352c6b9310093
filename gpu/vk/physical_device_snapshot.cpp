// SPDX-License-Identifier: GPL-3.0-or-later
#include "gpu/vk/physical_device_snapshot.h"

#include <algorithm>
#include <cstring>
#include <string_view>

namespace halftone::vk {
namespace {

void queryQueues(VkPhysicalDevice device, PhysicalDeviceSnapshot& snapshot) {
    uint32_t count = 0;
    vkGetPhysicalDeviceQueueFamilyProperties(device, &count, nullptr);
    std::vector<VkQueueFamilyProperties> families(count);
    vkGetPhysicalDeviceQueueFamilyProperties(device, &count, families.data());
    for (const auto& family : families) {
        snapshot.queueFamilies.push_back({.compute = (family.queueFlags & VK_QUEUE_COMPUTE_BIT) != 0,
                                          .graphics = (family.queueFlags & VK_QUEUE_GRAPHICS_BIT) != 0,
                                          .transfer = (family.queueFlags & VK_QUEUE_TRANSFER_BIT) != 0,
                                          .queueCount = family.queueCount,
                                          .timestampBits = family.timestampValidBits});
    }
}

/// After the extensions: what other programs leave of a heap is known where the driver has the extension for it.
void queryMemory(VkPhysicalDevice device, PhysicalDeviceSnapshot& snapshot) {
    VkPhysicalDeviceMemoryBudgetPropertiesEXT budget{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_BUDGET_PROPERTIES_EXT};
    VkPhysicalDeviceMemoryProperties2 properties{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_PROPERTIES_2};
    if (snapshot.hasExtension(VK_EXT_MEMORY_BUDGET_EXTENSION_NAME)) properties.pNext = &budget;
    if (snapshot.apiVersion >= VK_API_VERSION_1_1) {
        vkGetPhysicalDeviceMemoryProperties2(device, &properties);
    } else {
        vkGetPhysicalDeviceMemoryProperties(device, &properties.memoryProperties);
    }
    const VkPhysicalDeviceMemoryProperties& memory = properties.memoryProperties;
    for (uint32_t i = 0; i < memory.memoryHeapCount; ++i) {
        const auto& heap = memory.memoryHeaps[i];
        snapshot.heaps.push_back(
            {.sizeBytes = heap.size,
             .deviceLocal = (heap.flags & VK_MEMORY_HEAP_DEVICE_LOCAL_BIT) != 0,
             .freeBytes = budget.heapBudget[i] > budget.heapUsage[i] ? budget.heapBudget[i] - budget.heapUsage[i] : 0});
    }
    for (uint32_t i = 0; i < memory.memoryTypeCount; ++i) {
        const auto& type = memory.memoryTypes[i];
        const auto has = [&](VkMemoryPropertyFlags flag) { return (type.propertyFlags & flag) != 0; };
        snapshot.memoryTypes.push_back({.heap = type.heapIndex,
                                        .deviceLocal = has(VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT),
                                        .hostVisible = has(VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT),
                                        .hostCoherent = has(VK_MEMORY_PROPERTY_HOST_COHERENT_BIT),
                                        .hostCached = has(VK_MEMORY_PROPERTY_HOST_CACHED_BIT)});
    }
}

void queryExtensions(VkPhysicalDevice device, PhysicalDeviceSnapshot& snapshot) {
    uint32_t count = 0;
    vkEnumerateDeviceExtensionProperties(device, nullptr, &count, nullptr);
    std::vector<VkExtensionProperties> extensions(count);
    vkEnumerateDeviceExtensionProperties(device, nullptr, &count, extensions.data());
    for (const auto& extension : extensions) snapshot.extensions.emplace_back(extension.extensionName);
}

void readLimits(const VkPhysicalDeviceProperties& properties, PhysicalDeviceSnapshot& snapshot) {
    const auto& limits = properties.limits;
    snapshot.name = properties.deviceName;
    snapshot.apiVersion = properties.apiVersion;
    snapshot.driverVersion = properties.driverVersion;
    snapshot.vendorId = properties.vendorID;
    snapshot.deviceId = properties.deviceID;
    snapshot.type = properties.deviceType;
    snapshot.maxStorageBufferRange = limits.maxStorageBufferRange;
    snapshot.minStorageBufferOffsetAlignment = limits.minStorageBufferOffsetAlignment;
    snapshot.maxStorageBuffersPerStage = limits.maxPerStageDescriptorStorageBuffers;
    snapshot.maxPushConstantBytes = limits.maxPushConstantsSize;
    snapshot.maxSharedMemoryBytes = limits.maxComputeSharedMemorySize;
    snapshot.maxWorkgroupInvocations =
        std::min(limits.maxComputeWorkGroupInvocations, limits.maxComputeWorkGroupSize[0]);
    std::copy_n(limits.maxComputeWorkGroupCount, 3, snapshot.maxWorkgroupCount.begin());
    snapshot.timestampPeriod = limits.timestampPeriod;
}

/// Properties of Vulkan 1.1 and later; only asked of devices that have 1.2.
void queryProperties(VkPhysicalDevice device, PhysicalDeviceSnapshot& snapshot) {
    VkPhysicalDevicePushDescriptorPropertiesKHR push{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PUSH_DESCRIPTOR_PROPERTIES_KHR};
    VkPhysicalDeviceSubgroupSizeControlProperties sizes{
        VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_PROPERTIES};
    VkPhysicalDeviceVulkan12Properties vulkan12{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_PROPERTIES};
    VkPhysicalDeviceVulkan11Properties vulkan11{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_1_PROPERTIES};
    VkPhysicalDeviceShaderIntegerDotProductProperties dot{
        VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_INTEGER_DOT_PRODUCT_PROPERTIES};
    vulkan11.pNext = &vulkan12;
    void** next = &vulkan12.pNext;
    if (snapshot.hasExtension(VK_KHR_PUSH_DESCRIPTOR_EXTENSION_NAME)) {
        *next = &push;
        next = &push.pNext;
    }
    if (snapshot.hasExtension(VK_KHR_SHADER_INTEGER_DOT_PRODUCT_EXTENSION_NAME)) {
        *next = &dot;
        next = &dot.pNext;
    }
    if (snapshot.hasExtension(VK_EXT_SUBGROUP_SIZE_CONTROL_EXTENSION_NAME)) *next = &sizes;
    VkPhysicalDeviceProperties2 properties{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2};
    properties.pNext = &vulkan11;
    vkGetPhysicalDeviceProperties2(device, &properties);

    snapshot.driverName = vulkan12.driverName;
    snapshot.driverInfo = vulkan12.driverInfo;
    std::copy_n(vulkan11.deviceUUID, VK_UUID_SIZE, snapshot.deviceUuid.begin());
    std::copy_n(vulkan11.driverUUID, VK_UUID_SIZE, snapshot.driverUuid.begin());
    snapshot.maxAllocationBytes = vulkan11.maxMemoryAllocationSize;
    snapshot.roundsToNearest32 = vulkan12.shaderRoundingModeRTEFloat32 == VK_TRUE &&
                                 vulkan12.roundingModeIndependence != VK_SHADER_FLOAT_CONTROLS_INDEPENDENCE_NONE;
    snapshot.fastPackedDot = dot.integerDotProduct4x8BitPackedSignedAccelerated == VK_TRUE;
    snapshot.maxPushDescriptors = push.maxPushDescriptors;
    snapshot.subgroupSize = vulkan11.subgroupSize;
    snapshot.minSubgroupSize = sizes.minSubgroupSize ? sizes.minSubgroupSize : vulkan11.subgroupSize;
    snapshot.maxSubgroupSize = sizes.maxSubgroupSize ? sizes.maxSubgroupSize : vulkan11.subgroupSize;
    snapshot.requiredSizeInCompute = (sizes.requiredSubgroupSizeStages & VK_SHADER_STAGE_COMPUTE_BIT) != 0;
    snapshot.subgroupInCompute = (vulkan11.subgroupSupportedStages & VK_SHADER_STAGE_COMPUTE_BIT) != 0;
    const auto operations = vulkan11.subgroupSupportedOperations;
    snapshot.subgroupArithmetic = (operations & VK_SUBGROUP_FEATURE_ARITHMETIC_BIT) != 0;
    snapshot.subgroupShuffle = (operations & VK_SUBGROUP_FEATURE_SHUFFLE_BIT) != 0;
}

void queryFeatures(VkPhysicalDevice device, PhysicalDeviceSnapshot& snapshot) {
    VkPhysicalDeviceSubgroupSizeControlFeatures sizes{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_FEATURES};
    VkPhysicalDeviceShaderIntegerDotProductFeatures dot{
        VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_INTEGER_DOT_PRODUCT_FEATURES};
    VkPhysicalDeviceCooperativeMatrixFeaturesKHR matrices{
        VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_COOPERATIVE_MATRIX_FEATURES_KHR};
    VkPhysicalDeviceVulkan12Features vulkan12{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES};
    VkPhysicalDeviceVulkan11Features vulkan11{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_1_FEATURES};
    vulkan11.pNext = &vulkan12;
    void** next = &vulkan12.pNext;
    if (snapshot.hasExtension(VK_KHR_SHADER_INTEGER_DOT_PRODUCT_EXTENSION_NAME)) {
        *next = &dot;
        next = &dot.pNext;
    }
    if (snapshot.hasExtension(VK_KHR_COOPERATIVE_MATRIX_EXTENSION_NAME)) {
        *next = &matrices;
        next = &matrices.pNext;
    }
    if (snapshot.hasExtension(VK_EXT_SUBGROUP_SIZE_CONTROL_EXTENSION_NAME)) *next = &sizes;
    VkPhysicalDeviceFeatures2 features{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2};
    features.pNext = &vulkan11;
    vkGetPhysicalDeviceFeatures2(device, &features);

    snapshot.timelineSemaphore = vulkan12.timelineSemaphore == VK_TRUE;
    snapshot.storage16 = vulkan11.storageBuffer16BitAccess == VK_TRUE;
    snapshot.storage8 = vulkan12.storageBuffer8BitAccess == VK_TRUE;
    snapshot.float16 = vulkan12.shaderFloat16 == VK_TRUE;
    snapshot.integerDot = dot.shaderIntegerDotProduct == VK_TRUE;
    snapshot.int8 = vulkan12.shaderInt8 == VK_TRUE;
    snapshot.vulkanMemoryModel =
        vulkan12.vulkanMemoryModel == VK_TRUE && vulkan12.vulkanMemoryModelDeviceScope == VK_TRUE;
    snapshot.cooperativeMatrix = matrices.cooperativeMatrix == VK_TRUE;
    snapshot.subgroupSizeControl = sizes.subgroupSizeControl == VK_TRUE;
    snapshot.fullSubgroups = sizes.computeFullSubgroups == VK_TRUE;
}

}  // namespace

bool PhysicalDeviceSnapshot::hasExtension(std::string_view extension) const {
    return std::find(extensions.begin(), extensions.end(), extension) != extensions.end();
}

PhysicalDeviceSnapshot querySnapshot(VkInstance instance, VkPhysicalDevice device) {
    PhysicalDeviceSnapshot snapshot;
    VkPhysicalDeviceProperties properties{};
    vkGetPhysicalDeviceProperties(device, &properties);
    readLimits(properties, snapshot);
    queryQueues(device, snapshot);
    queryExtensions(device, snapshot);
    queryMemory(device, snapshot);
    if (snapshot.apiVersion >= VK_API_VERSION_1_2) {
        queryProperties(device, snapshot);
        queryFeatures(device, snapshot);
    }
    if (snapshot.cooperativeMatrix) snapshot.halfMatrices = queryHalfMatrices(instance, device);
    return snapshot;
}

}  // namespace halftone::vk
