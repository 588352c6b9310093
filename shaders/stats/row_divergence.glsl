// SPDX-License-Identifier: GPL-3.0-or-later
// The part of KL(reference || own) that needs both rows of logits, one workgroup a row: with p = e^(reference - its
// largest) and d = (reference - its largest) - (own - its largest) the sum of p d. The host divides by the mass of p
// and adds the difference of the normalizers. Differences are taken of what lies below the largest, where binary32 is
// finest.
#include "include/reduce.glsl"
#include "include/compensated.glsl"
#include "include/row_summary.glsl"

layout(push_constant) uniform Parameters {
    uint rows;
    uint width;
    uint referenceStride;
    uint ownStride;
    uint firstReference;  // summary of the first row
    uint firstOwn;
};

layout(set = 0, binding = 0) readonly restrict buffer Reference { float reference[]; };
layout(set = 0, binding = 1) readonly restrict buffer Own { float own[]; };
layout(set = 0, binding = 2) readonly restrict buffer ReferenceSummaries { RowSummary referenceSummaries[]; };
layout(set = 0, binding = 3) restrict buffer OwnSummaries { RowSummary ownSummaries[]; };

void main() {
    const uint row = groupIndex();
    if (row >= rows) return;  // the same for the whole workgroup
    const float referenceTop = referenceSummaries[firstReference + row].largest;
    const float ownTop = ownSummaries[firstOwn + row].largest;
    const uint referenceBase = row * referenceStride, ownBase = row * ownStride, lane = gl_LocalInvocationID.x;
    Compensated cross = Compensated(0.0, 0.0);
    for (uint i = lane; i < width; i += gl_WorkGroupSize.x) {
        const float below = reference[referenceBase + i] - referenceTop, part = exponential(below);
        if (part > 0.0) cross = addExactly(cross, part * (below - (own[ownBase + i] - ownTop)));
    }
    cross = workgroupSum(cross);
    if (lane != 0u) return;
    ownSummaries[firstOwn + row].cross = cross.sum;
    ownSummaries[firstOwn + row].crossRest = cross.rest;
    ownSummaries[firstOwn + row].otherMass = referenceSummaries[firstReference + row].mass;
    ownSummaries[firstOwn + row].otherMassRest = referenceSummaries[firstReference + row].massRest;
}
