// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/widgets/menu_button.h"

#include <QApplication>
#include <QCursor>
#include <QEvent>
#include <QMenu>
#include <QTimer>
#include <QToolButton>

namespace halftone::app {

void openMenuWith(QToolButton& button, QMenu* menu) {
    button.setPopupMode(QToolButton::InstantPopup);
    button.setMenu(menu);
    const auto leave = [&button] {
        if (button.rect().contains(button.mapFromGlobal(QCursor::pos()))) return;
        button.setAttribute(Qt::WA_UnderMouse, false);
        QEvent gone(QEvent::Leave);
        QApplication::sendEvent(&button, &gone);
    };
    // Once the button itself has drawn its menu back.
    QObject::connect(menu, &QMenu::aboutToHide, &button, [&button, leave] { QTimer::singleShot(0, &button, leave); });
}

}  // namespace halftone::app
