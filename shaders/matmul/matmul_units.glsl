// SPDX-License-Identifier: GPL-3.0-or-later
// Y = W X + b for many tokens on the device's matrix units (cooperative matrices). A workgroup owns a tile of kTileRows
// rows by kTileTokens tokens, its kRowParts * kTokenParts subgroups own equal parts of it. Step by step it decodes
// kDepth columns of its weights into shared memory as binary16, copies the same columns of X, which
// elementwise/halve_rows.glsl has made binary16, beside them, and multiplies matrices of kUnitTokens x kUnitDepth by
// kUnitDepth x kUnitRows values; sums are binary32. Weights beyond the range of binary16 become its largest values. The
// workgroup must be whole subgroups.
#include "include/matrix_units.glsl"
#include "include/unit.glsl"

layout(constant_id = 2) const uint kTileRows = 64;
layout(constant_id = 3) const uint kTileTokens = 64;
layout(constant_id = 4) const uint kRowParts = 2;
layout(constant_id = 5) const uint kTokenParts = 2;
layout(constant_id = 6) const uint kDepth = 32;

layout(set = 0, binding = 1) readonly buffer Input { uvec4 x[]; };
layout(set = 0, binding = 1) readonly buffer InputScales { float scales[]; };
layout(set = 0, binding = 2) readonly restrict buffer Bias { float bias[]; };
layout(set = 0, binding = 3) writeonly restrict buffer Output { float y[]; };

const uint kQuads = kDepth / 8;  // eight values each; one more a row spreads the rows over the banks
const uint kRowQuads = kQuads + 1;
const uint kPartTokens = kTileTokens / kTokenParts / kUnitTokens, kPartRows = kTileRows / kRowParts / kUnitRows;
const uint kUnitValues = kUnitTokens * kUnitRows;
const float kLargestHalf = 65504.0;

shared uvec4 tileWeights[kTileRows * kRowQuads];
shared uvec4 tileInput[kTileTokens * kRowQuads];
shared float tileSums[kRowParts * kTokenParts * kUnitValues];

Sums sums[kPartTokens * kPartRows];

uint halves(vec2 values) { return packHalf2x16(clamp(values, -kLargestHalf, kLargestHalf)); }

void loadWeights(uint firstRow, uint firstUnit) {
    const uint unitsPerStep = kDepth / UNIT;
    for (uint i = gl_LocalInvocationID.x; i < kTileRows * unitsPerStep; i += gl_WorkGroupSize.x) {
        const uint row = i / unitsPerStep, part = i % unitsPerStep, unit = firstUnit + part;
        vec4 w[4] = vec4[4](vec4(0.0), vec4(0.0), vec4(0.0), vec4(0.0));
        if (unit * UNIT < cols) decodeUnitOfRow(min(firstRow + row, rowEnd - 1u), unit, w);
        const uint at = row * kRowQuads + part * 2u;
        tileWeights[at] = uvec4(halves(w[0].xy), halves(w[0].zw), halves(w[1].xy), halves(w[1].zw));
        tileWeights[at + 1u] = uvec4(halves(w[2].xy), halves(w[2].zw), halves(w[3].xy), halves(w[3].zw));
    }
}

void loadInput(uint firstToken, uint firstColumn) {
    for (uint i = gl_LocalInvocationID.x; i < kTileTokens * kQuads; i += gl_WorkGroupSize.x) {
        const uint token = i / kQuads, quad = i % kQuads, column = firstColumn + quad * 8u;
        uvec4 part = uvec4(0u);
        if (column < cols && firstToken + token < tokens)
            part = x[((firstToken + token) * inputStride >> 2) + (column >> 3)];
        tileInput[token * kRowQuads + quad] = part;
    }
}

/// `sums` += the product of the subgroup's parts of the tile.
void addStep(uint rowPart, uint tokenPart) {
    for (uint depth = 0; depth < kDepth; depth += kUnitDepth) {
        Inputs inputs[kPartTokens];
        [[unroll]] for (uint t = 0; t < kPartTokens; ++t) {
            const uint token = (tokenPart * kPartTokens + t) * kUnitTokens;
            coopMatLoadNV(inputs[t], tileInput, token * kRowQuads + depth / 8u, kRowQuads, false);
        }
        [[unroll]] for (uint r = 0; r < kPartRows; ++r) {
            WeightColumns weights_;
            const uint row = (rowPart * kPartRows + r) * kUnitRows;
            coopMatLoadNV(weights_, tileWeights, row * kRowQuads + depth / 8u, kRowQuads, true);
            [[unroll]] for (uint t = 0; t < kPartTokens; ++t)
                sums[t * kPartRows + r] = coopMatMulAddNV(inputs[t], weights_, sums[t * kPartRows + r]);
        }
    }
}

/// Scales and writes one matrix of sums, which lies in shared memory.
void writeSums(uint subgroup, uint firstRow, uint firstToken) {
    for (uint i = gl_SubgroupInvocationID; i < kUnitValues; i += gl_SubgroupSize) {
        const uint token = firstToken + i / kUnitRows, local = firstRow + i % kUnitRows;
        if (local >= rowEnd || token >= tokens) continue;
        const float scale = scales[token * inputStride + ((cols + 7u) >> 3) * 4u];
        const float add = hasBias != 0u ? bias[outputRow + local] : 0.0;
        y[token * outputStride + outputRow + local] = tileSums[subgroup * kUnitValues + i] * scale + add;
    }
}

void main() {
    const uint rowTiles = (rowEnd - rowBegin + kTileRows - 1u) / kTileRows;
    const uint firstRow = rowBegin + (groupIndex() % rowTiles) * kTileRows;
    const uint firstToken = (groupIndex() / rowTiles) * kTileTokens;
    if (firstToken >= tokens) return;  // the same for the whole workgroup
    const uint rowPart = gl_SubgroupID % kRowParts, tokenPart = gl_SubgroupID / kRowParts;

    [[unroll]] for (uint i = 0; i < kPartTokens * kPartRows; ++i) sums[i] = Sums(0.0);
    for (uint column = 0; column < cols; column += kDepth) {
        loadWeights(firstRow, column / UNIT);
        loadInput(firstToken, column);
        barrier();
        addStep(rowPart, tokenPart);
        barrier();
    }

    [[unroll]] for (uint t = 0; t < kPartTokens; ++t) {
        [[unroll]] for (uint r = 0; r < kPartRows; ++r) {
            coopMatStoreNV(sums[t * kPartRows + r], tileSums, gl_SubgroupID * kUnitValues, kUnitRows, false);
            barrier();
            writeSums(gl_SubgroupID, firstRow + (rowPart * kPartRows + r) * kUnitRows,
                      firstToken + (tokenPart * kPartTokens + t) * kUnitTokens);
            barrier();
        }
    }
}
