// SPDX-License-Identifier: GPL-3.0-or-later
// Products of weights and inputs as bytes: those of 16 columns are summed up exactly and scaled once.
#include "include/quantized_input.glsl"
#include "include/unit_sums.glsl"

/// Adds the products of 16 columns; each unit of the inputs is read once for all rows.
void addUnit(uint firstRow, uint firstToken, uint unit) {
    Codes w[kRows];
    [[unroll]] for (uint r = 0; r < kRows; ++r) decodeCodes(min(firstRow + r, rowEnd - 1u) * rowBytes, unit, w[r]);
    [[unroll]] for (uint t = 0; t < kTokens; ++t) {
        const uint token = min(firstToken + t, tokens - 1u);
        const uvec4 part = codesOfInput(token, unit);
        const vec2 factors = factorsOfInput(token, unit);
        [[unroll]] for (uint r = 0; r < kRows; ++r) {
            float sum = float(dotBytes(w[r].bytes, part)) * (w[r].scale * factors.x);
            if (kHasMinimum) sum -= w[r].minimum * factors.y;
            sums[r * kTokens + t] += sum;
        }
    }
}
