// SPDX-License-Identifier: GPL-3.0-or-later
// F32: 4 bytes an element.
void decodeUnit(uint row, uint unit, out vec4 value[4]) {
    const uint base = row + unit * 64u;
    [[unroll]] for (uint i = 0; i < 4; ++i) value[i] = uintBitsToFloat(readAlignedWords4(base + 16u * i));
}
