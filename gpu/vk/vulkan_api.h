// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The one way to the Vulkan headers: types and function pointer tables, no prototypes. The loader is found at run time
// (volk), so that the program starts on machines without one.
#define VK_NO_PROTOTYPES
#include <volk.h>
