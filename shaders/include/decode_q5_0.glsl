// SPDX-License-Identifier: GPL-3.0-or-later
// Q5_0: blocks of 32 in 22 bytes: d f16, qh[4], qs[16]; bit e of qh is bit 4 of element e. Value (q - 16) d.
#include "include/values_of_codes.glsl"

const bool kHasMinimum = false;

void decodeCodes(uint row, uint unit, out Codes codes) {
    const uint block = row + (unit >> 1) * 22u;
    const uint high = readWord(block + 2u) >> (16u * (unit & 1u));
    const uvec4 low = (readWords4(block + 6u) >> (4u * (unit & 1u))) & 0x0F0F0F0Fu;
    codes.bytes = subtractFromBytes(low | (spreadSixteenBits(high) << 4), 16u);
    codes.scale = readHalf(block);
    codes.minimum = 0.0;
}
