// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "app/cli/options.h"
#include "core/inference/device_trial.h"

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
    std::string trialName{};  ///< see TrialCandidate

    [[nodiscard]] bool isGpu() const { return id.starts_with("vulkan") && usable && !isSoftware; }
};

/// cpu, cpu-reference and the Vulkan devices.
std::vector<DeviceEntry> listDevices();

/// The id that "auto" stands for: the fastest of the CPU and the usable Vulkan devices that are hardware, as they were
/// measured; the first of those devices as long as one has not been tried; "cpu" where there is none.
std::string automaticDevice(const std::vector<DeviceEntry>& devices, const DeviceTrials& trials);

/// The kept trials, with those added that automaticDevice() needs and nobody has made yet. Without a GPU there is
/// nothing to choose, and nothing is tried.
DeviceTrials completeTrials(const std::vector<DeviceEntry>& devices);

/// Opens what --device names, within --memory-limit. kInvalidArgument (usage) for a word that is none; kNotFound or
/// kUnsupported with the reason for a device that is not there or cannot be used.
Result<std::shared_ptr<Backend>> openDevice(const CommonOptions& common);

/// What quantizes where --device names a Vulkan device; null where it names none ("auto" included: opening a GPU takes
/// longer than most files) or where the processor is better at it, which is said on standard error.
Result<std::shared_ptr<EncodeDevice>> openEncoder(const CommonOptions& common);

/// Tells on stderr what the device left to the processor though it has a way to do it, and why. Null: nothing.
void printRemarks(const EncodeDevice* encoder);

}  // namespace halftone::cli
