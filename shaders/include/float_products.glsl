// SPDX-License-Identifier: GPL-3.0-or-later
// Products with inputs as they are, bound at 1.
#include "include/unit.glsl"
#include "include/unit_sums.glsl"

layout(set = 0, binding = 1) readonly restrict buffer Input { vec4 x[]; };

/// Adds the products of 16 columns; each unit of the inputs is read once for all rows.
void addUnit(uint firstRow, uint firstToken, uint unit) {
    vec4 w[kRows][4];
    [[unroll]] for (uint r = 0; r < kRows; ++r) decodeUnitOfRow(min(firstRow + r, rowEnd - 1u), unit, w[r]);
    [[unroll]] for (uint t = 0; t < kTokens; ++t) {
        const uint base = (min(firstToken + t, tokens - 1u) * inputStride >> 2) + unit * 4u;
        [[unroll]] for (uint i = 0; i < 4; ++i) {
            const vec4 part = x[base + i];
            [[unroll]] for (uint r = 0; r < kRows; ++r) sums[r * kTokens + t] += dot(w[r][i], part);
        }
    }
}
