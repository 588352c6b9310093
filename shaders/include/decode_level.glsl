// SPDX-License-Identifier: GPL-3.0-or-later
// The level family: a row is a bit stream of codes as in the integer family, then one scale a group. Value: level[code]
// scale. Tables of up to 16 levels come as constants; larger ones list the values of a float format in ascending order,
// which are computed from its fields. Constants that a table does not need are not given.
#include "include/codes.glsl"
#include "include/group_scale.glsl"
#include "include/tables.glsl"

const bool kHasMinimum = false;

layout(constant_id = 12) const uint kMantissaBits = 0;  ///< 0: a table of constants
layout(constant_id = 13) const uint kExponentBias = 0;
layout(constant_id = 14) const uint kZeroCode = 0;
layout(constant_id = 16) const float kLevel0 = 0.0;
layout(constant_id = 17) const float kLevel1 = 0.0;
layout(constant_id = 18) const float kLevel2 = 0.0;
layout(constant_id = 19) const float kLevel3 = 0.0;
layout(constant_id = 20) const float kLevel4 = 0.0;
layout(constant_id = 21) const float kLevel5 = 0.0;
layout(constant_id = 22) const float kLevel6 = 0.0;
layout(constant_id = 23) const float kLevel7 = 0.0;
layout(constant_id = 24) const float kLevel8 = 0.0;
layout(constant_id = 25) const float kLevel9 = 0.0;
layout(constant_id = 26) const float kLevel10 = 0.0;
layout(constant_id = 27) const float kLevel11 = 0.0;
layout(constant_id = 28) const float kLevel12 = 0.0;
layout(constant_id = 29) const float kLevel13 = 0.0;
layout(constant_id = 30) const float kLevel14 = 0.0;
layout(constant_id = 31) const float kLevel15 = 0.0;
// Tables of whole multiples of a unit once more, one a byte.
layout(constant_id = 32) const float kLevelUnit = 0.0;
layout(constant_id = 33) const uint kLevelBytes0 = 0;
layout(constant_id = 34) const uint kLevelBytes1 = 0;
layout(constant_id = 35) const uint kLevelBytes2 = 0;
layout(constant_id = 36) const uint kLevelBytes3 = 0;

/// Steps away from zero to a magnitude: subnormals, then normals.
float floatLevel(uint code) {
    const uint steps = code < kZeroCode ? kZeroCode - code : code - kZeroCode;
    const float unit = uintBitsToFloat((128u - kExponentBias - kMantissaBits) << 23);
    const float normal = uintBitsToFloat((steps << (23u - kMantissaBits)) + ((127u - kExponentBias) << 23));
    const float magnitude = steps < (1u << kMantissaBits) ? float(steps) * unit : normal;
    return code < kZeroCode ? -magnitude : magnitude;
}

float tableLevel(uint code) {
    const float levels[16] = float[16](kLevel0, kLevel1, kLevel2, kLevel3, kLevel4, kLevel5, kLevel6, kLevel7, kLevel8,
                                       kLevel9, kLevel10, kLevel11, kLevel12, kLevel13, kLevel14, kLevel15);
    return levels[code];
}

void decodeUnit(uint row, uint unit, out vec4 value[4]) {
    const float scale = readScale(row + scaleOffset, (unit * UNIT) >> kGroupShift);
    uint codes[16];
    readCodes(row + unit * 2u * kCodeBits, codes);
    [[unroll]] for (uint i = 0; i < 16; ++i) {
        const float level = kMantissaBits > 0u ? floatLevel(codes[i]) : tableLevel(codes[i]);
        value[i >> 2][i & 3u] = level * scale;
    }
}

void decodeCodes(uint row, uint unit, out Codes codes) {
    const uvec4 table = uvec4(kLevelBytes0, kLevelBytes1, kLevelBytes2, kLevelBytes3);
    codes.bytes = tableBytes(table, readCodeBytes(row + unit * 2u * kCodeBits));
    codes.scale = readScale(row + scaleOffset, (unit * UNIT) >> kGroupShift) * kLevelUnit;
    codes.minimum = 0.0;
}
