// SPDX-License-Identifier: GPL-3.0-or-later
// TQ2_0: blocks of 256 in 66 bytes: qs[64] in the order of Q2_K, d f16. Value (q - 1) d.
void decodeUnit(uint row, uint unit, out vec4 value[4]) {
    const uint block = row + (unit >> 4) * 66u;
    const uint part = unit & 15u;
    const float d = readHalf(block + 64u);
    const uvec4 codes = (readWords4(block + 32u * (part >> 3) + 16u * (part & 1u)) >> (part & 6u)) & 0x03030303u;
    [[unroll]] for (uint i = 0; i < 4; ++i) value[i] = (unsignedBytes(codes[i]) - 1.0) * d;
}
