// SPDX-License-Identifier: GPL-3.0-or-later
// Sums up rows of logits, one workgroup a row: normalizer, entropy, the likeliest token, logit and rank of one target.
// Rows without a target (0xFFFFFFFF) are skipped.
#include "include/reduce.glsl"
#include "include/compensated.glsl"
#include "include/row_summary.glsl"

layout(push_constant) uniform Parameters {
    uint rows;
    uint width;
    uint inputStride;
    uint firstTarget;
};

layout(set = 0, binding = 0) readonly restrict buffer Logits { float logits[]; };
layout(set = 0, binding = 1) readonly restrict buffer Targets { uint targets[]; };
layout(set = 0, binding = 2) writeonly restrict buffer Output { RowSummary summaries[]; };

const float kNothing = -3.0e38;
// Indices are whole numbers below 2^24: binary32 holds and adds them exactly.
const float kNoIndex = 16777216.0;

bool isFinite(float value) { return (floatBitsToUint(value) & 0x7F800000u) != 0x7F800000u; }

void main() {
    const uint row = groupIndex();
    if (row >= rows) return;  // the same for the whole workgroup
    const uint target = targets[firstTarget + row];
    if (target == 0xFFFFFFFFu) return;
    const uint base = row * inputStride, lane = gl_LocalInvocationID.x;
    const float targetLogit = logits[base + target];

    float largest = kNothing, first = kNoIndex, before = 0.0, nonFinite = 0.0;
    for (uint i = lane; i < width; i += gl_WorkGroupSize.x) {
        const float value = logits[base + i];
        if (!isFinite(value)) {
            nonFinite += 1.0;
            continue;
        }
        if (value > largest) {
            largest = value;
            first = float(i);
        }
        if (value > targetLogit || (value == targetLogit && i < target)) before += 1.0;
    }
    const float top = workgroupMax(largest);
    first = -workgroupMax(largest == top ? -first : -kNoIndex);
    before = workgroupSum(before);
    nonFinite = workgroupSum(nonFinite);

    Compensated mass = Compensated(0.0, 0.0), weighted = Compensated(0.0, 0.0);
    for (uint i = lane; i < width; i += gl_WorkGroupSize.x) {
        const float below = logits[base + i] - top, part = exponential(below);
        mass = addExactly(mass, part);
        if (part > 0.0) weighted = addExactly(weighted, part * below);
    }
    mass = workgroupSum(mass);
    weighted = workgroupSum(weighted);
    if (lane != 0u) return;
    summaries[firstTarget + row] =
        RowSummary(top, uint(first), targetLogit, uint(before), mass.sum, mass.rest, weighted.sum, weighted.rest, 0.0,
                   0.0, 0.0, 0.0, uint(nonFinite), 0u);
}
