// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/stats/edged_histogram.h"

#include <algorithm>

#include "core/base/error.h"

namespace halftone {

FloatHistogram::Resampled resampleOnEdges(const FloatHistogram& histogram, std::span<const double> edges) {
    HT_CHECK(edges.size() > 1 && edges.front() < edges.back());
    FloatHistogram::Resampled result;
    result.lower = edges.front();
    result.upper = edges.back();
    result.counts.assign(edges.size() - 1, 0.0);
    size_t first = 0;  // the bin in which the next source bin begins: both ascend
    for (const auto& [from, to, count] : histogram.bins()) {
        const double density = static_cast<double>(count) / (to - from);
        if (from < result.lower) result.underflow += density * (std::min(to, result.lower) - from);
        if (to > result.upper) result.overflow += density * (to - std::max(from, result.upper));
        while (first < result.counts.size() && edges[first + 1] <= from) ++first;
        for (size_t bin = first; bin < result.counts.size() && edges[bin] < to; ++bin) {
            const double start = std::max(from, edges[bin]), end = std::min(to, edges[bin + 1]);
            if (start < end) result.counts[bin] += density * (end - start);
        }
    }
    return result;
}

}  // namespace halftone
