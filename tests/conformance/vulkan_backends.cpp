// SPDX-License-Identifier: GPL-3.0-or-later
// The Vulkan backend under several plans: as the device wants it, and as other devices would.
#include <algorithm>
#include <cstdlib>
#include <string_view>

#include <gtest/gtest.h>

#include "gpu/engine/vulkan_context.h"
#include "tests/conformance/conformance_backend.h"

namespace halftone::test {
namespace {

/// Bytes are multiplied as on devices that have an instruction for it.
void withIntegers(vk::DevicePlan& plan) {
    plan.integer.matvec = plan.integer.matmul = plan.integer.usable;
    plan.integer.leastProducts = 0;
}

/// Tensors of more than four mebibytes are split, uploads are staged, descriptors come from pools.
void likeASmallDevice(vk::DevicePlan& plan) {
    withIntegers(plan);
    plan.maxBindingBytes = uint64_t{4} << 20;
    plan.slabBytes = uint64_t{1} << 20;
    plan.directUpload = false;
    plan.pushDescriptors = false;
    std::erase(plan.extensions, VK_KHR_PUSH_DESCRIPTOR_EXTENSION_NAME);
}

/// The kernels that graphics cards get: tiles in shared memory, workgroups of several subgroups.
void likeAGraphicsCard(vk::DevicePlan& plan) {
    withIntegers(plan);
    plan.oneSubgroupGroups = false;
    plan.matvec = {.localSize = 32, .rows = 2, .mostTokens = 8};
    plan.matmul = {.tiled = true,
                   .localSize = 128,
                   .tileRows = 64,
                   .tileTokens = 64,
                   .threadRows = 8,
                   .threadTokens = 4,
                   .depth = 32};
    plan.attention = {.localSize = 32, .promptQueries = 4};
    plan.reduceLocalSize = 64;
}

/// Many tokens meet weights on matrix units.
void withMatrixUnits(vk::DevicePlan& plan) {
    plan.units.matmul = plan.units.usable;
}

ConformanceBackend entry(std::string name, PlanAdjustment adjust, bool needsUnits = false) {
    ConformanceBackend backend;
    backend.name = std::move(name);
    backend.create = [adjust = std::move(adjust), needsUnits]() -> Result<std::shared_ptr<Backend>> {
        auto context = openVulkanContext(-1, {.validation = true}, adjust);
        if (context && needsUnits && !(*context)->remarks.empty())
            return makeError(ErrorCode::kInternal, (*context)->remarks.front());
        if (context && needsUnits && !(*context)->plan().units.usable)
            return makeError(ErrorCode::kNotFound, "This device has no matrix units (VK_KHR_cooperative_matrix).");
        if (context) return makeVulkanBackend(std::move(*context));
        const char* required = std::getenv("HT_REQUIRE_VULKAN");
        const bool mustRun = required && std::string_view(required) == "1";
        // kNotFound is a skip; where a device is required its absence is a failure.
        return makeError(mustRun ? ErrorCode::kInternal : ErrorCode::kNotFound, context.error().message);
    };
    backend.maxTokens = 33;
    return backend;
}

/// A validation message during a test fails it.
class ValidationListener final : public testing::EmptyTestEventListener {
    void OnTestStart(const testing::TestInfo&) override { m_before = vulkanValidationMessages().size(); }
    void OnTestEnd(const testing::TestInfo&) override {
        const auto messages = vulkanValidationMessages();
        for (size_t i = m_before; i < messages.size(); ++i) ADD_FAILURE() << messages[i];
    }
    size_t m_before = 0;
};

void listenForValidationMessages() {
    static const bool once = [] {
        testing::UnitTest::GetInstance()->listeners().Append(new ValidationListener);  // owned by the framework
        return true;
    }();
    (void)once;
}

}  // namespace

std::vector<ConformanceBackend> vulkanConformanceBackends() {
    listenForValidationMessages();
    std::vector<ConformanceBackend> backends;
    backends.push_back(entry("vulkan", withIntegers));
    backends.back().integers = true;
    // All formats run on the device's own plan; what other plans change does not depend on the format.
    ConformanceBackend small = entry("vulkan_small_device", likeASmallDevice);
    small.integers = true;
    small.formats = {"q8_0", "int4_g64_asym", "q8_0+out2+rank33"};
    backends.push_back(std::move(small));
    ConformanceBackend card = entry("vulkan_graphics_card", likeAGraphicsCard);
    card.integers = true;
    card.formats = {"f32",
                    "f16",
                    "q4_0",
                    "q4_k",
                    "q6_k",
                    "int8_g64_asym+out2+rank7",
                    "int3_g128_asym",
                    "fp8_e4m3_channel",
                    "kmeans3_channel",
                    "int4_g64_asym+out0.5+rank7"};
    backends.push_back(std::move(card));
    if (std::ranges::none_of(listVulkanDevices(), &VulkanDeviceInfo::matrixUnits)) return backends;
    ConformanceBackend units = entry("vulkan_matrix_units", withMatrixUnits, true);
    units.halves = true;
    units.formats = {"f16"};  // of products that are not rounded
    backends.push_back(std::move(units));
    return backends;
}

}  // namespace halftone::test
