// SPDX-License-Identifier: GPL-3.0-or-later
// Q6_K: super-blocks of 256 in 210 bytes: ql[128], qh[64], scales i8[16], d f16. In each half of 128, elements 32g +
// l (g 0..3, l 0..31) take the low (g < 2) or high nibble of ql[32 (g & 1) + l] and bits 2g of qh[l]. Value (d
// scale)(q - 32).
#include "include/values_of_codes.glsl"

const bool kHasMinimum = false;

void decodeCodes(uint row, uint unit, out Codes codes) {
    const uint block = row + (unit >> 4) * 210u;
    const uint part = unit & 15u, half_ = part >> 3, group = (part & 7u) >> 1, start = (part & 1u) * 16u;
    const int scale = bitfieldExtract(int(readByte(block + 192u + part)), 0, 8);
    const uvec4 low = readWords4(block + 64u * half_ + 32u * (group & 1u) + start) >> (4u * (group >> 1));
    const uvec4 high = readWords4(block + 128u + 32u * half_ + start) >> (2u * group);
    codes.bytes = subtractFromBytes((low & 0x0F0F0F0Fu) | ((high & 0x03030303u) << 4), 32u);
    codes.scale = readHalf(block + 208u) * float(scale);
    codes.minimum = 0.0;
}
