// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/device.h"

#include <algorithm>
#include <charconv>
#include <iterator>

#include <fmt/format.h>

#include "app/cli/output.h"
#include "core/project/device_trials_file.h"
#include "core/quant/methods/encode_device.h"
#ifdef HT_HAS_GPU
#include "gpu/vulkan_backend.h"
#endif

namespace halftone::cli {
namespace {

#ifdef HT_HAS_GPU

std::vector<DeviceEntry> vulkanDevices() {
    std::vector<DeviceEntry> devices;
    for (const VulkanDeviceInfo& info : listVulkanDevices()) {
        devices.push_back(
            {.id = fmt::format("vulkan:{}", info.index),
             .name = info.name,
             .detail = fmt::format("{}, Vulkan {}, {}, subgroup {}{}{}", info.driver, info.apiVersion,
                                   bytesText(double(info.memoryBytes)), info.subgroupSize,
                                   info.matrixUnits ? ", matrix units" : "", info.isSoftware ? ", software" : ""),
             .usable = info.usable,
             .whyNot = info.whyNot,
             .isSoftware = info.isSoftware,
             .memoryBytes = info.memoryBytes,
             .trialName = info.description()});
    }
    return devices;
}

Result<std::shared_ptr<Backend>> openVulkan(int index, uint64_t memoryLimitBytes) {
    return createVulkanBackend(index, {.memoryLimitBytes = memoryLimitBytes});
}

#else

std::vector<DeviceEntry> vulkanDevices() {
    return {};
}

Result<std::shared_ptr<Backend>> openVulkan(int /*index*/, uint64_t /*memoryLimitBytes*/) {
    return makeError(ErrorCode::kUnsupported, "This build has no Vulkan engine; use --device cpu.");
}

#endif

}  // namespace

std::vector<DeviceEntry> listDevices() {
    const std::string cpu = createCpuBackend()->description();
    std::vector<DeviceEntry> devices{
        {.id = "cpu", .name = "CPU", .detail = cpu, .trialName = cpu},
        {.id = "cpu-reference", .name = "CPU reference", .detail = createCpuReferenceBackend()->description()}};
    for (DeviceEntry& device : vulkanDevices()) devices.push_back(std::move(device));
    return devices;
}

// GPUs, then the CPU.
static std::vector<DeviceEntry> automaticCandidates(const std::vector<DeviceEntry>& devices) {
    std::vector<DeviceEntry> candidates;
    std::ranges::copy_if(devices, std::back_inserter(candidates), &DeviceEntry::isGpu);
    std::ranges::copy_if(devices, std::back_inserter(candidates),
                         [](const auto& device) { return device.id == "cpu"; });
    return candidates;
}

std::string automaticDevice(const std::vector<DeviceEntry>& devices, const DeviceTrials& trials) {
    const auto candidates = automaticCandidates(devices);
    if (candidates.empty()) return "cpu";
    std::vector<std::optional<DeviceTrial>> rates;
    for (const DeviceEntry& device : candidates) rates.push_back(trialOf(trials, device.trialName));
    return candidates[fastestOf(rates).value_or(0)].id;
}

DeviceTrials completeTrials(const std::vector<DeviceEntry>& devices) {
    std::vector<TrialCandidate> candidates;
    for (const DeviceEntry& device : automaticCandidates(devices)) {
        candidates.push_back({device.trialName, [id = device.id] { return openDevice(CommonOptions{.device = id}); }});
    }
    return completeDeviceTrials(deviceTrialsPath(), candidates, JobContext()).value_or(DeviceTrials{});
}

Result<std::shared_ptr<Backend>> openDevice(const CommonOptions& common) {
    constexpr std::string_view kVulkanPrefix = "vulkan:";
    std::string choice = common.device;
    if (choice == "auto") {
        const std::vector<DeviceEntry> devices = listDevices();
        choice = automaticDevice(devices, completeTrials(devices));
    }
    if (choice == "cpu") return createCpuBackend();
    if (choice == "cpu-reference") return createCpuReferenceBackend();
    if (choice == "vulkan") return openVulkan(-1, common.memoryLimitBytes);
    if (choice.starts_with(kVulkanPrefix)) {
        int index = -1;
        const char* end = choice.data() + choice.size();
        const auto parsed = std::from_chars(choice.data() + kVulkanPrefix.size(), end, index);
        if (parsed.ec == std::errc{} && parsed.ptr == end && index >= 0)
            return openVulkan(index, common.memoryLimitBytes);
    }
    return usageError(
        fmt::format("\"{}\" is not a device; there are auto, vulkan, vulkan:N, cpu and cpu-reference.", choice));
}

Result<std::shared_ptr<Backend>> DeviceOnDemand::get() {
    if (!m_backend) m_backend = openDevice(m_common);
    return *m_backend;
}

Result<std::shared_ptr<EncodeDevice>> openEncoder(DeviceOnDemand& device) {
    if (!device.common().device.starts_with("vulkan")) return std::shared_ptr<EncodeDevice>();
    HT_ASSIGN_OR_RETURN(const auto backend, device.get());
    auto encoder = backend->encoder();
    if (!encoder) fmt::print(stderr, "The processor quantizes: {} is not better at it.\n", backend->description());
    return encoder;
}

void printRemarks(const EncodeDevice* encoder) {
    if (!encoder) return;
    for (const std::string& remark : encoder->remarks()) fmt::print(stderr, "{}\n", remark);
}

}  // namespace halftone::cli
