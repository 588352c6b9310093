// SPDX-License-Identifier: GPL-3.0-or-later
// y = W x + b for one to eight columns x (decoding). A workgroup computes kRows rows; its invocations share out the
// units of 16 weights, so that neighbours read neighbouring bytes. kTokens is at least the number of tokens. Reads every
// weight once: bound by memory bandwidth on a GPU.
#include "include/reduce.glsl"

void main() {
    const uint firstRow = rowBegin + groupIndex() * kRows;
    if (firstRow >= rowEnd) return;
    clearSums();
    const uint units = (cols + UNIT - 1u) / UNIT, lane = gl_LocalInvocationID.x;
    for (uint unit = lane; unit < units; unit += gl_WorkGroupSize.x) addUnit(firstRow, 0u, unit);

    [[unroll]] for (uint r = 0; r < kRows; ++r) {
        [[unroll]] for (uint t = 0; t < kTokens; ++t) {
            const float total = workgroupSum(sums[r * kTokens + t]);
            const uint row = outputRow + firstRow + r;
            if (lane != 0u || firstRow + r >= rowEnd || t >= tokens) continue;
            y[t * outputStride + row] = hasBias != 0u ? total + bias[row] : total;
        }
    }
}
