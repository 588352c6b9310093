// SPDX-License-Identifier: GPL-3.0-or-later
// Q1_0: blocks of 128 in 18 bytes: d f16, qs[16]; element j is bit j of the stream. Value d where it is set, else -d.
#include "include/values_of_codes.glsl"

const bool kHasMinimum = false;

void decodeCodes(uint row, uint unit, out Codes codes) {
    const uint block = row + (unit >> 3) * 18u;
    const uvec4 set = spreadSixteenBits(readHalfBits(block + 2u + 2u * (unit & 7u)));
    codes.bytes = subtractFromBytes(set << 1, 1u);
    codes.scale = readHalf(block);
    codes.minimum = 0.0;
}
