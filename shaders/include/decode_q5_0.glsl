// SPDX-License-Identifier: GPL-3.0-or-later
// Q5_0: blocks of 32 in 22 bytes: d f16, qh[4], qs[16]; bit e of qh is bit 4 of element e. Value (q - 16) d.
void decodeUnit(uint row, uint unit, out vec4 value[4]) {
    const uint block = row + (unit >> 1) * 22u;
    const float d = readHalf(block);
    const uint high = readWord(block + 2u) >> (16u * (unit & 1u));
    const uvec4 codes = (readWords4(block + 6u) >> (4u * (unit & 1u))) & 0x0F0F0F0Fu;
    [[unroll]] for (uint i = 0; i < 4; ++i) {
        value[i] = (unsignedBytes(codes[i] | (spreadBits(high >> (4u * i)) << 4)) - 16.0) * d;
    }
}
