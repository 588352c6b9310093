// SPDX-License-Identifier: GPL-3.0-or-later
// An invocation encodes two neighbouring blocks, so that it owns whole words of the result.
void main() {
    const uint workgroup = firstWorkgroup + groupIndex();
    if (workgroup >= endWorkgroup) return;  // the same for all of it
    const uint pair = workgroup * gl_WorkGroupSize.x + gl_LocalInvocationID.x;
    if (pair * 2u < blocks) {
        for (uint i = 0; i < kMostWords; ++i) words[i] = 0u;
        encodeBlock(pair * 2u, 0u);
        if (pair * 2u + 1u < blocks) encodeBlock(pair * 2u + 1u, blockBytes());
        const uint count = blockBytes() / 2u;
        for (uint i = 0; i < count; ++i) packed[pair * count + i] = words[i];
    }
    storeFigures(workgroup);
}
