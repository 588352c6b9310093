// SPDX-License-Identifier: GPL-3.0-or-later
// H += X^T X without shared memory or barriers, for devices that emulate a workgroup on a processor, where a load costs
// as much as many products. A workgroup is one subgroup and owns a part of a tile of H: its invocations load the part's
// row channels between them and pass them round, each has columns of its own, and sums meet several tokens at a time.
#include "include/moments.glsl"

layout(constant_id = 2) const uint kPartRowQuads = 1;     ///< quads of rows that an invocation loads
layout(constant_id = 3) const uint kPartColumnQuads = 2;  ///< quads of columns that it owns

const uint kTogether = 2;  ///< tokens
const uint kPartRows = 4u * gl_WorkGroupSize.x * kPartRowQuads;

vec4 sum[kPartRows * kPartColumnQuads];

void addTokens(uint firstToken, uint rowBegin, uint columnBegin) {
    vec4 columns[kTogether * kPartColumnQuads];
    [[unroll]] for (uint t = 0; t < kTogether; ++t) {
        [[unroll]] for (uint q = 0; q < kPartColumnQuads; ++q) {
            columns[t * kPartColumnQuads + q] =
                x[(firstToken + t) * rowQuads + columnBegin + q * gl_WorkGroupSize.x + gl_LocalInvocationID.x];
        }
    }
    [[unroll]] for (uint p = 0; p < kPartRowQuads; ++p) {
        vec4 own[kTogether];
        [[unroll]] for (uint t = 0; t < kTogether; ++t) {
            own[t] = x[(firstToken + t) * rowQuads + rowBegin + p * gl_WorkGroupSize.x + gl_LocalInvocationID.x];
        }
        [[unroll]] for (uint lane = 0; lane < gl_WorkGroupSize.x; ++lane) {
            vec4 row[kTogether];
            [[unroll]] for (uint t = 0; t < kTogether; ++t) row[t] = subgroupShuffle(own[t], lane);
            [[unroll]] for (uint c = 0; c < 4; ++c) {
                const uint first = ((p * gl_WorkGroupSize.x + lane) * 4u + c) * kPartColumnQuads;
                [[unroll]] for (uint q = 0; q < kPartColumnQuads; ++q) {
                    vec4 value = sum[first + q];
                    [[unroll]] for (uint t = 0; t < kTogether; ++t)
                        value = fma(vec4(row[t][c]), columns[t * kPartColumnQuads + q], value);
                    sum[first + q] = value;
                }
            }
        }
    }
}

void main() {
    const uint rowParts = kTile / kPartRows, columnParts = kTileQuads / (gl_WorkGroupSize.x * kPartColumnQuads);
    const uint tile = groupIndex() / (rowParts * columnParts), part = groupIndex() % (rowParts * columnParts);
    if (tile >= tiles) return;
    const uvec2 place = placeOfTile(firstTile + tile);
    const uint firstRow = part / columnParts * kPartRows;
    const uint firstColumn = part % columnParts * gl_WorkGroupSize.x * kPartColumnQuads;

    [[unroll]] for (uint i = 0; i < kPartRows * kPartColumnQuads; ++i) sum[i] = vec4(0.0);
    const uint rowBegin = place.x * kTileQuads + firstRow / 4u, columnBegin = place.y * kTileQuads + firstColumn;
    for (uint token = 0; token < tokens; token += kTogether) addTokens(token, rowBegin, columnBegin);

    [[unroll]] for (uint r = 0; r < kPartRows; ++r) {
        [[unroll]] for (uint q = 0; q < kPartColumnQuads; ++q) {
            addQuad(tile, firstRow + r, firstColumn + q * gl_WorkGroupSize.x + gl_LocalInvocationID.x,
                    sum[r * kPartColumnQuads + q]);
        }
    }
}
