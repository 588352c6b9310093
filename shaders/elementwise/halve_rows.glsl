// SPDX-License-Identifier: GPL-3.0-or-later
// Rows of activations in binary16, for the matrix units (matmul/matmul_units.glsl reads them): a workgroup for each
// row. A row is scaled by a power of two first, so that its largest value lies between 2^14 and 2^15: none overflows,
// and what is 2^-28 of the largest still has all its bits. What is not a number or infinite stays so. A row: its values,
// two a word, with zeros up to a multiple of eight; then a quad of words whose first is the scale to multiply with.
#include "include/reduce.glsl"

layout(push_constant) uniform Parameters {
    uint tokens;
    uint width;
    uint inputStride;   // floats; zeros from `width` on
    uint outputStride;  // words, a multiple of 4
};

layout(set = 0, binding = 0) readonly restrict buffer Input { vec4 x[]; };
layout(set = 0, binding = 1) writeonly restrict buffer Output { uvec4 quads[]; };

const float kSmallestMaximum = 7.888609052210118e-31;  // 2^-100

void main() {
    const uint token = groupIndex();
    if (token >= tokens) return;  // the same for the whole workgroup
    const uint row = token * inputStride >> 2, out_ = token * outputStride >> 2;
    const uint count = (width + 7u) >> 3;
    float largest = 0.0;
    for (uint i = gl_LocalInvocationID.x; i < 2u * count; i += gl_WorkGroupSize.x) {
        const vec4 values = abs(x[row + i]);
        [[unroll]] for (uint k = 0; k < 4; ++k) {
            if (floatBitsToUint(values[k]) < 0x7F800000u) largest = max(largest, values[k]);
        }
    }
    const uint exponent = floatBitsToUint(max(workgroupMax(largest), kSmallestMaximum)) >> 23;
    const float scale = uintBitsToFloat((exponent - 14u) << 23), inverse = uintBitsToFloat((268u - exponent) << 23);
    for (uint i = gl_LocalInvocationID.x; i < count; i += gl_WorkGroupSize.x) {
        const vec4 a = x[row + 2u * i] * inverse, b = x[row + 2u * i + 1u] * inverse;
        quads[out_ + i] =
            uvec4(packHalf2x16(a.xy), packHalf2x16(a.zw), packHalf2x16(b.xy), packHalf2x16(b.zw));
    }
    if (gl_LocalInvocationID.x == 0u) quads[out_ + count] = uvec4(floatBitsToUint(scale), 0u, 0u, 0u);
}
