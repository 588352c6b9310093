// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>

#include "core/inference/backend.h"

namespace halftone {

/// What a device made of a small made-up model: enough to tell which of two devices is the faster one for this kind of
/// work, whatever their data sheets say. Tokens of that model per second, so only ratios mean anything.
struct DeviceTrial {
    double promptRate = 0;    ///< 64 tokens at once
    double generateRate = 0;  ///< one token after the other

    bool operator==(const DeviceTrial&) const = default;
};

/// By device, under a name that changes when the device or its driver does.
using DeviceTrials = std::map<std::string, DeviceTrial>;

/// Runs the trial: some tenths of a second, and what compiling the device's programs takes the first time.
Result<DeviceTrial> tryDevice(Backend& backend, const JobContext& context);

/// How many times as fast as `b` `a` is: reading and writing count the same (geometric mean). 0 where one has no rates.
double timesAsFast(const DeviceTrial& a, const DeviceTrial& b);

/// Place of the fastest device; nothing where one of them has not been tried, or there is none.
std::optional<size_t> fastestOf(std::span<const std::optional<DeviceTrial>> trials);

/// The trial of a device; nothing where it has not been tried.
std::optional<DeviceTrial> trialOf(const DeviceTrials& trials, const std::string& device);

}  // namespace halftone
