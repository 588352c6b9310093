// SPDX-License-Identifier: GPL-3.0-or-later
// RMS norm and layer norm, one workgroup a vector. A token holds `vectors` vectors of `width` floats (more than one
// for the norm over each attention head). Two passes for the variance: the one-pass formula cancels.
#include "include/reduce.glsl"

layout(constant_id = 2) const bool kLayerNorm = false;

layout(push_constant) uniform Parameters {
    uint tokens;
    uint vectors;
    uint width;
    uint inputStride;
    uint outputStride;
    uint hasBias;
    float epsilon;
};

layout(set = 0, binding = 0) readonly buffer Input { float x[]; };
layout(set = 0, binding = 1) readonly restrict buffer Weight { float weight[]; };
layout(set = 0, binding = 2) readonly restrict buffer Bias { float bias[]; };
layout(set = 0, binding = 3) writeonly buffer Output { float y[]; };

void main() {
    const uint index = groupIndex();
    if (index >= tokens * vectors) return;  // the same for the whole workgroup
    const uint within = (index % vectors) * width;
    const uint source = (index / vectors) * inputStride + within, target = (index / vectors) * outputStride + within;
    const uint lane = gl_LocalInvocationID.x;

    float mean = 0.0;
    if (kLayerNorm) {
        for (uint i = lane; i < width; i += gl_WorkGroupSize.x) mean += x[source + i];
        mean = workgroupSum(mean) / float(width);
    }
    float squares = 0.0;
    for (uint i = lane; i < width; i += gl_WorkGroupSize.x) {
        const float value = x[source + i] - mean;
        squares += value * value;
    }
    const float scale = 1.0 / sqrt(workgroupSum(squares) / float(width) + epsilon);
    for (uint i = lane; i < width; i += gl_WorkGroupSize.x) {
        const float value = (x[source + i] - mean) * scale * weight[i];
        y[target + i] = hasBias != 0u ? value + bias[i] : value;
    }
}
