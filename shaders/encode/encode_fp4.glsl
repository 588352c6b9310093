// SPDX-License-Identifier: GPL-3.0-or-later
// MXFP4 and NVFP4 (core/quant/formats/fp4.cpp): 128 values an invocation, which fill whole words. Rows are blocks back to
// back, so that the whole matrix is one sequence of blocks.
#include "include/encode.glsl"

layout(constant_id = 8) const bool kIsNv = false;  ///< blocks of 64 with four scales, not of 32 with one

layout(push_constant) uniform Parameters {
    uint firstWorkgroup;  ///< of this dispatch in the whole task
    uint endWorkgroup;
    uint blocks;
};

const uint kMostWords = 18u;
uint words[kMostWords];
/// Twice the values of E2M1.
const float kValues[16] = float[](0.0, 1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 0.0, -1.0, -2.0, -3.0, -4.0, -6.0, -8.0, -12.0);

uint blockBytes() { return kIsNv ? 36u : 17u; }
uint blockValues() { return kIsNv ? 64u : 32u; }
uint blocksOfInvocation() { return kIsNv ? 2u : 4u; }

void put8(uint byteOffset, uint value) { words[byteOffset >> 2] |= value << ((byteOffset & 3u) * 8u); }

/// Code of the value nearest to x, the first of equally near ones.
uint nearestCode(float x, float scale) {
    uint best = 0u;
    float bestError = abs(x);
    for (uint code = 1u; code < 16u; ++code) {
        precise const float value = kValues[code] * scale;
        precise const float difference = value - x;
        if (abs(difference) < bestError) {
            bestError = abs(difference);
            best = code;
        }
    }
    return best;
}

/// A scale as stored, and half of what it means.
struct Scale {
    uint bits;
    float half_;
};

Scale powerOfTwo(uint maximumBits) {
    if (maximumBits == 0u) return Scale(0u, 0.0);
    const uint bits = (maximumBits >> 23) - 2u;
    return Scale(bits, uintBitsToFloat((bits - 1u) << 23));
}

/// UE4M3, rounded half up.
Scale eightBits(uint maximumBits) {
    const float value = min(uintBitsToFloat(divideBits(maximumBits, floatBitsToUint(6.0))), 448.0);
    const uint bits = floatBitsToUint(value);
    const int exponent = int(bits >> 23) - 120;
    if (exponent <= 0) {
        precise const float scaled = value * 512.0;
        precise const float rounded = scaled + 0.5;
        const int mantissa = clamp(int(rounded), 0, 7);
        return Scale(uint(mantissa), float(mantissa) * 0.0009765625);  // 2^-10
    }
    // A mantissa that rounds up to 8 carries into the exponent; the last exponent has one code alone.
    const uint code = (uint(exponent) << 3) + ((bits >> 20) & 7u) + ((bits >> 19) & 1u);
    if (code >= 0x78u) return Scale(0x7Eu, 224.0);
    return Scale(code, (1.0 + float(code & 7u) * 0.125) * uintBitsToFloat(((code >> 3) + 119u) << 23));
}

/// The largest magnitude of `count` values; an infinity where they are to be left to the processor.
uint maximumOf(uint first, uint count) {
    uint maximum = 0u;
    for (uint i = 0; i < count; ++i) {
        const uint bits = sourceBits(first + i);
        maximum = max(maximum, isSpecial(bits) ? kInfinity : bits & 0x7FFFFFFFu);
    }
    // The processor takes a logarithm, which may round up to a whole number just below a power of two.
    const bool isNearPower = !kIsNv && (maximum & 0x7FFFFFu) >= 0x7FF000u;
    return isNearPower || !isTame(maximum) ? kInfinity : maximum;
}

/// `count` values with one scale: the low nibbles hold the first half.
void encodeGroup(uint first, uint count, uint scaleByte, uint codesByte) {
    const uint maximum = maximumOf(first, count);
    Scale scale;
    if (kIsNv) {
        scale = eightBits(maximum);
    } else {
        scale = powerOfTwo(maximum);
    }
    put8(scaleByte, scale.bits);
    for (uint i = 0; i < count; ++i) {
        const float x = uintBitsToFloat(sourceBits(first + i));
        const uint code = nearestCode(x, scale.half_);
        const uint half_ = count / 2u;
        put8(codesByte + i % half_, code << (i / half_ * 4u));
        addFigures(x, kValues[code] * scale.half_);
    }
}

void encodeBlock(uint block, uint base) {
    const uint groups = kIsNv ? 4u : 1u, size = blockValues() / groups, first = block * blockValues();
    bool isLeft = false;
    for (uint group = 0; group < groups; ++group) isLeft = isLeft || maximumOf(first + group * size, size) == kInfinity;
    if (isLeft) {
        leaveToProcessor(block);
        return;
    }
    for (uint group = 0; group < groups; ++group)
        encodeGroup(first + group * size, size, base + group, base + groups + group * (size / 2u));
}

void main() {
    const uint workgroup = firstWorkgroup + groupIndex();
    if (workgroup >= endWorkgroup) return;  // the same for all of it
    const uint index = workgroup * gl_WorkGroupSize.x + gl_LocalInvocationID.x, count = blocksOfInvocation();
    if (index * count < blocks) {
        for (uint i = 0; i < kMostWords; ++i) words[i] = 0u;
        for (uint i = 0; i < count && index * count + i < blocks; ++i) encodeBlock(index * count + i, i * blockBytes());
        const uint wordCount = blockBytes() * count / 4u;
        for (uint i = 0; i < wordCount; ++i) packed[index * wordCount + i] = words[i];
    }
    storeFigures(workgroup);
}
