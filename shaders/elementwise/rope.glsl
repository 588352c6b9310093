// SPDX-License-Identifier: GPL-3.0-or-later
// Rotary position embedding. cos and sin come from a table made on the host in binary64 (rotaryDim / 2 pairs a
// position): the precision of the device's own functions at large angles is not specified. Dimensions past rotaryDim
// pass through.
layout(constant_id = 2) const bool kInterleaved = false;  ///< pairs (2j, 2j + 1) instead of (j, j + rotaryDim / 2)

layout(push_constant) uniform Parameters {
    uint tokens;
    uint heads;
    uint headDim;
    uint rotaryDim;
    uint inputStride;
    uint outputStride;
    uint firstPosition;
};

layout(set = 0, binding = 0) readonly buffer Input { float x[]; };
layout(set = 0, binding = 1) readonly restrict buffer Table { vec2 cosineSine[]; };
layout(set = 0, binding = 2) writeonly buffer Output { float y[]; };

void main() {
    const uint pairs = rotaryDim / 2u, items = pairs + headDim - rotaryDim, total = tokens * heads * items;
    for (uint i = globalIndex(); i < total; i += globalCount()) {
        const uint item = i % items, head = (i / items) % heads, token = i / (items * heads);
        const uint source = token * inputStride + head * headDim, target = token * outputStride + head * headDim;
        if (item >= pairs) {
            const uint dimension = rotaryDim + item - pairs;
            y[target + dimension] = x[source + dimension];
            continue;
        }
        const uint a = kInterleaved ? 2u * item : item, b = kInterleaved ? a + 1u : item + pairs;
        const vec2 angle = cosineSine[(firstPosition + token) * pairs + item];
        const float first = x[source + a], second = x[source + b];
        y[target + a] = first * angle.x - second * angle.y;
        y[target + b] = second * angle.x + first * angle.y;
    }
}
