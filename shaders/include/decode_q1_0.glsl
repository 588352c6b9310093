// SPDX-License-Identifier: GPL-3.0-or-later
// Q1_0: blocks of 128 in 18 bytes: d f16, qs[16]; element j is bit j of the stream. Value d where it is set, else -d.
void decodeUnit(uint row, uint unit, out vec4 value[4]) {
    const uint block = row + (unit >> 3) * 18u;
    const float d = readHalf(block);
    const uint bits = readHalfBits(block + 2u + 2u * (unit & 7u));
    [[unroll]] for (uint i = 0; i < 4; ++i) {
        const uvec4 set = (uvec4(bits >> (4u * i)) >> uvec4(0u, 1u, 2u, 3u)) & 1u;
        value[i] = (vec4(set) * 2.0 - 1.0) * d;
    }
}
