// SPDX-License-Identifier: GPL-3.0-or-later
// Q8_0: blocks of 32 in 34 bytes: d f16, qs i8[32]. Value q d.
#include "include/values_of_codes.glsl"

const bool kHasMinimum = false;

void decodeCodes(uint row, uint unit, out Codes codes) {
    const uint block = row + (unit >> 1) * 34u;
    codes.bytes = readWords4(block + 2u + 16u * (unit & 1u));
    codes.scale = readHalf(block);
    codes.minimum = 0.0;
}
