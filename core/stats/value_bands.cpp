// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/stats/value_bands.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <vector>

#include "core/base/error.h"

namespace halftone {

double ValueBands::atQuantile(double quantile) const {
    const auto found = std::ranges::find(kBandQuantiles, quantile);
    HT_CHECK(found != kBandQuantiles.end());
    return values[size_t(found - kBandQuantiles.begin())];
}

std::optional<ValueBands> bandsOf(const FloatHistogram& histogram, double least, double most) {
    if (histogram.empty()) return std::nullopt;
    ValueBands bands;
    for (size_t i = 0; i < kBandQuantiles.size(); ++i)
        bands.values[i] = std::clamp(histogram.quantile(kBandQuantiles[i]), least, most);
    bands.values.front() = least;
    bands.values.back() = most;
    return bands;
}

std::optional<ValueBands> bandsOf(std::span<const float> values) {
    std::vector<float> sorted;
    sorted.reserve(values.size());
    std::ranges::copy_if(values, std::back_inserter(sorted), [](float value) { return std::isfinite(value); });
    if (sorted.empty()) return std::nullopt;
    std::ranges::sort(sorted);
    ValueBands bands;
    for (size_t i = 0; i < kBandQuantiles.size(); ++i) {
        const double place = kBandQuantiles[i] * double(sorted.size() - 1);
        const auto below = size_t(place);
        const auto above = std::min(below + 1, sorted.size() - 1);
        const double part = place - double(below);
        bands.values[i] = double(sorted[below]) * (1 - part) + double(sorted[above]) * part;
    }
    return bands;
}

}  // namespace halftone
