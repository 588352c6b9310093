// SPDX-License-Identifier: GPL-3.0-or-later
// MXFP4: blocks of 32 in 17 bytes: e u8, qs[16] in the order of Q4_0. Blocks and rows start at any byte.
// Value F[q] 2^(e - 128), F the doubled FP4 values.
#include "include/codes.glsl"
#include "include/tables.glsl"

const bool kHasMinimum = false;

uvec4 readWords4AnyByte(uint byteOffset) {
    const uint index = byteOffset >> 2, shift = (byteOffset & 3u) * 8u;
    const uvec4 low = uvec4(weights[index], weights[index + 1u], weights[index + 2u], weights[index + 3u]);
    if (shift == 0u) return low;
    return (low >> shift) | (uvec4(low.yzw, weights[index + 4u]) << (32u - shift));
}

float readBlockScale(uint block) {
    const uint exponent = readByte(block);
    // The two smallest scales are subnormal.
    return uintBitsToFloat(exponent < 2u ? 0x00200000u << exponent : (exponent - 1u) << 23);
}

void decodeUnit(uint row, uint unit, out vec4 value[4]) {
    const uint block = row + (unit >> 1) * 17u;
    const float d = readBlockScale(block);
    const uvec4 nibbles = (readWords4AnyByte(block + 1u) >> (4u * (unit & 1u))) & 0x0F0F0F0Fu;
    [[unroll]] for (uint i = 0; i < 4; ++i) value[i] = d * tableValues(kDoubledFp4, nibbles[i]);
}

void decodeCodes(uint row, uint unit, out Codes codes) {
    const uint block = row + (unit >> 1) * 17u;
    codes.bytes = tableBytes(kDoubledFp4, (readWords4AnyByte(block + 1u) >> (4u * (unit & 1u))) & 0x0F0F0F0Fu);
    codes.scale = readBlockScale(block);
    codes.minimum = 0.0;
}
