// SPDX-License-Identifier: GPL-3.0-or-later
// The integer view of a unit of packed weights. A decoder of a format whose values are codes times a scale defines
//     const bool kHasMinimum;
//     void decodeCodes(uint row, uint unit, out Codes codes)
// beside decodeUnit(), or instead of it: values_of_codes.glsl derives it.
struct Codes {
    uvec4 bytes;    // 16 signed bytes in the order of the elements
    float scale;    // value = scale * byte - minimum
    float minimum;  // 0 where kHasMinimum is false
};

/// Every byte less `amount`; bytes below 128, amount at most 128.
uvec4 subtractFromBytes(uvec4 bytes, uint amount) {
    return ((bytes | 0x80808080u) - amount * 0x01010101u) ^ 0x80808080u;
}
