// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QList>
#include <QString>

namespace halftone::app {

/// A device that models can run on, as menus show it.
struct DeviceEntry {
    QString id;      ///< "cpu", "cpu-reference", "vulkan:0"
    QString name;    ///< "AMD Radeon 780M (RADV PHOENIX)"
    QString detail;  ///< driver, memory
    bool usable = true;
    bool isSoftware = false;  ///< a software Vulkan device
    QString whyNot;           ///< if not usable
};

/// Which device runs, and why that one, in a sentence for the user.
struct DeviceDecision {
    QString id;
    QString name;
    QString reason;
};

/// What an asked-for device ("auto" or an entry's id) comes to. `lost` lists devices that failed while running.
/// Auto takes the first usable Vulkan device that is not a software one, else the CPU.
[[nodiscard]] DeviceDecision decideDevice(const QString& choice, const QList<DeviceEntry>& entries,
                                          const QStringList& lost);

}  // namespace halftone::app
