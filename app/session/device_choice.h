// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QList>
#include <QString>

#include <cstdint>
#include <optional>
#include <string>

#include "core/inference/device_trial.h"

namespace halftone::app {

/// A device that models can run on, as menus show it.
struct DeviceEntry {
    QString id;      ///< "cpu", "cpu-reference", "vulkan:0"
    QString name;    ///< "AMD Radeon 780M (RADV PHOENIX)"
    QString detail;  ///< driver, memory
    bool usable = true;
    bool isSoftware = false;             ///< a software Vulkan device
    QString whyNot;                      ///< if not usable
    std::optional<DeviceTrial> trial{};  ///< once it was measured
    int64_t memoryBytes = 0;             ///< of the machine or the device; 0: not known
    std::string trialName{};             ///< see TrialCandidate

    [[nodiscard]] bool isGpu() const { return id.startsWith(QLatin1String("vulkan")) && usable && !isSoftware; }
};

/// Which device runs, and why that one, in a sentence for the user.
struct DeviceDecision {
    QString id;
    QString name;
    QString reason;
};

/// What an asked-for device ("auto" or an entry's id) comes to. `lost` lists devices that failed while running.
/// Auto takes what was measured to be the fastest of the CPU and the usable Vulkan devices that are hardware; as long
/// as they have not been tried, the first of those devices; without any, the CPU.
[[nodiscard]] DeviceDecision decideDevice(const QString& choice, const QList<DeviceEntry>& entries,
                                          const QStringList& lost);

}  // namespace halftone::app
