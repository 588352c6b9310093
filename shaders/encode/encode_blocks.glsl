// SPDX-License-Identifier: GPL-3.0-or-later
// Q8_0, Q4_0, Q4_1, Q5_0 and Q5_1 (core/quant/formats/legacy_blocks.cpp): two blocks of 32 values an invocation, as two
// of them fill whole words. Rows are blocks back to back, so that the whole matrix is one sequence of blocks.
#include "include/encode.glsl"

layout(constant_id = 8) const uint kBits = 4;            ///< of a code: 4, 5 or 8
layout(constant_id = 9) const bool kHasMinimum = false;  ///< q * d + m rather than (q - offset) * d

layout(push_constant) uniform Parameters {
    uint firstWorkgroup;  ///< of this dispatch in the whole task
    uint endWorkgroup;
    uint blocks;
};

const int kMaxCode = (1 << kBits) - 1;
uint headBytes() { return (kHasMinimum ? 4u : 2u) + (kBits == 5u ? 4u : 0u); }
uint blockBytes() { return headBytes() + (kBits == 8u ? 32u : 16u); }

const uint kMostWords = 17u;

uint words[kMostWords];
float values[32];
uint codes[32];

void put16(uint byteOffset, uint value) { words[byteOffset >> 2] |= value << ((byteOffset & 2u) * 8u); }

/// What a block stores beside its codes, and what decoding needs.
struct Head {
    uint scale, minimum;  ///< binary16 bits
    bool isLeft;
};

int awayFromZero(float value) {
    const float limited = clamp(value, -512.0, 511.0);
    const int whole = int(limited);
    const float rest = limited - float(whole);
    return rest >= 0.5 ? whole + 1 : rest <= -0.5 ? whole - 1 : whole;
}

/// Codes of a scale for the largest magnitude, signed.
Head encodeSigned(uint maximumBits) {
    const uint scale = divideBits(maximumBits, floatBitsToUint(127.0));
    const float inverse = scale != 0u ? reciprocal(uintBitsToFloat(scale)) : 0.0;
    const uint half_ = halfBits(scale);
    for (uint i = 0; i < 32; ++i) {
        precise const float scaled = values[i] * inverse;
        codes[i] = uint(clamp(awayFromZero(scaled), -128, 127)) & 0xFFu;
    }
    return Head(half_, 0u, isTooLarge(half_));
}

/// Codes with an offset; the value of largest magnitude, the first of equals, gets the code 0.
Head encodeOffset(float extreme) {
    const int offset = (1 << (kBits - 1u));
    precise const float scale = extreme * (-1.0 / float(offset));  // a power of two
    const float inverse = extreme != 0.0 ? reciprocal(scale) : 0.0;
    // Of all zeros too the scale is the extreme divided by a negative number.
    const uint half_ = extreme != 0.0 ? signedHalf(scale) : 0x8000u;
    for (uint i = 0; i < 32; ++i) {
        precise const float scaled = values[i] * inverse;
        precise const float shifted = scaled + (float(offset) + 0.5);
        codes[i] = uint(clamp(int(clamp(shifted, -512.0, 511.0)), 0, kMaxCode));
    }
    return Head(half_, 0u, isTooLarge(half_));
}

/// Codes above a minimum.
Head encodeAffine(uint minimumBits, uint maximumBits) {
    const float minimum = uintBitsToFloat(minimumBits);
    precise const float range = uintBitsToFloat(maximumBits) - minimum;
    const uint scale = divideBits(floatBitsToUint(range) & 0x7FFFFFFFu, floatBitsToUint(float(kMaxCode)));
    const float inverse = scale != 0u ? reciprocal(uintBitsToFloat(scale)) : 0.0;
    const uint half_ = halfBits(scale);
    const uint halfMinimum = halfBits(minimumBits & 0x7FFFFFFFu) | ((minimumBits >> 16) & 0x8000u);
    for (uint i = 0; i < 32; ++i) {
        precise const float above = values[i] - minimum;
        precise const float scaled = above * inverse;
        precise const float shifted = scaled + 0.5;
        codes[i] = uint(clamp(int(clamp(shifted, -512.0, 511.0)), 0, kMaxCode));
    }
    return Head(half_, halfMinimum, isTooLarge(half_) || isTooLarge(halfMinimum));
}

void store(Head head, uint base) {
    put16(base, head.scale);
    if (kHasMinimum) put16(base + 2u, head.minimum);
    if (kBits == 5u) {
        uint high = 0u;
        for (uint i = 0; i < 32; ++i) high |= ((codes[i] >> 4) & 1u) << i;
        put16(base + headBytes() - 4u, high & 0xFFFFu);
        put16(base + headBytes() - 2u, high >> 16);
    }
    for (uint i = 0; i < 32; ++i) {
        if (kBits == 8u) {
            put16(base + headBytes() + (i & ~1u), codes[i] << ((i & 1u) * 8u));
        } else {
            const uint j = i & 15u;
            put16(base + headBytes() + (j & ~1u), (codes[i] & 15u) << ((j & 1u) * 8u + (i >> 4) * 4u));
        }
    }
}

float decoded(Head head, uint i) {
    const float scale = halfValue(head.scale);
    if (kBits == 8u) return float(int(codes[i] << 24) >> 24) * scale;
    if (kHasMinimum) return float(codes[i]) * scale + halfValue(head.minimum);
    return float(int(codes[i]) - (1 << (kBits - 1u))) * scale;
}

void encodeBlock(uint block, uint base) {
    bool isLeft = false;
    uint extreme = 0u, minimum = sourceBits(block * 32u), maximum = minimum;
    for (uint i = 0; i < 32; ++i) {
        const uint bits = sourceBits(block * 32u + i);
        isLeft = isLeft || isSpecial(bits);
        if ((bits & 0x7FFFFFFFu) > (extreme & 0x7FFFFFFFu)) extreme = bits;
        values[i] = uintBitsToFloat(bits);
        if (values[i] < uintBitsToFloat(minimum)) minimum = bits;
        if (values[i] > uintBitsToFloat(maximum)) maximum = bits;
    }
    if (!isLeft && isTame(extreme & 0x7FFFFFFFu)) {
        Head head;
        if (kBits == 8u) {
            head = encodeSigned(extreme & 0x7FFFFFFFu);
        } else if (kHasMinimum) {
            head = encodeAffine(minimum, maximum);
        } else {
            head = encodeOffset(uintBitsToFloat(extreme));
        }
        store(head, base);
        isLeft = head.isLeft;
        for (uint i = 0; i < 32 && !isLeft; ++i) addFigures(values[i], decoded(head, i));
    } else {
        isLeft = true;
    }
    if (isLeft) leaveToProcessor(block);
}

#include "encode/block_pairs.glsl"
