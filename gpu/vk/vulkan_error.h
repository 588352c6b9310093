// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>

#include "core/base/error.h"
#include "gpu/vk/vulkan_api.h"

namespace halftone::vk {

/// "VK_ERROR_DEVICE_LOST"; "VkResult -42" for codes that this program does not name.
[[nodiscard]] std::string resultName(VkResult result);

/// The failure of a Vulkan call. `action` completes "The GPU could not ...": "create a command pool".
/// Device lost -> kDeviceLost, memory -> kOutOfMemory, others -> kInternal.
[[nodiscard]] tl::unexpected<Error> vulkanError(VkResult result, std::string_view action);

}  // namespace halftone::vk

/// Returns the error of a Vulkan call to the caller, unless it succeeded.
#define HT_VK_TRY(expression, action)                                         \
    do {                                                                      \
        if (const VkResult htResult_ = (expression); htResult_ != VK_SUCCESS) \
            return ::halftone::vk::vulkanError(htResult_, action);            \
    } while (false)
