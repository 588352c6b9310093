// SPDX-License-Identifier: GPL-3.0-or-later
#include "gpu/vk/cooperative_matrix.h"

namespace halftone::vk {

std::vector<MatrixSize> queryHalfMatrices(VkInstance instance, VkPhysicalDevice device) {
    // A loader that does not know the function hands out another one for every instance.
    const auto query = reinterpret_cast<PFN_vkGetPhysicalDeviceCooperativeMatrixPropertiesKHR>(
        vkGetInstanceProcAddr(instance, "vkGetPhysicalDeviceCooperativeMatrixPropertiesKHR"));
    uint32_t count = 0;
    if (!query || query(device, &count, nullptr) != VK_SUCCESS) return {};
    VkCooperativeMatrixPropertiesKHR empty{};
    empty.sType = VK_STRUCTURE_TYPE_COOPERATIVE_MATRIX_PROPERTIES_KHR;
    std::vector<VkCooperativeMatrixPropertiesKHR> all(count, empty);
    if (query(device, &count, all.data()) != VK_SUCCESS) return {};
    all.resize(count);
    std::vector<MatrixSize> sizes;
    for (const auto& each : all) {
        const bool halves = each.AType == VK_COMPONENT_TYPE_FLOAT16_KHR && each.BType == VK_COMPONENT_TYPE_FLOAT16_KHR;
        const bool sums = each.CType == VK_COMPONENT_TYPE_FLOAT32_KHR && each.ResultType == each.CType;
        if (halves && sums && each.scope == VK_SCOPE_SUBGROUP_KHR && each.saturatingAccumulation == VK_FALSE)
            sizes.push_back({each.MSize, each.NSize, each.KSize});
    }
    return sizes;
}

}  // namespace halftone::vk
