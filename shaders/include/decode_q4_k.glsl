// SPDX-License-Identifier: GPL-3.0-or-later
// Q4_K: super-blocks of 256 in 144 bytes: d f16, dmin f16, scales[12], qs[128]. Sub-blocks of 32; qs bytes 32p..32p+31
// hold sub-block 2p in their low and 2p+1 in their high nibbles. Value (d scale) q - dmin min.
#include "include/k_scales.glsl"
#include "include/values_of_codes.glsl"

const bool kHasMinimum = true;

void decodeCodes(uint row, uint unit, out Codes codes) {
    const uint block = row + (unit >> 4) * 144u;
    const uint part = unit & 15u, subBlock = part >> 1;
    const vec2 dm = unpackHalf2x16(weights[block >> 2]);
    const uvec2 scaleMin = readScaleAndMin(block + 4u, subBlock);
    const uvec4 words = readAlignedWords4(block + 16u + (subBlock >> 1) * 32u + (part & 1u) * 16u);
    codes.bytes = (words >> (4u * (subBlock & 1u))) & 0x0F0F0F0Fu;
    codes.scale = dm.x * float(scaleMin.x);
    codes.minimum = dm.y * float(scaleMin.y);
}
