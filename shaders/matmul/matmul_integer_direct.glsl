// SPDX-License-Identifier: GPL-3.0-or-later
// matmul_direct.glsl with weights and inputs as bytes.
#include "include/quantized_input.glsl"

layout(constant_id = 2) const uint kTileRows = 8;
layout(constant_id = 3) const uint kTileTokens = 8;

layout(set = 0, binding = 2) readonly restrict buffer Bias { float bias[]; };
layout(set = 0, binding = 3) writeonly restrict buffer Output { float y[]; };

float accumulator[kTileRows * kTileTokens];

void addUnit(uint firstRow, uint firstToken, uint unit) {
    Codes w[kTileRows];
    [[unroll]] for (uint r = 0; r < kTileRows; ++r) decodeCodes(min(firstRow + r, rowEnd - 1u) * rowBytes, unit, w[r]);
    [[unroll]] for (uint t = 0; t < kTileTokens; ++t) {
        const uint token = min(firstToken + t, tokens - 1u);
        const uvec4 part = codesOfInput(token, unit);
        const vec2 factors = factorsOfInput(token, unit);
        [[unroll]] for (uint r = 0; r < kTileRows; ++r) {
            float sum = float(dotBytes(w[r].bytes, part)) * (w[r].scale * factors.x);
            if (kHasMinimum) sum -= w[r].minimum * factors.y;
            accumulator[r * kTileTokens + t] += sum;
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
