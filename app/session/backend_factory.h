// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QList>

#include <memory>
#include <string>

#include "app/session/device_choice.h"
#include "core/inference/backend.h"

namespace halftone::app {

/// The entries "cpu" and "cpu-reference"; always there, instant.
[[nodiscard]] QList<DeviceEntry> cpuDevices();
/// Vulkan devices; may take a second where drivers are slow: worker threads only.
[[nodiscard]] QList<DeviceEntry> vulkanDevices();
/// Opens the device of an entry's id. `memoryLimitBytes` is what a Vulkan device may take of its memory, 0: what there
/// is. Worker threads only.
[[nodiscard]] Result<std::shared_ptr<Backend>> createBackend(const std::string& deviceId, int64_t memoryLimitBytes = 0);

}  // namespace halftone::app
