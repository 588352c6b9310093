// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

class QWidget;

namespace halftone::app {

class DeviceService;

/// Version, devices, licence.
void showAbout(const DeviceService& devices, QWidget* parent);

}  // namespace halftone::app
