// SPDX-License-Identifier: GPL-3.0-or-later
// IQ4_NL: blocks of 32 in 18 bytes, as Q4_0 with a table of values. Value d K[q].
#include "include/tables.glsl"

void decodeUnit(uint row, uint unit, out vec4 value[4]) {
    const uint block = row + (unit >> 1) * 18u;
    const float d = readHalf(block);
    const uvec4 codes = (readWords4(block + 2u) >> (4u * (unit & 1u))) & 0x0F0F0F0Fu;
    [[unroll]] for (uint i = 0; i < 4; ++i) value[i] = d * tableValues(kNonlinear4, codes[i]);
}
