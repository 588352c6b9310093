// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/stats/tensor_stats.h"

namespace halftone {

/// Fills the figures of `stats` that follow from the moments, the histogram and the extremes. Internal to this room.
/// `stats.histogram`, min and max are set already; without a finite value everything is 0.
void fillDerivedFigures(TensorStats& stats, const Moments& moments);

}  // namespace halftone
