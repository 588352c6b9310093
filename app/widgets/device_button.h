// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QToolButton>

namespace halftone::app {

class DeviceService;

/// The device chip: what models run on and why, with the choice in its menu. Green: as wished; amber: a fallback.
class DeviceButton : public QToolButton {
    Q_OBJECT

  public:
    explicit DeviceButton(DeviceService& devices, QWidget* parent = nullptr);

  private:
    void refresh();
    void fillMenu();

    DeviceService& m_devices;
};

}  // namespace halftone::app
