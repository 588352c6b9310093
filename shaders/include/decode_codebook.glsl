// SPDX-License-Identifier: GPL-3.0-or-later
// Codebooks: a row is a bit stream of codes as in the integer family, then the 2^bits levels that they index, F16.
#include "include/group_scale.glsl"

void decodeUnit(uint row, uint unit, out vec4 value[4]) {
    uint codes[16];
    readCodes(row + unit * 2u * kCodeBits, codes);
    [[unroll]] for (uint i = 0; i < 16; ++i) value[i >> 2][i & 3u] = readHalf(row + scaleOffset + 2u * codes[i]);
}
