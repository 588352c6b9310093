// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>

#include "core/quant/formats/rounding.h"

namespace halftone {

/// The scales of MXFP4 and NVFP4, halved where they are decoded, as the table of values is doubled (code_tables.h).

/// Half of 2^(e - 127): 2^(e - 128). The two smallest are binary32 subnormals.
inline float halfOfE8M0(uint8_t e) {
    if (e < 2) return std::bit_cast<float>(0x00200000u << e);
    return std::bit_cast<float>(static_cast<uint32_t>(e - 1) << 23);
}

/// Half of an unsigned E4M3 value; the codes 0 and 127 mean 0 and bit 7 is ignored.
inline float halfOfUE4M3(uint8_t code) {
    const int exponent = (code >> 3) & 15;
    const auto mantissa = static_cast<float>(code & 7);
    if ((code & 127) == 127) return 0;
    if (exponent == 0) return mantissa * 0x1p-10f;
    return std::ldexp(1.0f + mantissa / 8.0f, exponent - 8);
}

/// UE4M3 code of a value, rounding half up; 448 at most.
inline uint8_t toUE4M3(float value) {
    if (!(value > 0)) return 0;
    const float limited = std::min(value, 448.0f);
    const uint32_t bits = std::bit_cast<uint32_t>(limited);
    int exponent = static_cast<int>(bits >> 23) - 127 + 7;
    if (exponent <= 0) return static_cast<uint8_t>(clampInt(truncateToCode(limited * 512.0f + 0.5f), 0, 7));
    if (exponent >= 15) return 0x7E;
    int mantissa = static_cast<int>((bits >> 20) & 7) + static_cast<int>((bits >> 19) & 1);
    if (mantissa > 7) {
        mantissa = 0;
        ++exponent;
    }
    return exponent >= 15 ? uint8_t{0x7E} : static_cast<uint8_t>((exponent << 3) | mantissa);
}

/// Scale bytes of a block (MXFP4) or a group (NVFP4) whose largest magnitude is given.
inline uint8_t scaleOfMXFP4(float largest) {
    const int exponent = largest > 0 ? static_cast<int>(std::floor(std::log2(largest))) - 2 + 127 : 0;
    return static_cast<uint8_t>(clampInt(exponent, 0, 254));
}
inline uint8_t scaleOfNVFP4(float largest) {
    return toUE4M3(largest / 6.0f);
}

}  // namespace halftone
