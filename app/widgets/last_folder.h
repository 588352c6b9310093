// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

namespace halftone::app {

/// Where a file or folder was chosen last, for every dialog that asks for one; the home folder before that.
[[nodiscard]] QString lastFolder();
/// A file there.
[[nodiscard]] QString inLastFolder(const QString& fileName);
/// `chosen`: a file or a folder; empty, as of a dialog that was cancelled, changes nothing.
void keepLastFolder(const QString& chosen);

}  // namespace halftone::app
