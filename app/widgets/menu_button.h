// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

class QMenu;
class QToolButton;

namespace halftone::app {

/// Opens `menu` with a click. Qt tells a button nothing of the mouse while its menu is open: without this it keeps the
/// look of one under the mouse after an entry was chosen elsewhere.
void openMenuWith(QToolButton& button, QMenu* menu);

}  // namespace halftone::app
