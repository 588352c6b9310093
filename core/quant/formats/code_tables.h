// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstdint>

namespace halftone {

/// Values of the codes of IQ4_NL and IQ4_XS, ascending.
inline constexpr std::array<int8_t, 16> kIq4Values{-127, -104, -83, -65, -49, -35, -22, -10,
                                                   1,    13,   25,  38,  53,  69,  89,  113};

/// Twice the values of the E2M1 codes of MXFP4 and NVFP4. The entry for "-0" is +0, as integers have no negative zero.
inline constexpr std::array<int8_t, 16> kFp4Values{0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};

/// Code of the IQ4 value nearest to `value`; the upper one on an exact midpoint, the lowest for NaN. All midpoints are
/// representable, so counting the midpoints at or below `value` is exact.
[[nodiscard]] inline int nearestIq4Code(float value) {
    int code = 0;
    for (size_t k = 0; k + 1 < kIq4Values.size(); ++k) {
        const float midpoint = 0.5f * static_cast<float>(kIq4Values[k] + kIq4Values[k + 1]);
        code += value >= midpoint ? 1 : 0;
    }
    return code;
}

}  // namespace halftone
