// SPDX-License-Identifier: GPL-3.0-or-later
// softmax(q k^T scale + mask) v in one pass over the cache with a running maximum and normalizer (Milakov and
// Gimelshein 2018, "Online normalizer calculation for softmax"). A workgroup serves one head and kQueries consecutive
// tokens; its subgroups take turns at blocks of as many keys as a subgroup has lanes. In the score phase a lane owns
// a key, in the value phase it owns quads of the head's dimensions. Subgroups meet once, at the end, and not at all
// where there is only one. Correct for any subgroup size: sizes are read at run time, arrays are cut for the smallest
// that the device has.
#include "include/cache_cells.glsl"

layout(constant_id = 1) const bool kSeveralSubgroups = true;
layout(constant_id = 2) const uint kQueries = 1;
layout(constant_id = 3) const uint kQuadsPerLane = 8;   ///< ceil(kHeadQuads / smallest subgroup)
layout(constant_id = 4) const uint kMaxSubgroups = 8;   ///< workgroup size / smallest subgroup
layout(constant_id = 5) const uint kHeadQuads = 32;     ///< ceil(headDim / 4)
layout(constant_id = 6) const bool kWholeQuads = true;  ///< headDim is a multiple of 4
layout(constant_id = 7) const uint kKeyCells = 0;       ///< include/cache_cells.glsl
layout(constant_id = 8) const uint kValueCells = 0;

layout(push_constant) uniform Parameters {
    uint tokens;
    uint heads;
    uint headsPerCache;  // query heads that share a key-value head
    uint cacheHeads;
    uint headDim;
    uint inputStride;
    uint outputStride;
    uint firstPosition;
    uint window;  // keys that a query sees, itself included; 0: all
    float scale;
};

layout(set = 0, binding = 0) readonly restrict buffer Query { vec4 query[]; };
// Three views of each half of the cache; constants say which one is read.
layout(set = 0, binding = 1) readonly buffer KeysF32 { vec4 keyQuads[]; };
layout(set = 0, binding = 1) readonly buffer KeysF16 { uvec2 keyHalves[]; };
layout(set = 0, binding = 1) readonly buffer KeysPacked { uint keyWords[]; };
layout(set = 0, binding = 2) readonly buffer ValuesF32 { vec4 valueQuads[]; };
layout(set = 0, binding = 2) readonly buffer ValuesF16 { uvec2 valueHalves[]; };
layout(set = 0, binding = 2) readonly buffer ValuesPacked { uint valueWords[]; };
layout(set = 0, binding = 3) writeonly restrict buffer Output { float y[]; };

/// Below every score; finite, because infinities need not survive in shader arithmetic.
const float kNothing = -3.0e38;

shared float sharedMaximum[kMaxSubgroups * kQueries];
shared float sharedNormalizer[kMaxSubgroups * kQueries];
shared vec4 sharedSum[kMaxSubgroups * kQueries * kHeadQuads];

float maximum[kQueries];
float normalizer[kQueries];
vec4 sum[kQueries * kQuadsPerLane];

CACHE_READER(readKey, kKeyCells, keyQuads, keyHalves, keyWords)
CACHE_READER(readValue, kValueCells, valueQuads, valueHalves, valueWords)

vec4 readQuery(uint token, uint head, uint quad) {
    const uint base = min(token, tokens - 1u) * inputStride + head * headDim + 4u * quad;
    if (kWholeQuads) return query[base >> 2];
    vec4 value = vec4(0.0);
    [[unroll]] for (uint k = 0; k < 4; ++k) {
        if (4u * quad + k < headDim) value[k] = query[(base + k) >> 2][(base + k) & 3u];
    }
    return value;
}

bool sees(uint position, uint key) { return key <= position && (window == 0u || position - key < window); }

/// Scores of this lane's key against all queries, folded into the running maximum; leaves the weights in `weight`.
void score(uint firstToken, uint head, uint key, uint lastKey, out float weight[kQueries]) {
    const uint position = min(key, lastKey), cacheHead = head / headsPerCache;
    [[unroll]] for (uint q = 0; q < kQueries; ++q) weight[q] = 0.0;
    for (uint quad = 0; quad < kHeadQuads; ++quad) {
        const vec4 k = readKey(position, cacheHead, quad);
        [[unroll]] for (uint q = 0; q < kQueries; ++q) weight[q] += dot(readQuery(firstToken + q, head, quad), k);
    }
    [[unroll]] for (uint q = 0; q < kQueries; ++q) {
        const bool visible = key <= lastKey && sees(firstPosition + firstToken + q, key);
        const float s = visible ? weight[q] * scale : kNothing;
        const float next = max(maximum[q], subgroupMax(s));
        // Nothing seen yet: there is nothing to shrink.
        const float shrink = maximum[q] == kNothing ? 0.0 : exp(maximum[q] - next);
        weight[q] = visible ? exp(s - next) : 0.0;
        normalizer[q] = normalizer[q] * shrink + subgroupAdd(weight[q]);
        maximum[q] = next;
        [[unroll]] for (uint i = 0; i < kQuadsPerLane; ++i) sum[q * kQuadsPerLane + i] *= shrink;
    }
}

