// SPDX-License-Identifier: GPL-3.0-or-later
#include "gpu/engine/vulkan_context.h"

#include <charconv>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string_view>

#include <fmt/format.h>

#include "gpu/engine/matrix_trial.h"
#include "gpu/vk/pipeline_cache_file.h"

namespace halftone {
namespace {

struct Candidate {
    VkPhysicalDevice physical = VK_NULL_HANDLE;
    vk::PhysicalDeviceSnapshot snapshot;
    Result<vk::DevicePlan> plan;
};

std::vector<Candidate> findCandidates(const vk::Instance& instance, uint64_t memoryLimitBytes = 0) {
    std::vector<Candidate> candidates;
    for (const VkPhysicalDevice physical : instance.physicalDevices()) {
        auto snapshot = vk::querySnapshot(instance.handle(), physical);
        auto plan = vk::planDevice(snapshot, memoryLimitBytes);
        candidates.push_back({physical, std::move(snapshot), std::move(plan)});
    }
    return candidates;
}

uint64_t largestDeviceHeap(const vk::PhysicalDeviceSnapshot& snapshot) {
    uint64_t largest = 0;
    for (const auto& heap : snapshot.heaps) {
        if (heap.deviceLocal) largest = std::max(largest, heap.sizeBytes);
    }
    return largest;
}

/// HT_VK_DEVICE, if it holds a number.
std::optional<int> deviceFromEnvironment() {
    const char* text = std::getenv("HT_VK_DEVICE");
    if (!text) return std::nullopt;
    int index = 0;
    const auto [end, error] = std::from_chars(text, text + std::strlen(text), index);
    if (error != std::errc{} || *end != '\0' || index < 0) return std::nullopt;
    return index;
}

/// HT_VK_ENCODE=1.
bool environmentWantsEncoding() {
    const char* text = std::getenv("HT_VK_ENCODE");
    return text && std::string_view(text) == "1";
}

Result<size_t> chooseDevice(const std::vector<Candidate>& candidates, int wanted) {
    if (candidates.empty())
        return makeError(ErrorCode::kNotFound, "This machine has no Vulkan device; a GPU driver may be missing.");
    if (wanted >= 0) {
        if (static_cast<size_t>(wanted) < candidates.size()) return static_cast<size_t>(wanted);
        return makeError(ErrorCode::kNotFound,
                         fmt::format("There is no Vulkan device {}; this machine has {}.", wanted, candidates.size()));
    }
    for (const bool software : {false, true}) {
        for (size_t i = 0; i < candidates.size(); ++i) {
            if (candidates[i].plan && candidates[i].plan->isSoftware == software) return i;
        }
    }
    return tl::unexpected(candidates.front().plan.error());
}

Result<std::shared_ptr<VulkanContext>> openCandidate(std::shared_ptr<const vk::Instance> instance,
                                                     const Candidate& chosen, vk::DevicePlan plan) {
    auto context = std::make_shared<VulkanContext>();
    HT_ASSIGN_OR_RETURN(context->device, vk::Device::create(std::move(instance), chosen.physical, std::move(plan)));
    context->allocator = std::make_unique<vk::MemoryAllocator>(context->device);
    HT_ASSIGN_OR_RETURN(context->pipelines,
                        vk::PipelineStore::create(context->device, vk::pipelineCachePath(chosen.snapshot)));
    HT_ASSIGN_OR_RETURN(context->uploader, Uploader::create(context->device, *context->allocator, *context->pipelines));
    context->weights = std::make_unique<WeightStore>(context->plan(), *context->allocator, *context->uploader);
    context->residencies = std::make_unique<ResidencyList>();
    return context;
}

/// Opens a device whose matrix units are used only where they pass a trial.
Result<std::shared_ptr<VulkanContext>> openTried(std::shared_ptr<const vk::Instance> instance, const Candidate& chosen,
                                                 vk::DevicePlan plan) {
    auto context = openCandidate(instance, chosen, plan);
    if (!plan.units.matmul) return context;
    std::string reason = "they multiply wrongly.";
    if (context) {
        const auto isRight = matrixUnitsAreRight(**context);
        if (isRight && *isRight) return context;
        if (!isRight) reason = isRight.error().message;
    } else {
        reason = context.error().message;
    }
    plan.units = {};
    std::erase(plan.extensions, VK_KHR_COOPERATIVE_MATRIX_EXTENSION_NAME);
    const std::string name = plan.deviceName;
    context = Result<std::shared_ptr<VulkanContext>>();
    HT_ASSIGN_OR_RETURN(context, openCandidate(std::move(instance), chosen, std::move(plan)));
    (*context)->remarks.push_back(fmt::format("The matrix units of {} are not used: {}", name, reason));
    return context;
}

}  // namespace

std::vector<VulkanDeviceInfo> listVulkanDevices() {
    const auto instance = vk::Instance::create({});
    if (!instance) return {};
    std::vector<VulkanDeviceInfo> devices;
    for (const auto& candidate : findCandidates(**instance)) {
        const auto& snapshot = candidate.snapshot;
        VulkanDeviceInfo info;
        info.index = static_cast<int>(devices.size());
        info.name = snapshot.name;
        info.driver = snapshot.driverInfo.empty() ? snapshot.driverName
                                                  : fmt::format("{} ({})", snapshot.driverName, snapshot.driverInfo);
        info.apiVersion = vk::versionText(snapshot.apiVersion);
        info.isSoftware = snapshot.type == VK_PHYSICAL_DEVICE_TYPE_CPU;
        info.usable = candidate.plan.has_value();
        if (!candidate.plan) info.whyNot = candidate.plan.error().message;
        info.memoryBytes = largestDeviceHeap(snapshot);
        info.subgroupSize = snapshot.subgroupSize;
        info.matrixUnits = candidate.plan && candidate.plan->units.usable;
        devices.push_back(std::move(info));
    }
    return devices;
}

Result<std::shared_ptr<VulkanContext>> openVulkanContext(int deviceIndex, const VulkanOptions& options,
                                                         const PlanAdjustment& adjust) {
    HT_ASSIGN_OR_RETURN(auto instance, vk::Instance::create(vk::instanceOptions(options.validation)));
    const auto candidates = findCandidates(*instance, options.memoryLimitBytes);
    const int wanted = deviceIndex >= 0 ? deviceIndex : deviceFromEnvironment().value_or(-1);
    HT_ASSIGN_OR_RETURN(const size_t index, chooseDevice(candidates, wanted));
    const Candidate& chosen = candidates[index];
    HT_ASSIGN_OR_RETURN(vk::DevicePlan plan, Result<vk::DevicePlan>(chosen.plan));
    if (options.alwaysEncode || environmentWantsEncoding()) plan.encode.worthwhile = plan.encode.usable;
    if (adjust) adjust(plan);

    HT_ASSIGN_OR_RETURN(auto context, openTried(std::move(instance), chosen, std::move(plan)));
    context->index = static_cast<int>(index);
    return context;
}

std::vector<std::string> vulkanValidationMessages() {
    return vk::validationMessages();
}

}  // namespace halftone
