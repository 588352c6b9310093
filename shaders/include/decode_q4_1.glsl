// SPDX-License-Identifier: GPL-3.0-or-later
// Q4_1: blocks of 32 in 20 bytes: d f16, m f16, qs[16] as in Q4_0. Value q d + m.
void decodeUnit(uint row, uint unit, out vec4 value[4]) {
    const uint block = row + (unit >> 1) * 20u;
    const vec2 dm = unpackHalf2x16(weights[block >> 2]);
    const uvec4 codes = (readAlignedWords4(block + 4u) >> (4u * (unit & 1u))) & 0x0F0F0F0Fu;
    [[unroll]] for (uint i = 0; i < 4; ++i) value[i] = unsignedBytes(codes[i]) * dm.x + dm.y;
}
