// SPDX-License-Identifier: GPL-3.0-or-later
// Q4_0: blocks of 32 in 18 bytes: d f16, qs[16]; byte j: low nibble element j, high nibble element j + 16. Value (q -
// 8) d.
#include "include/values_of_codes.glsl"

const bool kHasMinimum = false;

void decodeCodes(uint row, uint unit, out Codes codes) {
    const uint block = row + (unit >> 1) * 18u;
    codes.bytes = subtractFromBytes((readWords4(block + 2u) >> (4u * (unit & 1u))) & 0x0F0F0F0Fu, 8u);
    codes.scale = readHalf(block);
    codes.minimum = 0.0;
}
