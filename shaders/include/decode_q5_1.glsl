// SPDX-License-Identifier: GPL-3.0-or-later
// Q5_1: blocks of 32 in 24 bytes: d f16, m f16, qh[4], qs[16] as in Q5_0. Value q d + m.
#include "include/values_of_codes.glsl"

const bool kHasMinimum = true;

void decodeCodes(uint row, uint unit, out Codes codes) {
    const uint block = row + (unit >> 1) * 24u;
    const vec2 dm = unpackHalf2x16(weights[block >> 2]);
    const uint high = weights[(block >> 2) + 1u] >> (16u * (unit & 1u));
    const uvec4 low = (readAlignedWords4(block + 8u) >> (4u * (unit & 1u))) & 0x0F0F0F0Fu;
    codes.bytes = low | (spreadSixteenBits(high) << 4);
    codes.scale = dm.x;
    codes.minimum = -dm.y;
}
