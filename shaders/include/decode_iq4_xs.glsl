// SPDX-License-Identifier: GPL-3.0-or-later
// IQ4_XS: super-blocks of 256 in 136 bytes: d f16, scales_h u16, scales_l[4], qs[128]. Sub-block b of 32 has the
// scale nibble of scales_l[b / 2] (low for even b) under two bits of scales_h. Value (d (scale - 32)) K[q].
#include "include/codes.glsl"
#include "include/tables.glsl"

const bool kHasMinimum = false;

float readSubScale(uint block, uint subBlock) {
    const uint head = weights[block >> 2];
    const uint low = (weights[(block >> 2) + 1u] >> (4u * subBlock)) & 15u, high = (head >> (16u + 2u * subBlock)) & 3u;
    return unpackHalf2x16(head).x * (float(low | (high << 4)) - 32.0);
}

uvec4 readNibbles(uint block, uint part) {
    return (readAlignedWords4(block + 8u + 16u * (part >> 1)) >> (4u * (part & 1u))) & 0x0F0F0F0Fu;
}

void decodeUnit(uint row, uint unit, out vec4 value[4]) {
    const uint block = row + (unit >> 4) * 136u, part = unit & 15u;
    const float scale = readSubScale(block, part >> 1);
    const uvec4 nibbles = readNibbles(block, part);
    [[unroll]] for (uint i = 0; i < 4; ++i) value[i] = scale * tableValues(kNonlinear4, nibbles[i]);
}

void decodeCodes(uint row, uint unit, out Codes codes) {
    const uint block = row + (unit >> 4) * 136u, part = unit & 15u;
    codes.bytes = tableBytes(kNonlinear4, readNibbles(block, part));
    codes.scale = readSubScale(block, part >> 1);
    codes.minimum = 0.0;
}
