// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QColor>

#include "core/project/color_ramp.h"

namespace halftone::app {

/// Viridis as Qt has colours. `share` 0..1.
[[nodiscard]] QColor viridis(double share);

using halftone::ColorScale;

}  // namespace halftone::app
