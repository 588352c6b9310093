// SPDX-License-Identifier: GPL-3.0-or-later
// Smallest and largest value of a matrix, one pair a workgroup, as whole numbers of the same order: these are compared
// alike everywhere, subnormal numbers and what is not finite included.
#include "include/encode.glsl"

layout(push_constant) uniform Parameters {
    uint firstWorkgroup;  ///< of this dispatch in the whole task
    uint endWorkgroup;
    uint values;
    uint valuesOfWorkgroup;
};

shared int sharedLeast[gl_WorkGroupSize.x / 4 + 1], sharedMost[gl_WorkGroupSize.x / 4 + 1];

int ordered(uint bits) { return int((bits & 0x80000000u) != 0u ? bits ^ 0x7FFFFFFFu : bits); }

void main() {
    const uint workgroup = firstWorkgroup + groupIndex();
    if (workgroup >= endWorkgroup) return;  // the same for all of it
    const uint begin = workgroup * valuesOfWorkgroup, end = min(values, begin + valuesOfWorkgroup);
    int least = 0x7FFFFFFF, most = -0x7FFFFFFF - 1;
    for (uint i = begin + gl_LocalInvocationID.x; i < end; i += gl_WorkGroupSize.x) {
        const int key = ordered(sourceBits(i));
        least = min(least, key);
        most = max(most, key);
    }
    least = subgroupMin(least);
    most = subgroupMax(most);
    if (subgroupElect()) {
        sharedLeast[gl_SubgroupID] = least;
        sharedMost[gl_SubgroupID] = most;
    }
    barrier();
    if (gl_LocalInvocationID.x != 0u) return;
    for (uint i = 0; i < gl_NumSubgroups; ++i) {
        least = min(least, sharedLeast[i]);
        most = max(most, sharedMost[i]);
    }
    const uint at = kFiguresBegin + workgroup * kFigureWords;
    notes[at] = uint(least);
    notes[at + 1u] = uint(most);
}
