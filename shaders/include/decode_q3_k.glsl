// SPDX-License-Identifier: GPL-3.0-or-later
// Q3_K: super-blocks of 256 in 110 bytes: hmask[32], qs[64] as in Q2_K, scales[12], d f16. Bit g of hmask[l] belongs
// to element 32g + l. 6-bit scales: low nibbles in bytes 0..7, two high bits in bytes 8..11. Value (d (scale - 32))
// (q - (bit ? 0 : 4)).
void decodeUnit(uint row, uint unit, out vec4 value[4]) {
    const uint block = row + (unit >> 4) * 110u;
    const uint part = unit & 15u, start = 16u * (part & 1u);
    const uint low = (readByte(block + 96u + (part & 7u)) >> (4u * (part >> 3))) & 15u;
    const uint high = (readByte(block + 104u + (part & 3u)) >> (2u * (part >> 2))) & 3u;
    const float scale = readHalf(block + 108u) * (float(low | (high << 4)) - 32.0);
    const uvec4 codes = (readWords4(block + 32u + 32u * (part >> 3) + start) >> (part & 6u)) & 0x03030303u;
    const uvec4 third = (readWords4(block + start) >> (part >> 1)) & 0x01010101u;
    [[unroll]] for (uint i = 0; i < 4; ++i) value[i] = scale * (unsignedBytes(codes[i] | (third[i] << 2)) - 4.0);
}
