// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstdint>

namespace halftone {

/// Viridis (van der Walt and Smith, 2015; public domain): ascending lightness, readable without colour vision. Red,
/// green and blue of a share between 0 and 1. Pure.
[[nodiscard]] std::array<uint8_t, 3> viridisColor(double share);

/// Maps values to 0..1 over a range, linearly or by logarithm.
struct ColorScale {
    double low = 0, high = 1;
    bool logarithmic = false;
    bool empty = true;  ///< no value to show
    void include(double value);
    /// A scale of a single value is 0.5 everywhere.
    [[nodiscard]] double share(double value) const;
    [[nodiscard]] double valueAt(double share) const;
};

}  // namespace halftone
