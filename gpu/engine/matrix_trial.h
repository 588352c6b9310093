// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/error.h"
#include "gpu/engine/vulkan_context.h"

namespace halftone {

/// Multiplies two small matrices of whole numbers on the device's matrix units, where every sum is exact, and says
/// whether all of them are right. Drivers of matrix units are young, and shaders reach them translated
/// (shaders/tools/khr_matrices.h): nobody should have to trust them. Errors are the device's. Precondition:
/// context.plan().units.usable.
Result<bool> matrixUnitsAreRight(VulkanContext& context);

}  // namespace halftone
