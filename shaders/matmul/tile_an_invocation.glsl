// SPDX-License-Identifier: GPL-3.0-or-later
// Y = W X + b for many tokens without shared memory or barriers: each invocation keeps a tile of kRows x kTokens sums in
// registers and decodes its weights itself. For devices that emulate a workgroup on a processor, where loads cost most
// and barriers are expensive.
void main() {
    const uint rowTiles = (rowEnd - rowBegin + kRows - 1u) / kRows;
    const uint index = globalIndex();
    const uint firstRow = rowBegin + (index % rowTiles) * kRows, firstToken = (index / rowTiles) * kTokens;
    if (firstToken >= tokens) return;
    clearSums();
    const uint units = (cols + UNIT - 1u) / UNIT;
    for (uint unit = 0; unit < units; ++unit) addUnit(firstRow, firstToken, unit);

    [[unroll]] for (uint r = 0; r < kRows; ++r) {
        const uint row = outputRow + firstRow + r;
        if (firstRow + r >= rowEnd) continue;
        const float add = hasBias != 0u ? bias[row] : 0.0;
        [[unroll]] for (uint t = 0; t < kTokens; ++t) {
            const uint token = firstToken + t;
            if (token < tokens) y[token * outputStride + row] = sums[r * kTokens + t] + add;
        }
    }
}
