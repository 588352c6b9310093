// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>

#include "core/inference/device_trial.h"

namespace halftone {

/// Where the trials of this machine's devices are kept, so that each is made once; empty where there is no such place.
[[nodiscard]] std::filesystem::path deviceTrialsPath();

/// What was kept; nothing where the file is missing or is not such a file: trials can be made again.
[[nodiscard]] DeviceTrials loadDeviceTrials(const std::filesystem::path& path);

/// Replaces the file; makes its folder.
[[nodiscard]] Status saveDeviceTrials(const std::filesystem::path& path, const DeviceTrials& trials);

}  // namespace halftone
