// SPDX-License-Identifier: GPL-3.0-or-later
// y = W x + b for one to eight columns x (decoding). A workgroup computes kRows rows; its invocations share out the
// units of 16 weights, so that neighbours read neighbouring bytes, and each unit of x is read once for all rows.
// kColumns is at least the number of tokens. Reads every weight once: bound by memory bandwidth on a GPU.
#include "include/reduce.glsl"
#include "include/unit.glsl"

layout(constant_id = 2) const uint kRows = 4;
layout(constant_id = 3) const uint kColumns = 1;

layout(set = 0, binding = 1) readonly restrict buffer Input { vec4 x[]; };
layout(set = 0, binding = 2) readonly restrict buffer Bias { float bias[]; };
layout(set = 0, binding = 3) writeonly restrict buffer Output { float y[]; };

float accumulator[kRows * kColumns];

void addUnit(uint firstRow, uint unit) {
    vec4 w[kRows][4];
    [[unroll]] for (uint r = 0; r < kRows; ++r) decodeUnitOfRow(min(firstRow + r, rowEnd - 1u), unit, w[r]);
    [[unroll]] for (uint c = 0; c < kColumns; ++c) {
        const uint base = (min(c, tokens - 1u) * inputStride >> 2) + unit * 4u;
        [[unroll]] for (uint i = 0; i < 4; ++i) {
            const vec4 part = x[base + i];
            [[unroll]] for (uint r = 0; r < kRows; ++r) accumulator[r * kColumns + c] += dot(w[r][i], part);
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
