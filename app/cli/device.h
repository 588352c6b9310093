// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <optional>
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

/// What --device names, opened when first asked for: much work ends up needing no device.
class DeviceOnDemand {
  public:
    explicit DeviceOnDemand(const CommonOptions& common) : m_common(common) {}
    /// Opens as openDevice() does; an error is the same every time.
    Result<std::shared_ptr<Backend>> get();
    /// Null as long as it is not open.
    [[nodiscard]] Backend* opened() const { return m_backend && *m_backend ? (*m_backend)->get() : nullptr; }
    [[nodiscard]] const CommonOptions& common() const { return m_common; }

  private:
    CommonOptions m_common;
    std::optional<Result<std::shared_ptr<Backend>>> m_backend;
};

/// What quantizes where --device names a Vulkan device; null where it names none ("auto" included: opening a GPU takes
/// longer than most files) or where the processor is better at it, which is said on standard error.
Result<std::shared_ptr<EncodeDevice>> openEncoder(DeviceOnDemand& device);

/// Tells on stderr what the device left to the processor though it has a way to do it, and why. Null: nothing.
void printRemarks(const EncodeDevice* encoder);

}  // namespace halftone::cli
