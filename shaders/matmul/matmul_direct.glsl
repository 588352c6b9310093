// SPDX-License-Identifier: GPL-3.0-or-later
// Y = W X + b for many tokens without shared memory or barriers: each invocation keeps a tile of kTileRows x
// kTileTokens sums in registers and decodes its weights itself. For devices that emulate a workgroup on a processor,
// where loads cost most and barriers are expensive.
#include "include/unit.glsl"

layout(constant_id = 2) const uint kTileRows = 8;
layout(constant_id = 3) const uint kTileTokens = 8;

layout(set = 0, binding = 1) readonly restrict buffer Input { vec4 x[]; };
layout(set = 0, binding = 2) readonly restrict buffer Bias { float bias[]; };
layout(set = 0, binding = 3) writeonly restrict buffer Output { float y[]; };

float accumulator[kTileRows * kTileTokens];

void addUnit(uint firstRow, uint firstToken, uint unit) {
    vec4 w[kTileRows][4];
    [[unroll]] for (uint r = 0; r < kTileRows; ++r) decodeUnitOfRow(min(firstRow + r, rowEnd - 1u), unit, w[r]);
    [[unroll]] for (uint t = 0; t < kTileTokens; ++t) {
        const uint base = (min(firstToken + t, tokens - 1u) * inputStride >> 2) + unit * 4u;
        [[unroll]] for (uint i = 0; i < 4; ++i) {
            const vec4 part = x[base + i];
            [[unroll]] for (uint r = 0; r < kTileRows; ++r) accumulator[r * kTileTokens + t] += dot(w[r][i], part);
        }
    }
}

void main() {
    const uint rowTiles = (rowEnd - rowBegin + kTileRows - 1u) / kTileRows;
    const uint index = globalIndex();
    const uint firstRow = rowBegin + (index % rowTiles) * kTileRows, firstToken = (index / rowTiles) * kTileTokens;
    if (firstToken >= tokens) return;
    [[unroll]] for (uint i = 0; i < kTileRows * kTileTokens; ++i) accumulator[i] = 0.0;

    const uint units = (cols + UNIT - 1u) / UNIT;
    for (uint unit = 0; unit < units; ++unit) addUnit(firstRow, firstToken, unit);

    [[unroll]] for (uint r = 0; r < kTileRows; ++r) {
        const uint row = outputRow + firstRow + r;
        if (firstRow + r >= rowEnd) continue;
        const float add = hasBias != 0u ? bias[row] : 0.0;
        [[unroll]] for (uint t = 0; t < kTileTokens; ++t) {
            const uint token = firstToken + t;
            if (token < tokens) y[token * outputStride + row] = accumulator[r * kTileTokens + t] + add;
        }
    }
}
