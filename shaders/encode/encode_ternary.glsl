// SPDX-License-Identifier: GPL-3.0-or-later
// TQ1_0, TQ2_0, Q1_0 and Q2_0 (core/quant/formats/ternary.cpp): two blocks an invocation, as two of them fill whole
// words. Rows are blocks back to back, so that the whole matrix is one sequence of blocks.
#include "include/encode.glsl"

const uint kTrits = 0u, kTwoBits = 1u, kSigns = 2u, kFourLevels = 3u;
layout(constant_id = 8) const uint kType = 0;  ///< TQ1_0, TQ2_0, Q1_0, Q2_0

layout(push_constant) uniform Parameters {
    uint firstWorkgroup;  ///< of this dispatch in the whole task
    uint endWorkgroup;
    uint blocks;
};

const uint kMostWords = 33u;
uint words[kMostWords];

uint blockValues() { return kType == kSigns ? 128u : kType == kFourLevels ? 64u : 256u; }
uint blockBytes() { return kType == kTrits ? 54u : kType == kTwoBits ? 66u : 18u; }
/// Where a block has its scale, and its codes.
uint scaleByte() { return kType == kTrits ? 52u : kType == kTwoBits ? 64u : 0u; }
uint codesByte() { return scaleByte() == 0u ? 2u : 0u; }

void put8(uint byteOffset, uint value) { words[byteOffset >> 2] |= value << ((byteOffset & 3u) * 8u); }

struct Block {
    uint first;     ///< of its values in the source
    float inverse;  ///< of the scale
    float scale;    ///< as stored
};

/// Nearest of -1, 0, 1 and, where there are four levels, 2; ties away from zero; plus 1.
uint codeOf(Block block, uint i) {
    const float x = uintBitsToFloat(sourceBits(block.first + i));
    uint code;
    if (kType == kSigns) {
        code = x >= 0.0 ? 1u : 0u;
        addFigures(x, code != 0u ? block.scale : -block.scale);
        return code;
    }
    precise const float scaled = x * block.inverse;
    code = (scaled > -0.5 ? 1u : 0u) + (scaled >= 0.5 ? 1u : 0u);
    if (kType == kFourLevels && scaled >= 1.5) ++code;
    addFigures(x, float(int(code) - 1) * block.scale);
    return code;
}

/// Digits of a byte: element first + n * stride each, scaled so that multiplying by powers of three brings each into the
/// top of the byte.
uint trits(Block block, uint byteOffset) {
    const bool isLong = byteOffset < 32u, isLast = byteOffset >= 48u;
    const uint first = isLong ? byteOffset : isLast ? 240u + byteOffset - 48u : 160u + byteOffset - 32u;
    const uint stride = isLong ? 32u : isLast ? 4u : 16u;
    uint value = 0u;
    for (uint n = 0u; n < 5u; ++n) value = value * 3u + (isLast && n == 4u ? 0u : codeOf(block, first + n * stride));
    return (value * 256u + 242u) / 243u;
}

void encodeCodes(Block block, uint base) {
    if (kType == kTrits) {
        for (uint i = 0u; i < 52u; ++i) put8(base + i, trits(block, i));
        return;
    }
    const uint bits = kType == kSigns ? 1u : 2u, each = 8u / bits;
    for (uint i = 0u; i < blockValues() / each; ++i) {
        uint packed_ = 0u;
        for (uint n = 0u; n < each; ++n) {
            const uint element = kType == kTwoBits ? 128u * (i / 32u) + 32u * n + i % 32u : each * i + n;
            packed_ |= codeOf(block, element) << (n * bits);
        }
        put8(base + i, packed_);
    }
}

void encodeBlock(uint index, uint base) {
    Block block;
    block.first = index * blockValues();
    uint largest = 0u;
    bool isLeft = false;
    float sum = 0.0;
    for (uint i = 0u; i < blockValues(); ++i) {
        const uint bits = sourceBits(block.first + i);
        isLeft = isLeft || isSpecial(bits);
        largest = max(largest, bits & 0x7FFFFFFFu);
        precise const float next = sum + uintBitsToFloat(bits & 0x7FFFFFFFu);
        sum = next;
    }
    precise const float mean = sum * 0.0078125;  // 1 / 128
    const uint scale = kType == kSigns ? floatBitsToUint(mean) : largest;
    const uint half_ = isTame(largest) ? halfBits(scale) : 0x7C00u;
    if (isLeft || isTooLarge(half_)) {
        leaveToProcessor(index);
        return;
    }
    block.inverse = scale != 0u ? reciprocal(uintBitsToFloat(scale)) : 0.0;
    block.scale = halfValue(half_);
    put8(base + scaleByte(), half_ & 0xFFu);
    put8(base + scaleByte() + 1u, half_ >> 8);
    encodeCodes(block, base + codesByte());
}

#include "encode/block_pairs.glsl"
