// SPDX-License-Identifier: GPL-3.0-or-later
// BF16: the upper half of a binary32.
vec4 widenPairs(uint low, uint high) {
    return uintBitsToFloat(uvec4(low << 16, low & 0xFFFF0000u, high << 16, high & 0xFFFF0000u));
}

void decodeUnit(uint row, uint unit, out vec4 value[4]) {
    const uint base = row + unit * 32u;
    [[unroll]] for (uint i = 0; i < 2; ++i) {
        const uvec4 words = readWords4(base + 16u * i);
        value[2 * i] = widenPairs(words.x, words.y);
        value[2 * i + 1] = widenPairs(words.z, words.w);
    }
}
