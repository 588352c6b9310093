// SPDX-License-Identifier: GPL-3.0-or-later
// What rows of the parametric families hold behind their codes: scales, then zero points. An invocation makes a word.
// The second level of scales, where there is one, has been stored (encode_settle.glsl).
#include "include/encode_group.glsl"

layout(push_constant) uniform Parameters {
    uint firstWorkgroup;  ///< of this dispatch in the whole task
    uint endWorkgroup;
    uint rows;
    uint groupsPerRow;
    uint rowWords;
    uint scaleWord;  ///< of a row, where its scales begin
    uint zeroWord;   ///< where its zero points begin; rowWords: it has none
};

/// Stored bits of one group's scale, or of its zero point.
uint storedBits(uint group, bool isZero) {
    const Grid grid = loadGrid(group);
    return isZero ? grid.zero : grid.scaleBits;
}

void main() {
    const uint tail = rowWords - scaleWord, workgroup = firstWorkgroup + groupIndex();
    const uint index = workgroup * gl_WorkGroupSize.x + gl_LocalInvocationID.x;
    if (workgroup >= endWorkgroup || index >= rows * tail) return;
    const uint row = index / tail, word = scaleWord + index % tail;
    const bool isZero = word >= zeroWord;
    const uint scaleBytes = kScaleType == 2u ? 4u : kScaleType >= 3u ? 1u : 2u;
    const uint each = isZero && kZeroKind == 1u ? 4u : 4u / scaleBytes;
    const uint first = (word - (isZero ? zeroWord : scaleWord)) * each;
    if (kIsNested && first >= groupsPerRow) return;
    uint bits = 0u;
    for (uint i = 0; i < each && first + i < groupsPerRow; ++i)
        bits |= storedBits(row * groupsPerRow + first + i, isZero) << (i * (32u / each));
    packed[row * rowWords + word] = bits;
}
