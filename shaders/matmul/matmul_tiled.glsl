// SPDX-License-Identifier: GPL-3.0-or-later
// Y = W X + b for many tokens through shared memory. A workgroup owns a tile of kTileRows rows by kTileTokens tokens;
// step by step it decodes kDepth columns of its weights and copies the same columns of X into shared memory, then
// every invocation adds their product to its kThreadRows x kThreadTokens sums. Invocation (i, j) owns rows i, i + R,
// i + 2R, ... and tokens j, j + C, ... (R = kTileRows / kThreadRows, C likewise), so that neighbours read
// neighbouring shared words. The workgroup size must be R * C. Weights are never expanded beyond the tile. Any
// subgroup size.
#include "include/unit.glsl"

layout(constant_id = 2) const uint kTileRows = 64;
layout(constant_id = 3) const uint kTileTokens = 64;
layout(constant_id = 4) const uint kThreadRows = 8;
layout(constant_id = 5) const uint kThreadTokens = 4;
layout(constant_id = 6) const uint kDepth = 32;

layout(set = 0, binding = 1) readonly restrict buffer Input { vec4 x[]; };
layout(set = 0, binding = 2) readonly restrict buffer Bias { float bias[]; };
layout(set = 0, binding = 3) writeonly restrict buffer Output { float y[]; };

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

void main() {
    const uint rowThreads = kTileRows / kThreadRows, tokenThreads = kTileTokens / kThreadTokens;
    const uint rowTiles = (rowEnd - rowBegin + kTileRows - 1u) / kTileRows;
    const uint firstRow = rowBegin + (groupIndex() % rowTiles) * kTileRows;
    const uint firstToken = (groupIndex() / rowTiles) * kTileTokens;
    if (firstToken >= tokens) return;  // the same for the whole workgroup
    const uint threadRow = gl_LocalInvocationID.x % rowThreads, threadToken = gl_LocalInvocationID.x / rowThreads;

    float sum[kThreadRows * kThreadTokens];
    [[unroll]] for (uint i = 0; i < kThreadRows * kThreadTokens; ++i) sum[i] = 0.0;
    for (uint column = 0; column < cols; column += kDepth) {
        loadWeights(firstRow, column / UNIT);
        loadInput(firstToken, column);
        barrier();
        for (uint k = 0; k < kDepth; ++k) {
            float w[kThreadRows];
            [[unroll]] for (uint r = 0; r < kThreadRows; ++r) {
                w[r] = tileWeights[k * (kTileRows + 1u) + threadRow + r * rowThreads];
            }
            [[unroll]] for (uint t = 0; t < kThreadTokens; ++t) {
                const float part = tileInput[k * (kTileTokens + 1u) + threadToken + t * tokenThreads];
                [[unroll]] for (uint r = 0; r < kThreadRows; ++r) sum[r * kThreadTokens + t] += w[r] * part;
            }
        }
        barrier();
    }

    [[unroll]] for (uint r = 0; r < kThreadRows; ++r) {
        const uint local = firstRow + threadRow + r * rowThreads;
        const float add = hasBias != 0u && local < rowEnd ? bias[outputRow + local] : 0.0;
        [[unroll]] for (uint t = 0; t < kThreadTokens; ++t) {
            const uint token = firstToken + threadToken + t * tokenThreads;
            if (local >= rowEnd || token >= tokens) continue;
            y[token * outputStride + outputRow + local] = sum[r * kThreadTokens + t] + add;
        }
    }
}
