// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

namespace halftone::app {

/// Takes the application's style sheet away as long as it lives. Under a sheet Qt styles a widget and all in it anew
/// whenever it is put into another; a window that is built without one is styled once, in a third of the time. GUI
/// thread; what is on the screen is not drawn in between.
class StyleSheetPause {
  public:
    StyleSheetPause();
    ~StyleSheetPause();
    StyleSheetPause(const StyleSheetPause&) = delete;
    StyleSheetPause& operator=(const StyleSheetPause&) = delete;

  private:
    QString m_sheet;
};

}  // namespace halftone::app
