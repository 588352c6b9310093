// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

namespace halftone::app {

/// Path of a file or folder that ships with the studio ("sample", "texts/evaluation.txt", "presets"): installed beside
/// the executable (<prefix>/share/halftone), or in the source tree for a build that is not installed. Empty if it is in
/// neither.
[[nodiscard]] QString resourcePath(const QString& relative);

}  // namespace halftone::app
