// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

class QMenu;
class QWidget;

namespace halftone::app {

class Session;

/// Adds the methods, for the selected tensors. Those that fit none of them are disabled and say why; those that fit
/// some say how many. `session` must outlive the menu, which shows the selection as it is now.
void fillWithMethodsOfSelection(QMenu& menu, Session& session);

/// Adds group sizes for the selected tensors whose formats have groups; family and bits stay.
void fillWithGroupSizesOfSelection(QMenu& menu, Session& session);

/// Asks for zeros and corrections, and gives them to the selected tensors whose formats can have them.
void askForExtrasOfSelection(Session& session, QWidget* parent);

/// Locks the selected tensors, or unlocks them if all are locked.
void toggleLocksOfSelection(Session& session);

}  // namespace halftone::app
