// SPDX-License-Identifier: GPL-3.0-or-later
// y += S x for the outliers S of a matrix, compressed by rows (core/quant/corrections/correction.h says how); or, for
// tables, y += the outliers of the row of each token. An invocation takes one row and four tokens, or one token of a
// table.
layout(constant_id = 2) const bool kLookup = false;
layout(constant_id = 3) const bool kWide = false;

layout(push_constant) uniform Parameters {
    uint rows;
    uint tokens;
    uint inputStride;
    uint outputStride;
};

layout(set = 0, binding = 0) readonly restrict buffer Outliers { uint words[]; };
layout(set = 0, binding = 1) readonly restrict buffer Input { uint inputs[]; };  // floats, or ids of rows
layout(set = 0, binding = 2) restrict buffer Output { float y[]; };

uint columnOf(uint entry) { return kWide ? words[rows + 1u + 2u * entry] : words[rows + 1u + entry] & 0xFFFFu; }

float valueOf(uint entry) {
    const uint bits = kWide ? words[rows + 2u + 2u * entry] : words[rows + 1u + entry] >> 16;
    return unpackHalf2x16(bits).x;
}

void addRows() {
    const uint quads = (tokens + 3u) / 4u, total = rows * quads;
    for (uint i = globalIndex(); i < total; i += globalCount()) {
        const uint row = i % rows, first = (i / rows) * 4u;
        vec4 sum = vec4(0.0);
        for (uint entry = words[row]; entry < words[row + 1u]; ++entry) {
            const uint column = columnOf(entry);
            const float value = valueOf(entry);
            [[unroll]] for (uint t = 0; t < 4; ++t) {
                const uint token = min(first + t, tokens - 1u);
                sum[t] += value * uintBitsToFloat(inputs[token * inputStride + column]);
            }
        }
        [[unroll]] for (uint t = 0; t < 4; ++t) {
            if (first + t < tokens) y[(first + t) * outputStride + row] += sum[t];
        }
    }
}

void addLookedUp() {
    for (uint token = globalIndex(); token < tokens; token += globalCount()) {
        const uint row = inputs[token];
        for (uint entry = words[row]; entry < words[row + 1u]; ++entry)
            y[token * outputStride + columnOf(entry)] += valueOf(entry);
    }
}

void main() {
    if (kLookup) {
        addLookedUp();
    } else {
        addRows();
    }
}
