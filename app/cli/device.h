// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/inference/backend.h"

namespace halftone::cli {

/// Something that models can run on.
struct DeviceEntry {
    std::string id;  ///< what --device takes
    std::string name;
    std::string detail;
    bool usable = true;
    std::string whyNot{};     ///< a sentence, if not usable
    bool isSoftware = false;  ///< a Vulkan device made of the processor: only on request
    uint64_t memoryBytes = 0;
};

/// cpu, cpu-reference and the Vulkan devices.
std::vector<DeviceEntry> listDevices();

/// The id that "auto" stands for: the first usable Vulkan device that is hardware, else "cpu".
std::string automaticDevice(const std::vector<DeviceEntry>& devices);

/// Opens what --device names. kInvalidArgument (usage) for a word that is none; kNotFound or kUnsupported with the
/// reason for a device that is not there or cannot be used.
Result<std::shared_ptr<Backend>> openDevice(const std::string& choice);

}  // namespace halftone::cli
