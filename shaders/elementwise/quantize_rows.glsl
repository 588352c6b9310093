// SPDX-License-Identifier: GPL-3.0-or-later
// Rows of activations as bytes, for the kernels that multiply integers (include/quantized_input.glsl reads them). Either
// 32 values share a scale, the largest of them over 127, or a row is rounded as round_rows.glsl would (a workgroup for
// each row). Where a value is NaN or infinite the scale is NaN, so that it shows. Quotients are made of integers: codes do
// not depend on the device.
#include "include/row_step.glsl"

layout(set = 0, binding = 1) writeonly restrict buffer Output { uint words[]; };

/// Half a block: 16 codes, their scale and their scaled sum.
void storeUnit(uint token, uint unit, Step by) {
    const uint row = token * outputStride, first = unit * 16u;
    const bool isZero = by.isZero || !by.isFinite;
    int sum = 0;
    [[unroll]] for (uint i = 0; i < 4; ++i) {
        uint word = 0u;
        [[unroll]] for (uint k = 0; k < 4; ++k) {
            const uint column = first + 4u * i + k;
            if (isZero || column >= width) continue;
            const int code = int(codeOf(x[token * inputStride + column], by.inverse));
            word |= (uint(code) & 0xFFu) << (8u * k);
            sum += code;
        }
        words[row + unit * 4u + i] = word;
    }
    const float size = by.isFinite ? by.isZero ? 0.0 : by.size : uintBitsToFloat(0x7FC00000u);
    const uint factors = row + ((width + 31u) >> 5) * 8u + unit * 2u;
    words[factors] = floatBitsToUint(size);
    words[factors + 1u] = floatBitsToUint(size * float(sum));
}

Step stepOfBlock(uint token, uint block) {
    uint largest = 0u;
    for (uint column = block * 32u; column < min(block * 32u + 32u, width); ++column)
        largest = max(largest, floatBitsToUint(x[token * inputStride + column]) & 0x7FFFFFFFu);
    Step result = Step(0.0, 0.0, largest < 0x7F800000u, largest < floatBitsToUint(kSmallestMaximum));
    if (!result.isFinite || result.isZero) return result;
    result.size = uintBitsToFloat(quotientBits(uintBitsToFloat(largest), 127.0));
    result.inverse = uintBitsToFloat(quotientBits(1.0, result.size));
    return result;
}

void main() {
    const uint blocks = (width + 31u) >> 5;
    if (kRounding == 0u) {
        for (uint i = globalIndex(); i < tokens * blocks; i += globalCount()) {
            const uint token = i / blocks, block = i % blocks;
            const Step by = stepOfBlock(token, block);
            storeUnit(token, 2u * block, by);
            storeUnit(token, 2u * block + 1u, by);
        }
        return;
    }
    const uint token = groupIndex();
    if (token >= tokens) return;  // the same for the whole workgroup
    const Step by = stepOfRow(token);
    for (uint unit = gl_LocalInvocationID.x; unit < 2u * blocks; unit += gl_WorkGroupSize.x) storeUnit(token, unit, by);
}
