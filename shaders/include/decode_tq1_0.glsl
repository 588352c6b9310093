// SPDX-License-Identifier: GPL-3.0-or-later
// TQ1_0: blocks of 256 in 54 bytes: qs[48], qh[4], d f16. Trit n of a byte b is ((b 3^n mod 256) 3) >> 8. Elements
// 32n + m are trit n of qs[m] (m < 32, n < 5), 160 + 16n + m of qs[32 + m] (m < 16, n < 5), 240 + 4n + j of qh[j] (n
// < 4). Value (t - 1) d.
#include "include/values_of_codes.glsl"

const bool kHasMinimum = false;

/// One trit of each of four bytes.
uint trits(uint bytes, uint power) {
    const uvec4 separate = (uvec4(bytes) >> uvec4(0u, 8u, 16u, 24u)) & 0xFFu;
    const uvec4 trit = (((separate * power) & 0xFFu) * 3u) >> 8;
    return trit.x | (trit.y << 8) | (trit.z << 16) | (trit.w << 24);
}

uint powerOf3(uint n) { return n == 0u ? 1u : n == 1u ? 3u : n == 2u ? 9u : n == 3u ? 27u : 81u; }

void decodeCodes(uint row, uint unit, out Codes codes) {
    const uint block = row + (unit >> 4) * 54u;
    const uint part = unit & 15u;
    codes.scale = readHalf(block + 52u);
    codes.minimum = 0.0;
    uvec4 digits;
    if (part == 15u) {
        const uint bytes = readWord(block + 48u);
        [[unroll]] for (uint i = 0; i < 4; ++i) digits[i] = trits(bytes, powerOf3(i));
    } else {
        const uvec4 words = readWords4(block + (part < 10u ? 16u * (part & 1u) : 32u));
        const uint power = powerOf3(part < 10u ? part >> 1 : part - 10u);
        [[unroll]] for (uint i = 0; i < 4; ++i) digits[i] = trits(words[i], power);
    }
    codes.bytes = subtractFromBytes(digits, 1u);
}
