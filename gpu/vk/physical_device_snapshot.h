// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "gpu/vk/cooperative_matrix.h"
#include "gpu/vk/vulkan_api.h"

namespace halftone::vk {

struct QueueFamilySnapshot {
    bool compute = false;
    bool graphics = false;
    bool transfer = false;
    uint32_t queueCount = 0;
    uint32_t timestampBits = 0;
};

struct MemoryHeapSnapshot {
    uint64_t sizeBytes = 0;
    bool deviceLocal = false;
    uint64_t freeBytes = 0;  ///< what this process may still take now; 0 without VK_EXT_memory_budget
};

struct MemoryTypeSnapshot {
    uint32_t heap = 0;
    bool deviceLocal = false;
    bool hostVisible = false;
    bool hostCoherent = false;
    bool hostCached = false;
};

/// Everything that the plan needs to know of a physical device, as a plain value: tests make up their own.
struct PhysicalDeviceSnapshot {
    std::string name;
    std::string driverName;  ///< "radv", "llvmpipe"
    std::string driverInfo;  ///< "Mesa 22.3.6"
    uint32_t apiVersion = 0;
    uint32_t driverVersion = 0;
    uint32_t vendorId = 0;
    uint32_t deviceId = 0;
    VkPhysicalDeviceType type = VK_PHYSICAL_DEVICE_TYPE_OTHER;
    std::array<uint8_t, VK_UUID_SIZE> deviceUuid{};
    std::array<uint8_t, VK_UUID_SIZE> driverUuid{};

    std::vector<QueueFamilySnapshot> queueFamilies;
    std::vector<MemoryHeapSnapshot> heaps;
    std::vector<MemoryTypeSnapshot> memoryTypes;
    std::vector<std::string> extensions;

    uint64_t maxStorageBufferRange = 0;
    uint64_t maxAllocationBytes = 0;
    uint64_t minStorageBufferOffsetAlignment = 0;
    uint32_t maxStorageBuffersPerStage = 0;
    uint32_t maxPushConstantBytes = 0;
    uint32_t maxSharedMemoryBytes = 0;
    uint32_t maxWorkgroupInvocations = 0;
    std::array<uint32_t, 3> maxWorkgroupCount{};
    uint32_t maxPushDescriptors = 0;  ///< 0 without VK_KHR_push_descriptor
    float timestampPeriod = 0;        ///< nanoseconds a tick

    uint32_t subgroupSize = 0;
    uint32_t minSubgroupSize = 0;  ///< equal to subgroupSize without subgroup size control
    uint32_t maxSubgroupSize = 0;
    bool subgroupInCompute = false;
    bool subgroupArithmetic = false;
    bool subgroupShuffle = false;
    bool subgroupSizeControl = false;  ///< feature: a size can be required of a compute pipeline
    bool fullSubgroups = false;        ///< feature: whole subgroups can be required
    bool requiredSizeInCompute = false;

    bool timelineSemaphore = false;
    bool storage16 = false;  ///< not needed: all shaders read 32-bit words
    bool storage8 = false;
    bool float16 = false;
    bool int8 = false;
    bool integerDot = false;     ///< feature: dot products of integers, four signed bytes in a word among them
    bool fastPackedDot = false;  ///< ... of four signed bytes in a word, faster than what a shader would write
    bool vulkanMemoryModel = false;  ///< feature, with atomics of the whole device
    bool cooperativeMatrix = false;          ///< feature: subgroups multiply matrices together
    std::vector<MatrixSize> halfMatrices{};  ///< ... of binary16 with sums of binary32, in these sizes
    bool roundsToNearest32 = false;          ///< shaders may ask that binary32 operations round to nearest even

    [[nodiscard]] bool hasExtension(std::string_view extension) const;
};

/// Reads all of it from the driver.
PhysicalDeviceSnapshot querySnapshot(VkInstance instance, VkPhysicalDevice device);

}  // namespace halftone::vk
