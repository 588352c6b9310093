// SPDX-License-Identifier: GPL-3.0-or-later
// Appends keys or values to the cache (include/cache_cells.glsl). Blocks get the bytes of the processor's encoders
// (core/quant/formats/legacy_blocks.cpp) for finite values; only the codes of a block whose values are all so small that
// its scale is zero may differ, where subnormal numbers are lost. An invocation writes two blocks, which are whole words
// together.
#include "include/cache_cells.glsl"
#include "include/exact.glsl"

layout(constant_id = 2) const uint kCells = 0;

layout(push_constant) uniform Parameters {
    uint tokens;
    uint heads;
    uint headDim;
    uint headQuads;
    uint inputStride;
    uint firstPosition;
};

layout(set = 0, binding = 0) readonly restrict buffer Input { float x[]; };
layout(set = 0, binding = 1) writeonly buffer CacheF32 { vec4 cacheQuads[]; };
layout(set = 0, binding = 1) writeonly buffer CacheF16 { uvec2 cacheHalves[]; };
layout(set = 0, binding = 1) writeonly buffer CachePacked { uint cacheWords[]; };

const uint kMagnitude = 0x7FFFFFFFu;
const uint kOne = 0x3F800000u;

uint signedHalfBits(float value) {
    const uint bits = floatBitsToUint(value);
    return ((bits >> 16) & 0x8000u) | halfBits(bits & kMagnitude);
}

void storeQuads() {
    const uint perToken = heads * headQuads, total = tokens * perToken;
    for (uint i = globalIndex(); i < total; i += globalCount()) {
        const uint token = i / perToken, head = (i % perToken) / headQuads, first = (i % headQuads) * 4u;
        vec4 value = vec4(0.0);
        [[unroll]] for (uint k = 0; k < 4; ++k) {
            if (first + k < headDim) value[k] = x[token * inputStride + head * headDim + first + k];
        }
        const uint cell = firstPosition * perToken + i;
        if (kCells == kCellsF32) {
            cacheQuads[cell] = value;
        } else {
            cacheHalves[cell] = uvec2(signedHalfBits(value.x) | (signedHalfBits(value.y) << 16),
                                      signedHalfBits(value.z) | (signedHalfBits(value.w) << 16));
        }
    }
}

/// Nearest integer, ties away from zero, within -128..127.
int roundAway(float value) {
    precise const float limited = clamp(value, -512.0, 511.0);
    const float whole = trunc(limited);
    precise const float rest = limited - whole;
    return clamp(int(whole) + (rest >= 0.5 ? 1 : rest <= -0.5 ? -1 : 0), -128, 127);
}

/// The value of largest magnitude among 32, the first of equals; zero has no sign.
uint extremeBits(uint first) {
    uint extreme = 0u;
    for (uint i = 0; i < 32; ++i) {
        const uint bits = floatBitsToUint(x[first + i]);
        if ((bits & kMagnitude) > (extreme & kMagnitude)) extreme = bits;
    }
    return extreme;
}

/// One over a step without sign; zero for a step of zero.
float inverseOf(uint step_) { return step_ == 0u ? 0.0 : uintBitsToFloat(divideBits(kOne, step_)); }

/// Scale and codes of the 32 values from `first` on.
uint encodeQ8_0(uint first, out uint codes[8]) {
    const uint step_ = divideBits(extremeBits(first) & kMagnitude, floatBitsToUint(127.0));
    const float inverse = inverseOf(step_);
    [[unroll]] for (uint word = 0; word < 8; ++word) {
        uint bytes = 0u;
        [[unroll]] for (uint k = 0; k < 4; ++k) {
            precise const float scaled = x[first + 4u * word + k] * inverse;
            bytes |= (uint(roundAway(scaled)) & 0xFFu) << (8u * k);
        }
        codes[word] = bytes;
    }
    return halfBits(step_);
}

uint nibble(float value, float inverse) {
    precise const float scaled = value * inverse;
    precise const float shifted = scaled + 8.5;
    return uint(clamp(int(clamp(shifted, -512.0, 511.0)), 0, 15));
}

/// The extreme value becomes code 0, so the scale has the other sign.
uint encodeQ4_0(uint first, out uint codes[8]) {
    const uint extreme = extremeBits(first);
    const uint step_ = divideBits(extreme & kMagnitude, floatBitsToUint(8.0)), sign = ~extreme & 0x80000000u;
    const float inverse = sign != 0u ? -inverseOf(step_) : inverseOf(step_);
    [[unroll]] for (uint word = 0; word < 4; ++word) {
        uint bytes = 0u;
        [[unroll]] for (uint k = 0; k < 4; ++k) {
            const uint low = first + 4u * word + k;
            bytes |= (nibble(x[low], inverse) | (nibble(x[low + 16u], inverse) << 4)) << (8u * k);
        }
        codes[word] = bytes;
    }
    return (sign >> 16) | halfBits(step_);
}

uint encodeBlock(uint first, out uint codes[8]) {
    return kCells == kCellsQ8_0 ? encodeQ8_0(first, codes) : encodeQ4_0(first, codes);
}

void storePacked() {
    const uint blocks = heads * headDim / 32u, pairs = (blocks + 1u) / 2u;
    const uint count = codeWords(kCells), rowWords = packedRowWords(kCells, blocks);
    for (uint i = globalIndex(); i < tokens * pairs; i += globalCount()) {
        const uint token = i / pairs, block = i % pairs * 2u;
        const uint first = token * inputStride + block * 32u;
        const uint target = (firstPosition + token) * rowWords + block / 2u * (2u * count + 1u);
        uint codes[8];
        uint carried = encodeBlock(first, codes);
        for (uint word = 0; word < count; ++word) {
            cacheWords[target + word] = carried | (codes[word] << 16);
            carried = codes[word] >> 16;
        }
        const bool isAlone = block + 1u == blocks;
        const uint scale = isAlone ? 0u : encodeBlock(first + 32u, codes);
        cacheWords[target + count] = carried | (scale << 16);
        if (isAlone) continue;
        for (uint word = 0; word < count; ++word) cacheWords[target + count + 1u + word] = codes[word];
    }
}

void main() {
    if (kCells >= kCellsQ8_0) {
        storePacked();
    } else {
        storeQuads();
    }
}
