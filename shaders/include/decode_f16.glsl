// SPDX-License-Identifier: GPL-3.0-or-later
// F16: 2 bytes an element.
void decodeUnit(uint row, uint unit, out vec4 value[4]) {
    const uint base = row + unit * 32u;
    [[unroll]] for (uint i = 0; i < 2; ++i) {
        const uvec4 words = readWords4(base + 16u * i);
        value[2 * i] = vec4(unpackHalf2x16(words.x), unpackHalf2x16(words.y));
        value[2 * i + 1] = vec4(unpackHalf2x16(words.z), unpackHalf2x16(words.w));
    }
}
