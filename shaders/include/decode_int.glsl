// SPDX-License-Identifier: GPL-3.0-or-later
// The parametric integer family: a row is a bit stream of codes (element i at bits [i bits, (i + 1) bits), least
// significant bit first), then one F16 scale a group, then, asymmetric, one zero point byte a group. Rows are
// multiples of 4 bytes. Value: symmetric (code - 2^(bits - 1)) scale, asymmetric (code - zero) scale.
layout(constant_id = 8) const uint kIntegerBits = 4;
layout(constant_id = 9) const bool kIntegerSymmetric = true;
layout(constant_id = 10) const uint kIntegerGroupShift = 31;  ///< log2 of the group size; 31: one group a row

void decodeUnit(uint row, uint unit, out vec4 value[4]) {
    const uint group = (unit * UNIT) >> kIntegerGroupShift;
    const float scale = readHalf(row + scaleOffset + 2u * group);
    const uint zero = kIntegerSymmetric ? 1u << (kIntegerBits - 1u) : readByte(row + zeroOffset + group);
    const float offset = float(zero);
    const uint base = row + unit * 2u * kIntegerBits;
    uint words[5];  // 16 codes of up to 8 bits, and one word of slack for the last code
    [[unroll]] for (uint i = 0; i < 5; ++i) words[i] = i * 2u < kIntegerBits ? readWord(base + 4u * i) : 0u;
    [[unroll]] for (uint i = 0; i < 16; ++i) {
        const uint bit = i * kIntegerBits, shift = bit & 31u;
        uint code = words[bit >> 5] >> shift;
        if (shift + kIntegerBits > 32u) code |= words[(bit >> 5) + 1u] << (32u - shift);
        value[i >> 2][i & 3u] = (float(code & ((1u << kIntegerBits) - 1u)) - offset) * scale;
    }
}
