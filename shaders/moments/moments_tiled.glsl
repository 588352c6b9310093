// SPDX-License-Identifier: GPL-3.0-or-later
// H += X^T X through shared memory: a workgroup owns a tile of H; step by step it copies kDepth rows of the tile's two
// ranges of channels, then every invocation adds their products to its 8 x 4 sums. Invocation (i, j) owns rows i, i + 8,
// ... and the quad j of columns, so that neighbours read neighbouring shared words. The workgroup size must be 128.
#include "include/moments.glsl"

layout(constant_id = 2) const uint kDepth = 32;

const uint kThreadRows = 8;
const uint kRowThreads = kTile / kThreadRows;

shared vec4 tileRows[kDepth * kTileQuads];
shared vec4 tileColumns[kDepth * kTileQuads];

void load(uvec2 place, uint firstToken) {
    for (uint i = gl_LocalInvocationID.x; i < kDepth * kTileQuads; i += gl_WorkGroupSize.x) {
        const uint token = firstToken + i / kTileQuads, quad = i % kTileQuads;
        const bool isThere = token < tokens;
        tileRows[i] = isThere ? x[token * rowQuads + place.x * kTileQuads + quad] : vec4(0.0);
        tileColumns[i] = isThere ? x[token * rowQuads + place.y * kTileQuads + quad] : vec4(0.0);
    }
}

void main() {
    const uint tile = groupIndex();
    if (tile >= tiles) return;  // the same for the whole workgroup
    const uvec2 place = placeOfTile(firstTile + tile);
    const uint threadRow = gl_LocalInvocationID.x % kRowThreads, threadQuad = gl_LocalInvocationID.x / kRowThreads;

    vec4 sum[kThreadRows];
    [[unroll]] for (uint r = 0; r < kThreadRows; ++r) sum[r] = vec4(0.0);
    for (uint token = 0; token < tokens; token += kDepth) {
        load(place, token);
        barrier();
        for (uint k = 0; k < kDepth; ++k) {
            const vec4 columns = tileColumns[k * kTileQuads + threadQuad];
            [[unroll]] for (uint r = 0; r < kThreadRows; ++r) {
                const uint row = threadRow + r * kRowThreads;
                sum[r] += tileRows[k * kTileQuads + row / 4u][row % 4u] * columns;
            }
        }
        barrier();
    }
    [[unroll]] for (uint r = 0; r < kThreadRows; ++r) addQuad(tile, threadRow + r * kRowThreads, threadQuad, sum[r]);
}
