// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "core/inference/device_trial.h"

namespace halftone {

/// Where the trials of this machine's devices are kept, so that each is made once; empty where there is no such place.
[[nodiscard]] std::filesystem::path deviceTrialsPath();

/// What was kept; nothing where the file is missing or is not such a file: trials can be made again.
[[nodiscard]] DeviceTrials loadDeviceTrials(const std::filesystem::path& path);

/// Replaces the file; makes its folder.
[[nodiscard]] Status saveDeviceTrials(const std::filesystem::path& path, const DeviceTrials& trials);

/// A device that may be taken. `name` is the description of its backend, whatever it is called on a screen: another
/// driver is another device, another language is not.
struct TrialCandidate {
    std::string name;
    std::function<Result<std::shared_ptr<Backend>>()> open;
};

/// The trials in `path` with those of the candidates that are missing, which are made and kept. With fewer than two
/// candidates there is nothing to choose, and nothing is tried. A device that cannot be opened or run stays without a
/// trial: it says why when it is to work. Only a cancel is an error.
[[nodiscard]] Result<DeviceTrials> completeDeviceTrials(const std::filesystem::path& path,
                                                        std::span<const TrialCandidate> candidates,
                                                        const JobContext& context);

}  // namespace halftone
