// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/inference/backend.h"

namespace halftone {

/// A Vulkan device as lists show it.
struct VulkanDeviceInfo {
    int index = 0;       ///< for "vulkan:N"
    std::string name;    ///< "AMD Radeon 780M (RADV PHOENIX)"
    std::string driver;  ///< driver name and version
    std::string apiVersion;
    bool isSoftware = false;  ///< a CPU-type device (lavapipe): for tests, not for work
    bool usable = false;
    std::string whyNot;        ///< sentence, if not usable
    uint64_t memoryBytes = 0;  ///< largest device-local heap
    uint32_t subgroupSize = 0;
    bool matrixUnits = false;  ///< multiplies matrices of binary16 in units of its own (VK_KHR_cooperative_matrix)

    /// Device and driver in one: what the backend on it calls itself.
    [[nodiscard]] std::string description() const { return name + " (" + driver + ")"; }
};

/// All devices of the machine; empty without a Vulkan loader or driver (never an error).
std::vector<VulkanDeviceInfo> listVulkanDevices();

struct VulkanOptions {
    bool validation = false;  ///< enable the Khronos validation layer; its messages go to vulkanValidationMessages()
    /// What may be taken of the device's memory; 0: what there is. Weights beyond it stream from the host block by
    /// block.
    uint64_t memoryLimitBytes = 0;
    /// Quantize on the device where it can, though the processor be faster (a software device); the environment
    /// variable HT_VK_ENCODE=1 asks for the same. For tests and measurements.
    bool alwaysEncode = false;
};

/// Opens a device. -1: the one that the environment variable HT_VK_DEVICE names, else the first usable hardware device,
/// else the first usable software device. kNotFound without a device, kUnsupported with a sentence for one that cannot
/// be used. Executables of one backend may be used from different threads; they share weights that are the same.
Result<std::shared_ptr<Backend>> createVulkanBackend(int deviceIndex, const VulkanOptions& options = {});

/// Validation messages since the start of the process, for tests: must stay empty.
std::vector<std::string> vulkanValidationMessages();

}  // namespace halftone
