// SPDX-License-Identifier: GPL-3.0-or-later
// y += M t with M an F16 factor of a low-rank correction, either way round, and t the rank values of each token. An
// invocation takes one row of M and four tokens. The rank is small: t stays in the caches.
layout(push_constant) uniform Parameters {
    uint rows;
    uint rank;
    uint rowStep;   // elements of M from row to row
    uint rankStep;  // and along the rank
    uint tokens;
    uint inputStride;
    uint outputStride;
};

layout(set = 0, binding = 0) readonly restrict buffer Factor { uint words[]; };
layout(set = 0, binding = 1) readonly restrict buffer Input { float x[]; };
layout(set = 0, binding = 2) restrict buffer Output { float y[]; };

float factor(uint index) { return unpackHalf2x16(words[index >> 1] >> ((index & 1u) << 4)).x; }

void main() {
    const uint quads = (tokens + 3u) / 4u, total = rows * quads;
    for (uint i = globalIndex(); i < total; i += globalCount()) {
        const uint row = i % rows, first = (i / rows) * 4u;
        vec4 sum = vec4(0.0);
        for (uint k = 0; k < rank; ++k) {
            const float value = factor(row * rowStep + k * rankStep);
            [[unroll]] for (uint t = 0; t < 4; ++t)
                sum[t] += value * x[min(first + t, tokens - 1u) * inputStride + k];
        }
        [[unroll]] for (uint t = 0; t < 4; ++t) {
            if (first + t < tokens) y[(first + t) * outputStride + row] += sum[t];
        }
    }
}
