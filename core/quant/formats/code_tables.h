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

/// Code of the IQ4 value nearest to `value`; the upper one on an exact midpoint.
[[nodiscard]] inline int nearestIq4Code(float value) {
    if (value <= static_cast<float>(kIq4Values.front())) return 0;
    if (value >= static_cast<float>(kIq4Values.back())) return 15;
    size_t low = 0;
    size_t high = kIq4Values.size() - 1;
    while (high - low > 1) {
        const size_t middle = (low + high) / 2;
        (value < static_cast<float>(kIq4Values[middle]) ? high : low) = middle;
    }
    const float below = value - static_cast<float>(kIq4Values[low]);
    const float above = static_cast<float>(kIq4Values[high]) - value;
    return static_cast<int>(below < above ? low : high);
}

}  // namespace halftone
