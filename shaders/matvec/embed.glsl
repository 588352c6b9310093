// SPDX-License-Identifier: GPL-3.0-or-later
// Rows of a packed matrix, decoded: the token embedding, and learned positions added to the input. Only the rows
// [outputRow + rowBegin, outputRow + rowEnd) are bound; tokens whose row lies elsewhere are left to another dispatch.
// One invocation a unit of 16 elements.
layout(constant_id = 2) const bool kAddPosition = false;

layout(set = 0, binding = 1) readonly buffer Ids { uint ids[]; };
layout(set = 0, binding = 2) readonly buffer Input { float x[]; };
layout(set = 0, binding = 3) writeonly buffer Output { float y[]; };

void main() {
    const uint units = (cols + UNIT - 1u) / UNIT, total = units * tokens;
    for (uint i = globalIndex(); i < total; i += globalCount()) {
        const uint token = i / units, unit = i % units;
        const uint row = kAddPosition ? firstPosition + token : ids[token];
        if (row < outputRow + rowBegin || row >= outputRow + rowEnd) continue;
        vec4 w[4];
        decodeUnit((row - outputRow) * rowBytes, unit, w);
        [[unroll]] for (uint k = 0; k < 16; ++k) {
            const uint column = unit * UNIT + k;
            if (column >= cols) continue;
            const float add = kAddPosition ? x[token * inputStride + column] : 0.0;
            y[token * outputStride + column] = w[k >> 2][k & 3u] + add;
        }
    }
}
