// SPDX-License-Identifier: GPL-3.0-or-later
// matvec.glsl with weights and inputs as bytes: the products of 16 columns are summed up exactly and scaled once.
#include "include/quantized_input.glsl"
#include "include/reduce.glsl"

layout(constant_id = 2) const uint kRows = 4;
layout(constant_id = 3) const uint kColumns = 1;

layout(set = 0, binding = 2) readonly restrict buffer Bias { float bias[]; };
layout(set = 0, binding = 3) writeonly restrict buffer Output { float y[]; };

float accumulator[kRows * kColumns];

void addUnit(uint firstRow, uint unit) {
    Codes w[kRows];
    [[unroll]] for (uint r = 0; r < kRows; ++r) decodeCodes(min(firstRow + r, rowEnd - 1u) * rowBytes, unit, w[r]);
    [[unroll]] for (uint c = 0; c < kColumns; ++c) {
        const uint token = min(c, tokens - 1u);
        const uvec4 part = codesOfInput(token, unit);
        const vec2 factors = factorsOfInput(token, unit);
        [[unroll]] for (uint r = 0; r < kRows; ++r) {
            float sum = float(dotBytes(w[r].bytes, part)) * (w[r].scale * factors.x);
            if (kHasMinimum) sum -= w[r].minimum * factors.y;
            accumulator[r * kColumns + c] += sum;
        }
    }
}

void main() {
    const uint firstRow = rowBegin + groupIndex() * kRows;
    if (firstRow >= rowEnd) return;
    [[unroll]] for (uint i = 0; i < kRows * kColumns; ++i) accumulator[i] = 0.0;

    const uint units = (cols + UNIT - 1u) / UNIT, lane = gl_LocalInvocationID.x;
    for (uint unit = lane; unit < units; unit += gl_WorkGroupSize.x) addUnit(firstRow, unit);

    [[unroll]] for (uint r = 0; r < kRows; ++r) {
        [[unroll]] for (uint c = 0; c < kColumns; ++c) {
            const float total = workgroupSum(accumulator[r * kColumns + c]);
            const uint row = outputRow + firstRow + r;
            if (lane != 0u || firstRow + r >= rowEnd || c >= tokens) continue;
            y[c * outputStride + row] = hasBias != 0u ? total + bias[row] : total;
        }
    }
}
