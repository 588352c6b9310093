// SPDX-License-Identifier: GPL-3.0-or-later
// IQ4_NL: blocks of 32 in 18 bytes, as Q4_0 with a table of values. Value d K[q].
#include "include/codes.glsl"
#include "include/tables.glsl"

const bool kHasMinimum = false;

void decodeUnit(uint row, uint unit, out vec4 value[4]) {
    const uint block = row + (unit >> 1) * 18u;
    const float d = readHalf(block);
    const uvec4 codes = (readWords4(block + 2u) >> (4u * (unit & 1u))) & 0x0F0F0F0Fu;
    [[unroll]] for (uint i = 0; i < 4; ++i) value[i] = d * tableValues(kNonlinear4, codes[i]);
}

void decodeCodes(uint row, uint unit, out Codes codes) {
    const uint block = row + (unit >> 1) * 18u;
    codes.bytes = tableBytes(kNonlinear4, (readWords4(block + 2u) >> (4u * (unit & 1u))) & 0x0F0F0F0Fu);
    codes.scale = readHalf(block);
    codes.minimum = 0.0;
}
