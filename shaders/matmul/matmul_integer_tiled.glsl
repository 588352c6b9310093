// SPDX-License-Identifier: GPL-3.0-or-later
// matmul_tiled.glsl with weights and inputs as bytes: the same tiles, a shared word for four columns, and beside them
// scale and minimum of the weights, scale and scaled sum of the inputs, of every 16 columns.
#include "include/quantized_input.glsl"

layout(constant_id = 2) const uint kTileRows = 64;
layout(constant_id = 3) const uint kTileTokens = 64;
layout(constant_id = 4) const uint kThreadRows = 8;
layout(constant_id = 5) const uint kThreadTokens = 4;
layout(constant_id = 6) const uint kDepth = 64;

layout(set = 0, binding = 2) readonly restrict buffer Bias { float bias[]; };
layout(set = 0, binding = 3) writeonly restrict buffer Output { float y[]; };

// One word of padding a row spreads the columns of a tile over the banks.
shared uint tileWeights[kDepth / 4 * (kTileRows + 1)];
shared uint tileInput[kDepth / 4 * (kTileTokens + 1)];
shared vec2 weightFactors[kDepth / UNIT * (kTileRows + 1)];
shared vec2 inputFactors[kDepth / UNIT * (kTileTokens + 1)];

float sum[kThreadRows * kThreadTokens];

void loadWeights(uint firstRow, uint firstUnit) {
    const uint unitsPerStep = kDepth / UNIT;
    for (uint i = gl_LocalInvocationID.x; i < kTileRows * unitsPerStep; i += gl_WorkGroupSize.x) {
        const uint row = i / unitsPerStep, part = i % unitsPerStep, unit = firstUnit + part;
        Codes w = Codes(uvec4(0u), 0.0, 0.0);
        if (unit * UNIT < cols) decodeCodes(min(firstRow + row, rowEnd - 1u) * rowBytes, unit, w);
        [[unroll]] for (uint k = 0; k < 4; ++k) tileWeights[(part * 4u + k) * (kTileRows + 1u) + row] = w.bytes[k];
        weightFactors[part * (kTileRows + 1u) + row] = vec2(w.scale, w.minimum);
    }
}

void loadInput(uint firstToken, uint firstUnit) {
    const uint unitsPerStep = kDepth / UNIT;
    for (uint i = gl_LocalInvocationID.x; i < kTileTokens * unitsPerStep; i += gl_WorkGroupSize.x) {
        const uint token = i / unitsPerStep, part = i % unitsPerStep, unit = firstUnit + part;
        uvec4 codes = uvec4(0u);
        vec2 factors = vec2(0.0);
        if (unit * UNIT < cols && firstToken + token < tokens) {
            codes = codesOfInput(firstToken + token, unit);
            factors = factorsOfInput(firstToken + token, unit);
        }
        [[unroll]] for (uint k = 0; k < 4; ++k) tileInput[(part * 4u + k) * (kTileTokens + 1u) + token] = codes[k];
        inputFactors[part * (kTileTokens + 1u) + token] = factors;
    }
}

/// The products of 16 columns of the tile.
void addUnit(uint part, uint threadRow, uint threadToken) {
    const uint rowThreads = kTileRows / kThreadRows, tokenThreads = kTileTokens / kThreadTokens;
    int products[kThreadRows * kThreadTokens];
    [[unroll]] for (uint i = 0; i < kThreadRows * kThreadTokens; ++i) products[i] = 0;
    for (uint k = part * 4u; k < part * 4u + 4u; ++k) {
        uint w[kThreadRows];
        [[unroll]] for (uint r = 0; r < kThreadRows; ++r) {
            w[r] = tileWeights[k * (kTileRows + 1u) + threadRow + r * rowThreads];
        }
        [[unroll]] for (uint t = 0; t < kThreadTokens; ++t) {
            const uint codes = tileInput[k * (kTileTokens + 1u) + threadToken + t * tokenThreads];
            [[unroll]] for (uint r = 0; r < kThreadRows; ++r) products[r * kThreadTokens + t] += dotBytes(w[r], codes);
        }
    }
    [[unroll]] for (uint t = 0; t < kThreadTokens; ++t) {
        const vec2 input_ = inputFactors[part * (kTileTokens + 1u) + threadToken + t * tokenThreads];
        [[unroll]] for (uint r = 0; r < kThreadRows; ++r) {
            const vec2 weight = weightFactors[part * (kTileRows + 1u) + threadRow + r * rowThreads];
            const uint i = r * kThreadTokens + t;
            sum[i] += float(products[i]) * (weight.x * input_.x);
            if (kHasMinimum) sum[i] -= weight.y * input_.y;
        }
    }
}

void main() {
    const uint rowThreads = kTileRows / kThreadRows, tokenThreads = kTileTokens / kThreadTokens;
    const uint rowTiles = (rowEnd - rowBegin + kTileRows - 1u) / kTileRows;
    const uint firstRow = rowBegin + (groupIndex() % rowTiles) * kTileRows;
    const uint firstToken = (groupIndex() / rowTiles) * kTileTokens;
    if (firstToken >= tokens) return;  // the same for the whole workgroup
    const uint threadRow = gl_LocalInvocationID.x % rowThreads, threadToken = gl_LocalInvocationID.x / rowThreads;

    [[unroll]] for (uint i = 0; i < kThreadRows * kThreadTokens; ++i) sum[i] = 0.0;
    for (uint column = 0; column < cols; column += kDepth) {
        loadWeights(firstRow, column / UNIT);
        loadInput(firstToken, column / UNIT);
        barrier();
        for (uint part = 0; part < kDepth / UNIT; ++part) addUnit(part, threadRow, threadToken);
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
