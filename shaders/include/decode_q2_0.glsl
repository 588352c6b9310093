// SPDX-License-Identifier: GPL-3.0-or-later
// Q2_0: blocks of 64 in 18 bytes: d f16, qs[16]; element j at bits 2 (j mod 4) of byte j / 4. Value (q - 1) d.
#include "include/values_of_codes.glsl"

const bool kHasMinimum = false;

void decodeCodes(uint row, uint unit, out Codes codes) {
    const uint block = row + (unit >> 2) * 18u;
    const uint word = readWord(block + 2u + 4u * (unit & 3u));
    codes.bytes = subtractFromBytes(spreadBitPairs(uvec4(word, word >> 8, word >> 16, word >> 24)), 1u);
    codes.scale = readHalf(block);
    codes.minimum = 0.0;
}
