// SPDX-License-Identifier: GPL-3.0-or-later
// Rows of activations as bytes (elementwise/quantize_rows.glsl writes them), bound at 1. A row: the codes of its
// columns, padded to 32 with zeros, then for every 16 of them their scale and scale * sum of the codes. Push constant
// inputStride counts words.
#include "include/integer_dot.glsl"

layout(set = 0, binding = 1) readonly buffer InputCodes { uvec4 inputWords[]; };
layout(set = 0, binding = 1) readonly buffer InputFactors { vec2 inputPairs[]; };

uvec4 codesOfInput(uint token, uint unit) { return inputWords[(token * inputStride >> 2) + unit]; }
vec2 factorsOfInput(uint token, uint unit) {
    return inputPairs[(token * inputStride >> 1) + ((cols + 31u) >> 5) * 4u + unit];
}
