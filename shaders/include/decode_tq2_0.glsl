// SPDX-License-Identifier: GPL-3.0-or-later
// TQ2_0: blocks of 256 in 66 bytes: qs[64] in the order of Q2_K, d f16. Value (q - 1) d.
#include "include/values_of_codes.glsl"

const bool kHasMinimum = false;

void decodeCodes(uint row, uint unit, out Codes codes) {
    const uint block = row + (unit >> 4) * 66u;
    const uint part = unit & 15u;
    const uvec4 words = readWords4(block + 32u * (part >> 3) + 16u * (part & 1u));
    codes.bytes = subtractFromBytes((words >> (part & 6u)) & 0x03030303u, 1u);
    codes.scale = readHalf(block + 64u);
    codes.minimum = 0.0;
}
