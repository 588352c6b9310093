// SPDX-License-Identifier: GPL-3.0-or-later
// The stream of codes of the parametric families: 32 codes fill whole words, an invocation makes that many.
#include "include/encode_group.glsl"

layout(push_constant) uniform Parameters {
    uint firstWorkgroup;  ///< of this dispatch in the whole task
    uint endWorkgroup;
    uint rows;
    uint cols;
    uint groupsPerRow;
    uint groupSize;
    uint rowWords;
    uint codeWords;  ///< of a row
    uint levels;
};

void encodeRun(uint row, uint run) {
    uint pending = 0u, filled = 0u, word = run * kBits, group = 0xFFFFFFFFu;
    Grid grid = Grid(0u, 0.0, 0u, 0.0);
    float inverse = 0.0;
    bool isLeft = false;
    for (uint col = run * 32u; col < run * 32u + 32u; ++col) {
        uint code = 0u;
        if (col < cols) {
            const uint own = row * groupsPerRow + col / groupSize;
            if (own != group) {
                group = own;
                isLeft = isLeftGroup(group);
                grid = loadGrid(group);
                inverse = 1.0 / grid.scale;
            }
            if (!isLeft) {
                const float value = uintBitsToFloat(sourceBits(row * cols + col));
                code = codeOf(grid, value, inverse, levels);
                addFigures(value, valueOf(grid, code));
            }
        }
        pending |= code << filled;
        filled += kBits;
        if (filled < 32u) continue;
        filled -= 32u;
        if (word < codeWords) packed[row * rowWords + word] = pending;
        ++word;
        pending = filled > 0u ? code >> (kBits - filled) : 0u;
    }
}

void main() {
    const uint workgroup = firstWorkgroup + groupIndex();
    if (workgroup >= endWorkgroup) return;  // the same for all of it
    const uint runsOfRow = (cols + 31u) / 32u, index = workgroup * gl_WorkGroupSize.x + gl_LocalInvocationID.x;
    if (index < rows * runsOfRow) encodeRun(index / runsOfRow, index % runsOfRow);
    storeFigures(workgroup);
}
