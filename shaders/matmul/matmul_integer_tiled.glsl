// SPDX-License-Identifier: GPL-3.0-or-later
// A matrix times many tokens, weights and inputs as bytes: a shared word for four columns, and beside them scale and
// minimum of the weights, scale and scaled sum of the inputs, of every 16 columns.
#include "include/quantized_input.glsl"
#include "matmul/shared_tile.glsl"

// One word of padding a row spreads the columns of a tile over the banks.
shared uint tileWeights[kDepth / 4 * (kTileRows + 1)];
shared uint tileInput[kDepth / 4 * (kTileTokens + 1)];
shared vec2 weightFactors[kDepth / UNIT * (kTileRows + 1)];
shared vec2 inputFactors[kDepth / UNIT * (kTileTokens + 1)];

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
void addUnit(uint part, Tile tile) {
    int products[kThreadRows * kThreadTokens];
    [[unroll]] for (uint i = 0; i < kThreadRows * kThreadTokens; ++i) products[i] = 0;
    for (uint k = part * 4u; k < part * 4u + 4u; ++k) {
        uint w[kThreadRows];
        [[unroll]] for (uint r = 0; r < kThreadRows; ++r) {
            w[r] = tileWeights[k * (kTileRows + 1u) + tile.threadRow + r * kRowThreads];
        }
        [[unroll]] for (uint t = 0; t < kThreadTokens; ++t) {
            const uint codes = tileInput[k * (kTileTokens + 1u) + tile.threadToken + t * kTokenThreads];
            [[unroll]] for (uint r = 0; r < kThreadRows; ++r) products[r * kThreadTokens + t] += dotBytes(w[r], codes);
        }
    }
    [[unroll]] for (uint t = 0; t < kThreadTokens; ++t) {
        const vec2 input_ = inputFactors[part * (kTileTokens + 1u) + tile.threadToken + t * kTokenThreads];
        [[unroll]] for (uint r = 0; r < kThreadRows; ++r) {
            const vec2 weight = weightFactors[part * (kTileRows + 1u) + tile.threadRow + r * kRowThreads];
            const uint i = r * kThreadTokens + t;
            sum[i] += float(products[i]) * (weight.x * input_.x);
            if (kHasMinimum) sum[i] -= weight.y * input_.y;
        }
    }
}

void main() {
    const Tile tile = ownTile();
    if (tile.firstToken >= tokens) return;  // the same for the whole workgroup
    for (uint column = 0; column < cols; column += kDepth) {
        loadWeights(tile.firstRow, column / UNIT);
        loadInput(tile.firstToken, column / UNIT);
        barrier();
        for (uint part = 0; part < kDepth / UNIT; ++part) addUnit(part, tile);
        barrier();
    }
    writeTile(tile);
}
