// SPDX-License-Identifier: GPL-3.0-or-later
// After a decoder: a unit of a row, with zeros past the row's end. What the memory holds there is not a number of
// ours and may be infinite. Inputs are zero there, so products need no further care.
void decodeUnitOfRow(uint row, uint unit, out vec4 value[4]) {
    decodeUnit(row * rowBytes, unit, value);
    const uint first = unit * UNIT;
    if (first + UNIT <= cols) return;
    [[unroll]] for (uint i = 0; i < 4; ++i) {
        value[i] = mix(vec4(0.0), value[i], lessThan(uvec4(first + 4u * i) + uvec4(0, 1, 2, 3), uvec4(cols)));
    }
}
