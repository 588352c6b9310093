// SPDX-License-Identifier: GPL-3.0-or-later
// Q4_1: blocks of 32 in 20 bytes: d f16, m f16, qs[16] as in Q4_0. Value q d + m.
#include "include/values_of_codes.glsl"

const bool kHasMinimum = true;

void decodeCodes(uint row, uint unit, out Codes codes) {
    const uint block = row + (unit >> 1) * 20u;
    const vec2 dm = unpackHalf2x16(weights[block >> 2]);
    codes.bytes = (readAlignedWords4(block + 4u) >> (4u * (unit & 1u))) & 0x0F0F0F0Fu;
    codes.scale = dm.x;
    codes.minimum = -dm.y;
}
