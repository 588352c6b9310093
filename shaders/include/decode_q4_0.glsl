// SPDX-License-Identifier: GPL-3.0-or-later
// Q4_0: blocks of 32 in 18 bytes: d f16, qs[16]; byte j: low nibble element j, high nibble element j + 16. Value (q -
// 8) d.
void decodeUnit(uint row, uint unit, out vec4 value[4]) {
    const uint block = row + (unit >> 1) * 18u;
    const float d = readHalf(block);
    const uvec4 codes = (readWords4(block + 2u) >> (4u * (unit & 1u))) & 0x0F0F0F0Fu;
    [[unroll]] for (uint i = 0; i < 4; ++i) value[i] = (unsignedBytes(codes[i]) - 8.0) * d;
}
