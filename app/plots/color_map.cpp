// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/plots/color_map.h"

namespace halftone::app {

QColor viridis(double share) {
    const auto color = viridisColor(share);
    return {color[0], color[1], color[2]};
}

}  // namespace halftone::app
