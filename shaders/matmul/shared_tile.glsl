// SPDX-License-Identifier: GPL-3.0-or-later
// Y = W X + b for many tokens through shared memory. A workgroup owns a tile of kTileRows rows by kTileTokens tokens;
// step by step it brings kDepth columns of weights and inputs into shared memory, then every invocation adds their
// product to its kThreadRows x kThreadTokens sums. Invocation (i, j) owns rows i, i + R, i + 2R, ... and tokens j,
// j + C, ... (R = kTileRows / kThreadRows, C likewise), so that neighbours read neighbouring shared words. The workgroup
// size must be R * C. Any subgroup size.
layout(constant_id = 2) const uint kTileRows = 64;
layout(constant_id = 3) const uint kTileTokens = 64;
layout(constant_id = 4) const uint kThreadRows = 8;
layout(constant_id = 5) const uint kThreadTokens = 4;
layout(constant_id = 6) const uint kDepth = 64;

const uint kRowThreads = kTileRows / kThreadRows;
const uint kTokenThreads = kTileTokens / kThreadTokens;

layout(set = 0, binding = 2) readonly restrict buffer Bias { float bias[]; };
layout(set = 0, binding = 3) writeonly restrict buffer Output { float y[]; };

float sum[kThreadRows * kThreadTokens];

/// Where the workgroup's tile begins, and which of its rows and tokens are the invocation's.
struct Tile {
    uint firstRow, firstToken, threadRow, threadToken;
};

Tile ownTile() {
    const uint rowTiles = (rowEnd - rowBegin + kTileRows - 1u) / kTileRows;
    [[unroll]] for (uint i = 0; i < kThreadRows * kThreadTokens; ++i) sum[i] = 0.0;
    return Tile(rowBegin + (groupIndex() % rowTiles) * kTileRows, (groupIndex() / rowTiles) * kTileTokens,
                gl_LocalInvocationID.x % kRowThreads, gl_LocalInvocationID.x / kRowThreads);
}

void writeTile(Tile tile) {
    [[unroll]] for (uint r = 0; r < kThreadRows; ++r) {
        const uint local = tile.firstRow + tile.threadRow + r * kRowThreads;
        const float add = hasBias != 0u && local < rowEnd ? bias[outputRow + local] : 0.0;
        [[unroll]] for (uint t = 0; t < kThreadTokens; ++t) {
            const uint token = tile.firstToken + tile.threadToken + t * kTokenThreads;
            if (local >= rowEnd || token >= tokens) continue;
            y[token * outputStride + outputRow + local] = sum[r * kThreadTokens + t] + add;
        }
    }
}
