// SPDX-License-Identifier: GPL-3.0-or-later
// y = W x + b for one to eight columns x (decoding). A workgroup computes kRows rows; its invocations share out the units of
// 16 weights, so that neighbours read neighbouring bytes, and each unit of x is read once for all rows.
// Reads every weight once: bound by memory bandwidth on a GPU.
#include "include/reduce.glsl"

layout(constant_id = 2) const uint kRows = 4;
layout(constant_id = 3) const uint kColumns = 1;

layout(set = 0, binding = 1) readonly restrict buffer Input { vec4 x[]; };
layout(set = 0, binding = 2) readonly restrict buffer Bias { float bias[]; };
layout(set = 0, binding = 3) writeonly restrict buffer Output { float y[]; };

float accumulator[kRows * kColumns];

/// Adds one unit; `valid` of its 16 elements lie inside the row.
void addUnit(uint firstRow, uint unit, uint valid) {
    vec4 w[kRows][4];
    [[unroll]] for (uint r = 0; r < kRows; ++r) decodeUnit(min(firstRow + r, rowEnd - 1u) * rowBytes, unit, w[r]);
    [[unroll]] for (uint c = 0; c < kColumns; ++c) {
        const uint base = c * (inputStride >> 2) + unit * 4u;
        [[unroll]] for (uint i = 0; i < 4; ++i) {
            if (valid == UNIT) {
                const vec4 part = x[base + i];
                [[unroll]] for (uint r = 0; r < kRows; ++r) accumulator[r * kColumns + c] += dot(w[r][i], part);
            } else if (4u * i < valid) {
                // What lies past the end of the row is not a number of ours: keep it out, it may be infinite.
                const bvec4 inside = lessThan(uvec4(4u * i) + uvec4(0, 1, 2, 3), uvec4(valid));
                const vec4 part = mix(vec4(0.0), x[base + i], inside);
                [[unroll]] for (uint r = 0; r < kRows; ++r) {
                    accumulator[r * kColumns + c] += dot(mix(vec4(0.0), w[r][i], inside), part);
                }
            }
        }
    }
}

void main() {
    const uint firstRow = rowBegin + groupIndex() * kRows;
    if (firstRow >= rowEnd) return;
    [[unroll]] for (uint i = 0; i < kRows * kColumns; ++i) accumulator[i] = 0.0;

    const uint units = cols / UNIT, lane = gl_LocalInvocationID.x;
    for (uint unit = lane; unit < units; unit += gl_WorkGroupSize.x) addUnit(firstRow, unit, UNIT);
    if (units * UNIT < cols && lane == units % gl_WorkGroupSize.x) addUnit(firstRow, units, cols - units * UNIT);

    [[unroll]] for (uint r = 0; r < kRows; ++r) {
        [[unroll]] for (uint c = 0; c < kColumns; ++c) {
            const float total = workgroupSum(accumulator[r * kColumns + c]);
            const uint row = outputRow + firstRow + r;
            if (lane == 0u && firstRow + r < rowEnd) y[c * outputStride + row] = hasBias != 0u ? total + bias[row] : total;
        }
    }
}
