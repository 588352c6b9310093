// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "gpu/engine/residency_list.h"
#include "gpu/engine/uploader.h"
#include "gpu/engine/weight_store.h"
#include "gpu/vk/device.h"
#include "gpu/vk/memory_allocator.h"
#include "gpu/vk/pipeline_store.h"
#include "gpu/vulkan_backend.h"

namespace halftone {

/// One opened device and what all executables on it share. Held by the backend, its executables and their sequences;
/// members are destroyed in the reverse order of their declaration.
struct VulkanContext {
    std::shared_ptr<vk::Device> device;
    std::unique_ptr<vk::MemoryAllocator> allocator;
    std::unique_ptr<vk::PipelineStore> pipelines;
    std::unique_ptr<Uploader> uploader;
    std::unique_ptr<WeightStore> weights;
    std::unique_ptr<ResidencyList> residencies;
    int index = 0;
    std::vector<std::string> remarks;  ///< what of the device is not used, and why: sentences, for a log

    [[nodiscard]] const vk::DevicePlan& plan() const { return device->plan(); }
};

/// Changes the plan before the device is made: for tests that lower limits.
using PlanAdjustment = std::function<void(vk::DevicePlan&)>;

/// Opens device `deviceIndex` as createVulkanBackend() does.
Result<std::shared_ptr<VulkanContext>> openVulkanContext(int deviceIndex, const VulkanOptions& options,
                                                         const PlanAdjustment& adjust = {});

/// A backend over an opened context.
std::shared_ptr<Backend> makeVulkanBackend(std::shared_ptr<VulkanContext> context);

}  // namespace halftone
