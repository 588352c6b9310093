// SPDX-License-Identifier: GPL-3.0-or-later
// Q2_0: blocks of 64 in 18 bytes: d f16, qs[16]; element j at bits 2 (j mod 4) of byte j / 4. Value (q - 1) d.
void decodeUnit(uint row, uint unit, out vec4 value[4]) {
    const uint block = row + (unit >> 2) * 18u;
    const float d = readHalf(block);
    const uint word = readWord(block + 2u + 4u * (unit & 3u));
    [[unroll]] for (uint i = 0; i < 4; ++i) {
        const uvec4 codes = (uvec4(word >> (8u * i)) >> uvec4(0u, 2u, 4u, 6u)) & 3u;
        value[i] = (vec4(codes) - 1.0) * d;
    }
}
