// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>

namespace halftone::app {

/// How the studio works on this machine, whatever is open. Kept in QSettings; device, theme and language are kept
/// beside it, by the window.
struct StudioSettings {
    int64_t memoryLimitBytes = 0;  ///< what a Vulkan device may take of its memory; 0: what there is
    int threads = 0;               ///< of jobs; 0: one per hardware thread
    int autosaveSeconds = 2;       ///< from a change to the copy that a crash leaves; 0: none is kept
    bool operator==(const StudioSettings&) const = default;

    /// Values out of range count as the defaults.
    [[nodiscard]] static StudioSettings load();
    void save() const;
};

/// The longest that changes wait to be kept.
constexpr int kLongestAutosaveSeconds = 600;
/// The most that can be asked of a device's memory.
constexpr int64_t kMostMemoryLimitBytes = int64_t(10) * 1000 * 1000 * 1000 * 1000;

}  // namespace halftone::app
