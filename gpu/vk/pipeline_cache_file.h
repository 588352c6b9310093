// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "gpu/vk/physical_device_snapshot.h"

namespace halftone::vk {

/// Where compiled pipelines of a device and driver are kept: $XDG_CACHE_HOME/halftone/ (or ~/.cache/halftone/). Empty
/// if there is no such folder to be had.
std::filesystem::path pipelineCachePath(const PhysicalDeviceSnapshot& snapshot);

/// The driver's data, or empty if the file is missing, damaged or of another version: a cache is never a reason to
/// fail.
std::vector<std::byte> loadPipelineCache(const std::filesystem::path& path);

/// Writes a temporary file beside and renames it, so that a reader sees the old data or the new.
Status savePipelineCache(const std::filesystem::path& path, std::span<const std::byte> data);

}  // namespace halftone::vk