void addValues(uint head, uint firstKey, uint keyCount, float weight[kQueries]) {
    for (uint j = 0; j < keyCount; ++j) {
        float shared_[kQueries];
        [[unroll]] for (uint q = 0; q < kQueries; ++q) shared_[q] = subgroupShuffle(weight[q], j);
        [[unroll]] for (uint i = 0; i < kQuadsPerLane; ++i) {
            const uint quad = gl_SubgroupInvocationID + i * gl_SubgroupSize;
            if (quad >= kHeadQuads) continue;
            const vec4 v = readValue(firstKey + j, head / headsPerCache, quad);
            [[unroll]] for (uint q = 0; q < kQueries; ++q) sum[q * kQuadsPerLane + i] += shared_[q] * v;
        }
    }
}

void writeQuad(uint token, uint head, uint quad, vec4 value) {
    if (token >= tokens) return;
    const uint base = token * outputStride + head * headDim + 4u * quad;
    [[unroll]] for (uint k = 0; k < 4; ++k) {
        if (kWholeQuads || 4u * quad + k < headDim) y[base + k] = value[k];
    }
}

/// Brings the subgroups' partial results to one scale and adds them.
void mergeAndWrite(uint firstToken, uint head) {
    [[unroll]] for (uint q = 0; q < kQueries; ++q) {
        const uint slot = gl_SubgroupID * kQueries + q;
        if (subgroupElect()) {
            sharedMaximum[slot] = maximum[q];
            sharedNormalizer[slot] = normalizer[q];
        }
        [[unroll]] for (uint i = 0; i < kQuadsPerLane; ++i) {
            const uint quad = gl_SubgroupInvocationID + i * gl_SubgroupSize;
            if (quad < kHeadQuads) sharedSum[slot * kHeadQuads + quad] = sum[q * kQuadsPerLane + i];
        }
    }
    barrier();
    for (uint i = gl_LocalInvocationID.x; i < kQueries * kHeadQuads; i += gl_WorkGroupSize.x) {
        const uint q = i / kHeadQuads, quad = i % kHeadQuads;
        float largest = kNothing, total = 0.0;
        vec4 value = vec4(0.0);
        for (uint s = 0; s < gl_NumSubgroups; ++s) largest = max(largest, sharedMaximum[s * kQueries + q]);
        for (uint s = 0; s < gl_NumSubgroups; ++s) {
            const uint slot = s * kQueries + q;
            const float share = sharedMaximum[slot] == kNothing ? 0.0 : exp(sharedMaximum[slot] - largest);
            total += sharedNormalizer[slot] * share;
            value += sharedSum[slot * kHeadQuads + quad] * share;
        }
        writeQuad(firstToken + q, head, quad, value / total);
    }
}

void main() {
    const uint tiles = (tokens + kQueries - 1u) / kQueries;
    const uint head = groupIndex() % heads, firstToken = (groupIndex() / heads) * kQueries;
    if (groupIndex() >= tiles * heads) return;  // the same for the whole workgroup
    [[unroll]] for (uint q = 0; q < kQueries; ++q) {
        maximum[q] = kNothing;
        normalizer[q] = 0.0;
        [[unroll]] for (uint i = 0; i < kQuadsPerLane; ++i) sum[q * kQuadsPerLane + i] = vec4(0.0);
    }

    const uint firstSeen = firstPosition + firstToken;  // position of the first query
    const uint lowest = window != 0u && firstSeen >= window ? firstSeen - window + 1u : 0u;
    const uint lastKey = firstPosition + min(firstToken + kQueries, tokens) - 1u;
    const uint turn = kSeveralSubgroups ? gl_SubgroupID : 0u, turns = kSeveralSubgroups ? gl_NumSubgroups : 1u;
    for (uint key = lowest + turn * gl_SubgroupSize; key <= lastKey; key += turns * gl_SubgroupSize) {
        float weight[kQueries];
        score(firstToken, head, key + gl_SubgroupInvocationID, lastKey, weight);
        addValues(head, key, min(gl_SubgroupSize, lastKey - key + 1u), weight);
    }

    if (kSeveralSubgroups) {
        mergeAndWrite(firstToken, head);
        return;
    }
    [[unroll]] for (uint q = 0; q < kQueries; ++q) {
        [[unroll]] for (uint i = 0; i < kQuadsPerLane; ++i) {
            const uint quad = gl_SubgroupInvocationID + i * gl_SubgroupSize;
            if (quad < kHeadQuads) writeQuad(firstToken + q, head, quad, sum[q * kQuadsPerLane + i] / normalizer[q]);
        }
    }
}
