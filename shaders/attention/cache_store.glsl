// SPDX-License-Identifier: GPL-3.0-or-later
// Appends keys or values to the cache. A head takes headQuads quads there; what pads its last quad is zero.
layout(push_constant) uniform Parameters {
    uint tokens;
    uint heads;
    uint headDim;
    uint headQuads;
    uint inputStride;
    uint firstPosition;
};

layout(set = 0, binding = 0) readonly restrict buffer Input { float x[]; };
layout(set = 0, binding = 1) writeonly restrict buffer Cache { CACHE_QUAD cache[]; };

void main() {
    const uint perToken = heads * headQuads, total = tokens * perToken;
    for (uint i = globalIndex(); i < total; i += globalCount()) {
        const uint token = i / perToken, head = (i % perToken) / headQuads, first = (i % headQuads) * 4u;
        vec4 value = vec4(0.0);
        [[unroll]] for (uint k = 0; k < 4; ++k) {
            if (first + k < headDim) value[k] = x[token * inputStride + head * headDim + first + k];
        }
        cache[firstPosition * perToken + i] = cacheEncode(value);
    }
}
