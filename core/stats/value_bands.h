// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <optional>
#include <span>

#include "core/stats/float_histogram.h"

namespace halftone {

/// Shares of values below the borders of nested bands: both ends, 0.1 to 99.9 %, 1 to 99 %, the middle half, the
/// median. What matters for rounding is in the tails: a band for bulk and two that tell how far beyond it how few
/// values lie.
inline constexpr std::array<double, 9> kBandQuantiles{0, 0.001, 0.01, 0.25, 0.5, 0.75, 0.99, 0.999, 1};

/// How numbers are spread: smallest, quantiles, largest; ascending.
struct ValueBands {
    std::array<double, kBandQuantiles.size()> values{};
    [[nodiscard]] double least() const { return values.front(); }
    [[nodiscard]] double median() const { return values[kBandQuantiles.size() / 2]; }
    [[nodiscard]] double atQuantile(double quantile) const;  ///< one of kBandQuantiles
    [[nodiscard]] double most() const { return values.back(); }
};

/// Of counted values; the ends are given, as a histogram knows them to the width of a bin only. nullopt without values.
[[nodiscard]] std::optional<ValueBands> bandsOf(const FloatHistogram& histogram, double least, double most);

/// Of values one by one, by linear interpolation at q * (n - 1). Values that are not finite are left out; nullopt
/// where none is left.
[[nodiscard]] std::optional<ValueBands> bandsOf(std::span<const float> values);

}  // namespace halftone
