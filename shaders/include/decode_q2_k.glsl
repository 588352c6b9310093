// SPDX-License-Identifier: GPL-3.0-or-later
// Q2_K: super-blocks of 256 in 84 bytes: scales[16], qs[64], d f16, dmin f16. Sub-blocks of 16. In half H, byte 32H +
// l of qs holds elements 128H + l + 32k at bits 2k. Value (d (s & 15)) q - dmin (s >> 4).
#include "include/values_of_codes.glsl"

const bool kHasMinimum = true;

void decodeCodes(uint row, uint unit, out Codes codes) {
    const uint block = row + (unit >> 4) * 84u;
    const uint part = unit & 15u;
    const uint scales = readByte(block + part);
    const vec2 dm = unpackHalf2x16(weights[(block + 80u) >> 2]);
    const uvec4 words = readAlignedWords4(block + 16u + 32u * (part >> 3) + 16u * (part & 1u));
    codes.bytes = (words >> (part & 6u)) & 0x03030303u;
    codes.scale = dm.x * float(scales & 15u);
    codes.minimum = dm.y * float(scales >> 4);
}
