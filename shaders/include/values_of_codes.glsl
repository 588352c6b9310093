// SPDX-License-Identifier: GPL-3.0-or-later
// decodeUnit() of the decoders that define decodeCodes().
#include "include/codes.glsl"

void decodeCodes(uint row, uint unit, out Codes codes);

void decodeUnit(uint row, uint unit, out vec4 value[4]) {
    Codes codes;
    decodeCodes(row, unit, codes);
    [[unroll]] for (uint i = 0; i < 4; ++i) value[i] = codes.scale * signedBytes(codes.bytes[i]) - codes.minimum;
}
