// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <span>

#include "core/stats/float_histogram.h"

namespace halftone {

/// Redistribution of a histogram on bins of any widths, bin i over [edges[i], edges[i + 1]]: for axes that are not
/// linear. At least two edges, ascending. A source bin is shared out by overlap, as FloatHistogram::resample does.
[[nodiscard]] FloatHistogram::Resampled resampleOnEdges(const FloatHistogram& histogram, std::span<const double> edges);

}  // namespace halftone
