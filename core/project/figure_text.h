// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

namespace halftone {

/// A number as reports and views write it: so many significant figures, a real minus sign, very small and very large
/// magnitudes with a power of ten (1.23×10⁻⁵), "∞", "—" for NaN. Does not depend on the locale. Pure.
[[nodiscard]] std::string figureText(double value, int significant = 3);

/// "×10⁻⁷".
[[nodiscard]] std::string powerOfTenText(int exponent);

}  // namespace halftone
