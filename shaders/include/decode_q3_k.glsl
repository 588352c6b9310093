// SPDX-License-Identifier: GPL-3.0-or-later
// Q3_K: super-blocks of 256 in 110 bytes: hmask[32], qs[64] as in Q2_K, scales[12], d f16. Bit g of hmask[l] belongs
// to element 32g + l. 6-bit scales: low nibbles in bytes 0..7, two high bits in bytes 8..11. Value (d (scale - 32))
// (q - (bit ? 0 : 4)).
#include "include/values_of_codes.glsl"

const bool kHasMinimum = false;

void decodeCodes(uint row, uint unit, out Codes codes) {
    const uint block = row + (unit >> 4) * 110u;
    const uint part = unit & 15u, start = 16u * (part & 1u);
    const uint low = (readByte(block + 96u + (part & 7u)) >> (4u * (part >> 3))) & 15u;
    const uint high = (readByte(block + 104u + (part & 3u)) >> (2u * (part >> 2))) & 3u;
    const uvec4 two = (readWords4(block + 32u + 32u * (part >> 3) + start) >> (part & 6u)) & 0x03030303u;
    const uvec4 third = (readWords4(block + start) >> (part >> 1)) & 0x01010101u;
    codes.bytes = subtractFromBytes(two | (third << 2), 4u);
    codes.scale = readHalf(block + 108u) * (float(low | (high << 4)) - 32.0);
    codes.minimum = 0.0;
}
