// SPDX-License-Identifier: GPL-3.0-or-later
// NVFP4: blocks of 64 in 36 bytes: d[4] u8 (unsigned E4M3), qs[32]. Sub-block s of 16 has 8 bytes: low nibbles are
// its first eight elements. Value F[q] u(d[s]), F the doubled FP4 values and u half the scale's value.
#include "include/codes.glsl"
#include "include/tables.glsl"

const bool kHasMinimum = false;

float halvedE4M3(uint code) {
    code &= 0x7Fu;
    if (code == 0x7Fu) return 0.0;
    const uint exponent = code >> 3, mantissa = code & 7u;
    if (exponent == 0u) return float(mantissa) * 0.0009765625;  // 2^-10
    return uintBitsToFloat(((exponent + 119u) << 23) | (mantissa << 20));
}

/// The nibbles of a sub-block in the order of its elements.
uvec4 readNibbles(uint block, uint subBlock) {
    const uint index = (block + 4u + 8u * subBlock) >> 2;
    const uvec2 words = uvec2(weights[index], weights[index + 1u]);
    return uvec4(words, words >> 4) & 0x0F0F0F0Fu;
}

void decodeUnit(uint row, uint unit, out vec4 value[4]) {
    const uint block = row + (unit >> 2) * 36u, subBlock = unit & 3u;
    const float d = halvedE4M3(readByte(block + subBlock));
    const uvec4 nibbles = readNibbles(block, subBlock);
    [[unroll]] for (uint i = 0; i < 4; ++i) value[i] = d * tableValues(kDoubledFp4, nibbles[i]);
}

void decodeCodes(uint row, uint unit, out Codes codes) {
    const uint block = row + (unit >> 2) * 36u, subBlock = unit & 3u;
    codes.bytes = tableBytes(kDoubledFp4, readNibbles(block, subBlock));
    codes.scale = halvedE4M3(readByte(block + subBlock));
    codes.minimum = 0.0;
}
