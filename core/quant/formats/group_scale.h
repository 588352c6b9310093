// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>

#include "core/quant/formats/format.h"

namespace halftone {

/// A scale as it is stored, and what it decodes to; codes are computed with the latter.
struct GroupScale {
    uint32_t bits = 0;
    float value = 0;
};

/// Rounds a scale to nearest even, keeping it off infinity (magnitude at most `limit`) and, unless it is zero, off
/// zero. E8M0 holds powers of two from 2^-127 to 2^127: the one at or below a positive scale; 2^-127 for zero.
[[nodiscard]] GroupScale roundScale(ScaleType type, float scale, float limit);

[[nodiscard]] float scaleValue(ScaleType type, uint32_t bits);
[[nodiscard]] GroupScale loadScale(ScaleType type, const uint8_t* at);
void storeScale(ScaleType type, uint32_t bits, uint8_t* at);

}  // namespace halftone
