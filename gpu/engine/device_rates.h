// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/inference/backend.h"
#include "gpu/engine/vulkan_context.h"

namespace halftone {

/// What the device can do at most: copies between two buffers in its memory, multiply-adds on registers. The best of
/// some rounds, from submission to completion; each lasts long enough that the submission itself does not count.
Result<DeviceRates> measureDeviceRates(VulkanContext& context, const JobContext& job);

}  // namespace halftone
