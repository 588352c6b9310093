// SPDX-License-Identifier: GPL-3.0-or-later
// Q8_0: blocks of 32 in 34 bytes: d f16, qs i8[32]. Value q d.
void decodeUnit(uint row, uint unit, out vec4 value[4]) {
    const uint block = row + (unit >> 1) * 34u;
    const float d = readHalf(block);
    const uvec4 words = readWords4(block + 2u + 16u * (unit & 1u));
    [[unroll]] for (uint i = 0; i < 4; ++i) value[i] = signedBytes(words[i]) * d;
}
