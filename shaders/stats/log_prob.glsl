// SPDX-License-Identifier: GPL-3.0-or-later
// Natural log-probability of one target a row of logits: logit - max - log(sum exp(logit - max)). One workgroup a row.
// Rows without a target (0xFFFFFFFF) are skipped.
#include "include/reduce.glsl"

layout(push_constant) uniform Parameters {
    uint rows;
    uint width;
    uint inputStride;
    uint firstTarget;
};

layout(set = 0, binding = 0) readonly restrict buffer Logits { float logits[]; };
layout(set = 0, binding = 1) readonly restrict buffer Targets { uint targets[]; };
layout(set = 0, binding = 2) writeonly restrict buffer Output { float logProb[]; };

void main() {
    const uint row = groupIndex();
    if (row >= rows) return;  // the same for the whole workgroup
    const uint target = targets[firstTarget + row];
    if (target == 0xFFFFFFFFu) return;
    const uint base = row * inputStride, lane = gl_LocalInvocationID.x;
    float largest = -3.0e38;
    for (uint i = lane; i < width; i += gl_WorkGroupSize.x) largest = max(largest, logits[base + i]);
    largest = workgroupMax(largest);
    float total = 0.0;
    for (uint i = lane; i < width; i += gl_WorkGroupSize.x) total += exp(logits[base + i] - largest);
    total = workgroupSum(total);
    if (lane == 0u) logProb[firstTarget + row] = logits[base + target] - largest - log(total);
}
