// SPDX-License-Identifier: GPL-3.0-or-later
// The integer family: a row is a bit stream of codes (element i at bits [i bits, (i + 1) bits), least significant bit
// first), then one scale a group, then, asymmetric, one zero point byte a group or, where zero points are floats, one
// minimum a group, stored as the scales are. Rows are multiples of 4 bytes. Value: symmetric (code - 2^(bits - 1)) scale,
// asymmetric (code - zero) scale or code scale + minimum.
#include "include/codes.glsl"
#include "include/group_scale.glsl"

layout(constant_id = 9) const uint kZeroPoint = 0;  ///< 0: none (symmetric), 1: a whole number, 2: a float
// No constant: outside functions the compiler takes no alternatives of specialization constants.
#define kHasMinimum (kZeroPoint == 2u || (kZeroPoint == 1u && kCodeBits == 8u))

void decodeUnit(uint row, uint unit, out vec4 value[4]) {
    const uint group = (unit * UNIT) >> kGroupShift;
    const float scale = readScale(row + scaleOffset, group);
    uint codes[16];
    readCodes(row + unit * 2u * kCodeBits, codes);
    if (kZeroPoint == 2u) {
        const float minimum = readScale(row + zeroOffset, group);
        [[unroll]] for (uint i = 0; i < 16; ++i) value[i >> 2][i & 3u] = float(codes[i]) * scale + minimum;
        return;
    }
    const uint zero = kZeroPoint == 0u ? 1u << (kCodeBits - 1u) : readByte(row + zeroOffset + group);
    const float offset = float(zero);
    [[unroll]] for (uint i = 0; i < 16; ++i) value[i >> 2][i & 3u] = (float(codes[i]) - offset) * scale;
}

/// Codes less their zero point, where that fits a byte; else less 128, and a minimum.
void decodeCodes(uint row, uint unit, out Codes codes) {
    const uint group = (unit * UNIT) >> kGroupShift;
    const uvec4 bytes = readCodeBytes(row + unit * 2u * kCodeBits);
    codes.scale = readScale(row + scaleOffset, group);
    codes.minimum = 0.0;
    const uint zero = kZeroPoint == 1u ? readByte(row + zeroOffset + group) : 1u << (kCodeBits - 1u);
    if (kCodeBits == 8u) {
        codes.bytes = bytes ^ 0x80808080u;
        if (kZeroPoint == 1u) codes.minimum = codes.scale * (float(zero) - 128.0);
        if (kZeroPoint == 2u) codes.minimum = -readScale(row + zeroOffset, group) - codes.scale * 128.0;
    } else if (kZeroPoint == 2u) {
        codes.bytes = bytes;
        codes.minimum = -readScale(row + zeroOffset, group);
    } else {
        codes.bytes = subtractFromBytes(bytes, zero);
    }
}
