// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>

#include "core/quant/formats/format.h"
#include "core/quant/formats/nested_scale.h"

namespace halftone {

/// Rounds a scale to nearest even, keeping it off infinity (magnitude at most `limit`) and, unless it is zero, off
/// zero. E8M0 holds powers of two from 2^-127 to 2^127: the one at or below a positive scale; 2^-127 for zero. kNested
/// counts as F32, which its scales are until all of a row are known.
[[nodiscard]] GroupScale roundScale(ScaleType type, float scale, float limit);
/// The same for a value that may vanish: the minimum of a group.
[[nodiscard]] GroupScale roundMinimum(ScaleType type, float minimum, float limit);

[[nodiscard]] float scaleValue(ScaleType type, uint32_t bits);

/// The scales (or minima) of a row of `count` groups, which begin at `section`: how long they are, padded to 4 bytes,
/// and the one of a group. A nested scale's second level lies in the section as well; storeScale() leaves it alone.
[[nodiscard]] int64_t scaleSectionBytes(ScaleType type, int64_t count);
[[nodiscard]] GroupScale loadScale(ScaleType type, const uint8_t* section, int64_t count, int64_t group);
void storeScale(ScaleType type, uint32_t bits, uint8_t* section, int64_t group);

}  // namespace halftone
