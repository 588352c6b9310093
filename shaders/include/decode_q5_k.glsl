// SPDX-License-Identifier: GPL-3.0-or-later
// Q5_K: super-blocks of 256 in 176 bytes: d f16, dmin f16, scales[12], qh[32], qs[128]. As Q4_K with a fifth bit: bit
// b of qh[l] belongs to element l of sub-block b.
#include "include/k_scales.glsl"
#include "include/values_of_codes.glsl"

const bool kHasMinimum = true;

void decodeCodes(uint row, uint unit, out Codes codes) {
    const uint block = row + (unit >> 4) * 176u;
    const uint part = unit & 15u, subBlock = part >> 1;
    const vec2 dm = unpackHalf2x16(weights[block >> 2]);
    const uvec2 scaleMin = readScaleAndMin(block + 4u, subBlock);
    const uvec4 words = readAlignedWords4(block + 48u + (subBlock >> 1) * 32u + (part & 1u) * 16u);
    const uvec4 fifth = (readAlignedWords4(block + 16u + (part & 1u) * 16u) >> subBlock) & 0x01010101u;
    codes.bytes = ((words >> (4u * (subBlock & 1u))) & 0x0F0F0F0Fu) | (fifth << 4);
    codes.scale = dm.x * float(scaleMin.x);
    codes.minimum = dm.y * float(scaleMin.y);
}
