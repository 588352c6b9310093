// SPDX-License-Identifier: GPL-3.0-or-later
#define VOLK_IMPLEMENTATION
#include "gpu/vk/vulkan_api.h"
