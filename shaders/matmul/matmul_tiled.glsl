// SPDX-License-Identifier: GPL-3.0-or-later
// A matrix times many tokens. Weights are decoded step by step and never expanded beyond the tile.
#include "include/unit.glsl"
#include "matmul/shared_tile.glsl"

layout(set = 0, binding = 1) readonly restrict buffer Input { vec4 x[]; };

// One word of padding a row spreads the columns of a tile over the banks.
shared float tileWeights[kDepth * (kTileRows + 1)];
shared float tileInput[kDepth * (kTileTokens + 1)];

void loadWeights(uint firstRow, uint firstUnit) {
    const uint unitsPerStep = kDepth / UNIT;
    for (uint i = gl_LocalInvocationID.x; i < kTileRows * unitsPerStep; i += gl_WorkGroupSize.x) {
        const uint row = i / unitsPerStep, part = i % unitsPerStep, unit = firstUnit + part;
        vec4 w[4] = vec4[4](vec4(0.0), vec4(0.0), vec4(0.0), vec4(0.0));
        if (unit * UNIT < cols) decodeUnitOfRow(min(firstRow + row, rowEnd - 1u), unit, w);
        const uint base = part * UNIT;
        [[unroll]] for (uint k = 0; k < 16; ++k) tileWeights[(base + k) * (kTileRows + 1u) + row] = w[k >> 2][k & 3u];
    }
}

void loadInput(uint firstToken, uint firstColumn) {
    const uint quads = kDepth / 4u;
    for (uint i = gl_LocalInvocationID.x; i < kTileTokens * quads; i += gl_WorkGroupSize.x) {
        const uint token = i / quads, column = firstColumn + (i % quads) * 4u;
        vec4 part = vec4(0.0);
        if (column < cols && firstToken + token < tokens) part = x[((firstToken + token) * inputStride + column) >> 2];
        const uint base = (i % quads) * 4u;
        [[unroll]] for (uint k = 0; k < 4; ++k) tileInput[(base + k) * (kTileTokens + 1u) + token] = part[k];
    }
}

/// The products of one column of the tile.
void addColumn(uint k, Tile tile) {
    float w[kThreadRows];
    [[unroll]] for (uint r = 0; r < kThreadRows; ++r)
        w[r] = tileWeights[k * (kTileRows + 1u) + tile.threadRow + r * kRowThreads];
    [[unroll]] for (uint t = 0; t < kThreadTokens; ++t) {
        const float part = tileInput[k * (kTileTokens + 1u) + tile.threadToken + t * kTokenThreads];
        [[unroll]] for (uint r = 0; r < kThreadRows; ++r) sum[r * kThreadTokens + t] += w[r] * part;
    }
}

void main() {
    const Tile tile = ownTile();
    if (tile.firstToken >= tokens) return;  // the same for the whole workgroup
    for (uint column = 0; column < cols; column += kDepth) {
        loadWeights(tile.firstRow, column / UNIT);
        loadInput(tile.firstToken, column);
        barrier();
        for (uint k = 0; k < kDepth; ++k) addColumn(k, tile);
        barrier();
    }
    writeTile(tile);
}
