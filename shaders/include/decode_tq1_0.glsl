// SPDX-License-Identifier: GPL-3.0-or-later
// TQ1_0: blocks of 256 in 54 bytes: qs[48], qh[4], d f16. Trit n of a byte b is ((b 3^n mod 256) 3) >> 8. Elements
// 32n + m are trit n of qs[m] (m < 32, n < 5), 160 + 16n + m of qs[32 + m] (m < 16, n < 5), 240 + 4n + j of qh[j] (n
// < 4). Value (t - 1) d.
vec4 trits(uint bytes, uint power) {
    const uvec4 separate = (uvec4(bytes) >> uvec4(0u, 8u, 16u, 24u)) & 0xFFu;
    return vec4((((separate * power) & 0xFFu) * 3u) >> 8) - 1.0;
}

uint powerOf3(uint n) { return n == 0u ? 1u : n == 1u ? 3u : n == 2u ? 9u : n == 3u ? 27u : 81u; }

void decodeUnit(uint row, uint unit, out vec4 value[4]) {
    const uint block = row + (unit >> 4) * 54u;
    const uint part = unit & 15u;
    const float d = readHalf(block + 52u);
    if (part == 15u) {
        const uint bytes = readWord(block + 48u);
        [[unroll]] for (uint i = 0; i < 4; ++i) value[i] = trits(bytes, powerOf3(i)) * d;
        return;
    }
    const uvec4 words = readWords4(block + (part < 10u ? 16u * (part & 1u) : 32u));
    const uint power = powerOf3(part < 10u ? part >> 1 : part - 10u);
    [[unroll]] for (uint i = 0; i < 4; ++i) value[i] = trits(words[i], power) * d;
}
