// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QList>

class QAction;
class QWidget;

namespace halftone::app {

/// What the sheet says of an action whose text changes, as that of Undo: a property of the action.
constexpr const char* kShortcutMeaning = "shortcutMeaning";

/// The sheet of shortcuts: all of the window's actions that have one, and what the mouse does.
void showShortcuts(const QList<QAction*>& actions, QWidget* parent);

}  // namespace halftone::app
