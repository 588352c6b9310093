// SPDX-License-Identifier: GPL-3.0-or-later
// Copies the rows that enter a linear layer to where they wait to be summed up, one workgroup a row, zeros behind their
// end. A row that holds NaN or infinity becomes zeros, the others are counted.
#include "include/reduce.glsl"

layout(push_constant) uniform Parameters {
    uint tokens;
    uint width;
    uint inputStride;
    uint outputStride;
    uint firstToken;  ///< of the input
    uint firstRow;    ///< of the output
};

layout(set = 0, binding = 0) readonly restrict buffer Input { float x[]; };
layout(set = 0, binding = 1) writeonly restrict buffer Output { float kept[]; };
layout(set = 0, binding = 2) restrict buffer Count { uint finiteRows; };

bool isFinite(float value) { return (floatBitsToUint(value) & 0x7F800000u) != 0x7F800000u; }

void main() {
    const uint token = groupIndex();
    if (token >= tokens) return;  // the same for the whole workgroup
    const uint from = (firstToken + token) * inputStride, to = (firstRow + token) * outputStride;
    float nonFinite = 0.0;
    for (uint i = gl_LocalInvocationID.x; i < width; i += gl_WorkGroupSize.x) {
        if (!isFinite(x[from + i])) nonFinite = 1.0;
    }
    const bool isKept = workgroupMax(nonFinite) == 0.0;
    for (uint i = gl_LocalInvocationID.x; i < outputStride; i += gl_WorkGroupSize.x) {
        kept[to + i] = isKept && i < width ? x[from + i] : 0.0;
    }
    if (isKept && gl_LocalInvocationID.x == 0u) atomicAdd(finiteRows, 1u);
}
