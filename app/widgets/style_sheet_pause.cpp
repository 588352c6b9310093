// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/widgets/style_sheet_pause.h"

#include <QApplication>

namespace halftone::app {

StyleSheetPause::StyleSheetPause() : m_sheet(qApp->styleSheet()) {
    if (!m_sheet.isEmpty()) qApp->setStyleSheet({});
}

StyleSheetPause::~StyleSheetPause() {
    if (!m_sheet.isEmpty()) qApp->setStyleSheet(m_sheet);
}

}  // namespace halftone::app
