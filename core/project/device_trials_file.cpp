// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/project/device_trials_file.h"

#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/base/cache_folder.h"
#include "core/base/text_file.h"

namespace halftone {
namespace {

using Json = nlohmann::json;

// Trials of another kind are not comparable: a changed trial counts this up.
constexpr const char* kMagic = "halftone-device-trials";
constexpr int kVersion = 1;
constexpr int64_t kMostBytes = 1 << 20;

double rateIn(const Json& trial, const char* key) {
    const auto found = trial.find(key);
    const double rate = found != trial.end() && found->is_number() ? found->get<double>() : 0;
    return std::isfinite(rate) && rate > 0 ? rate : 0;
}

}  // namespace

std::filesystem::path deviceTrialsPath() {
    const std::filesystem::path folder = cacheFolder();
    return folder.empty() ? folder : folder / "device-trials.json";
}

DeviceTrials loadDeviceTrials(const std::filesystem::path& path) {
    DeviceTrials trials;
    const auto text = readTextFile(path, kMostBytes);
    if (!text) return trials;
    const Json json = Json::parse(*text, nullptr, false);
    if (!json.is_object() || json.value(kMagic, Json()) != kVersion) return trials;
    const auto devices = json.find("devices");
    if (devices == json.end() || !devices->is_object()) return trials;
    for (const auto& [name, entry] : devices->items()) {
        const DeviceTrial trial{rateIn(entry, "prompt"), rateIn(entry, "generate")};
        if (trial.promptRate > 0 && trial.generateRate > 0) trials[name] = trial;
    }
    return trials;
}

Status saveDeviceTrials(const std::filesystem::path& path, const DeviceTrials& trials) {
    Json json{{kMagic, kVersion}, {"devices", Json::object()}};
    for (const auto& [name, trial] : trials)
        json["devices"][name] = {{"prompt", trial.promptRate}, {"generate", trial.generateRate}};
    std::error_code error;
    std::filesystem::create_directories(path.parent_path(), error);
    if (error) {
        return makeError(ErrorCode::kIo, fmt::format("The folder {} cannot be made: {}.", path.parent_path().string(),
                                                     error.message()));
    }
    return writeFileAtomically(path, json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

Result<DeviceTrials> completeDeviceTrials(const std::filesystem::path& path, std::span<const TrialCandidate> candidates,
                                          const JobContext& context) {
    DeviceTrials trials = loadDeviceTrials(path);
    if (candidates.size() < 2) return trials;
    bool isChanged = false;
    for (const TrialCandidate& candidate : candidates) {
        if (trials.contains(candidate.name)) continue;
        HT_TRY(context.checkpoint());
        const auto backend = candidate.open();
        if (!backend) continue;
        const auto trial = tryDevice(**backend, context);
        if (!trial) continue;
        trials[candidate.name] = *trial;
        isChanged = true;
    }
    // Where they cannot be kept they are made again at the next start.
    if (isChanged) (void)saveDeviceTrials(path, trials);
    return trials;
}

}  // namespace halftone
