// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

class QMenu;

namespace halftone::app {

class Session;

/// Adds the presets that lie beside the program, from few bits to many, and the mixtures that llama-quantize has made
/// known. `session` must outlive the menu.
void fillWithPresets(QMenu& menu, Session& session);

/// Takes the recipe of a file as one undo step; a failure becomes a message.
void loadPreset(Session& session, const QString& path);

}  // namespace halftone::app
