// SPDX-License-Identifier: GPL-3.0-or-later
// Q2_K to Q6_K, IQ4_NL and IQ4_XS, with importance weights or without (core/quant/formats/kquants_affine.cpp,
// kquants_signed.cpp, iq4.cpp); Q4_0, Q4_1, Q5_0 and Q5_1 with them (legacy_blocks.cpp). An invocation searches a sub-block; the first of a super-block quantizes the sub-blocks' scales, then each
// codes its values anew; last, the workgroup writes the bytes of its super-blocks, which fill whole words.
#include "include/search.glsl"

layout(constant_id = 8) const uint kType = 0;  ///< as the constants below
layout(constant_id = 9) const bool kIsWeighted = false;  ///< an importance for each column lies in the scratch buffer

const uint kQ2K = 0u, kQ3K = 1u, kQ4K = 2u, kQ5K = 3u, kQ6K = 4u, kIQ4NL = 5u, kIQ4XS = 6u;
const uint kQ40 = 7u, kQ41 = 8u, kQ50 = 9u, kQ51 = 10u;

layout(push_constant) uniform Parameters {
    uint firstWorkgroup;  ///< of this dispatch in the whole task
    uint endWorkgroup;
    uint blocks;
    uint cols;
};

const bool kIsLegacy = kType >= kQ40;
const bool kHasMinimum = kType == kQ41 || kType == kQ51;
const bool kHasFifthBits = kType == kQ50 || kType == kQ51;
const bool kIsAffine = kType == kQ2K || kType == kQ4K || kType == kQ5K || kHasMinimum;
const bool kIsNonlinear = kType == kIQ4NL || kType == kIQ4XS;
const uint kSize = kType == kQ2K || kType == kQ3K || kType == kQ6K ? 16u : 32u;
const uint kSubBlocks = kType == kIQ4NL || kIsLegacy ? 1u : 256u / kSize;
const uint kBlockBytes = kType == kQ2K   ? 84u
                         : kType == kQ3K ? 110u
                         : kType == kQ4K ? 144u
                         : kType == kQ5K ? 176u
                         : kType == kQ6K ? 210u
                         : kType == kIQ4XS ? 136u
                                           : 18u + (kHasMinimum ? 2u : 0u) + (kHasFifthBits ? 4u : 0u);
const float kLeastScale = 5.9604644775390625e-8;  ///< 2^-24: less is not searched for
const int kCodeOffset = kType == kQ3K ? 4 : kType == kQ40 ? 8 : kType == kQ50 ? 16 : 32;
const int kMaxCode = kType == kQ2K ? 3 : kType == kQ4K || kType == kQ41 ? 15 : 31;  ///< of affine types

// One a sub-block, in the order of the invocations.
shared float sharedScales[gl_WorkGroupSize.x];
shared float sharedMinimums[gl_WorkGroupSize.x];
shared float sharedWeightSums[gl_WorkGroupSize.x];
shared uint sharedScaleCodes[gl_WorkGroupSize.x];
shared uint sharedMinimumCodes[gl_WorkGroupSize.x];
shared uint sharedIsLeft[gl_WorkGroupSize.x];
shared uint sharedCodes[gl_WorkGroupSize.x * 8u];  ///< four codes a word
// One a super-block, at its first sub-block: binary16 bits.
shared uint sharedD[gl_WorkGroupSize.x];
shared uint sharedDmin[gl_WorkGroupSize.x];

uint keptCodes[32];

/// What the squares of a super-block are multiplied by to give the variance of its weights.
const float kVarianceFactor = kType == kIQ4NL ? 0.0625 : kType == kQ2K ? 0.00390625 : 0.0078125;

/// Of the super-block, or of the whole row; negative where a value in it is to be left to the processor.
float varianceAround(uint first) {
    precise float squares = 0.0;
    const uint count = kIsLegacy ? cols : kSubBlocks * kSize, begin = first - first % count;
    bool isSearched = true;
    for (uint i = 0; i < count; ++i) {
        const uint bits = sourceBits(begin + i);
        isSearched = isSearched && isSearchable(bits);
        const float x = uintBitsToFloat(bits);
        squares += x * x;
    }
    if (!isSearched) return -1.0;
    if (kIsLegacy) return quotient(squares, float(cols));
    precise const float variance = squares * kVarianceFactor;
    return variance;
}

/// Weights by importance, and their sum for the super-block; false where they are to be left to the processor.
bool weighByImportance(uint first, uint lane) {
    const float variance = varianceAround(first);
    precise float sum = 0.0;
    bool isWithin = variance >= 0.0;
    for (uint i = 0; i < kSize; ++i) {
        const uint bits = scratch[kGrids + (first + i) % cols];
        isWithin = isWithin && bits >= kLeastImportance && bits <= kMostImportance;
        precise const float spread = variance + values[i] * values[i];
        precise const float weight = uintBitsToFloat(bits) * (spread > 0.0 ? exactRoot(spread) : 0.0);
        weights[i] = kType == kQ6K ? uintBitsToFloat(bits) : weight;
        sum += weights[i];
    }
    sharedWeightSums[lane] = sum;
    return isWithin && normalizeWeights(kSize);
}

Grid affineGrid() {
    if (kIsWeighted) return Grid(kMaxCode, -0.9, 0.05, 36, false);
    if (kType == kQ4K) return Grid(kMaxCode, -1.0, 0.1, 20, false);
    return Grid(kMaxCode, -0.5, 0.1, 15, kType == kQ2K);
}

/// The weights that a type gives its values where nothing else is known.
void weighByValue() {
    if (kType == kQ4K || kType == kQ5K) {
        weighByMagnitude(kSize);
        return;
    }
    for (uint i = 0; i < kSize; ++i) {
        precise const float squared = values[i] * values[i];
        weights[i] = kType == kQ2K ? abs(values[i]) : squared;
    }
}

/// Fills in what the search found; false where the values are to be left to the processor.
bool searchSubBlock(uint first, uint lane) {
    uint maximum = 0u;
    bool isSearched = true;
    for (uint i = 0; i < kSize; ++i) {
        const uint bits = sourceBits(first + i);
        isSearched = isSearched && isSearchable(bits);
        maximum = max(maximum, bits & 0x7FFFFFFFu);
        values[i] = uintBitsToFloat(bits);
    }
    if (!isSearched || (maximum != 0u && maximum < kLeastSearched)) return false;
    if (kIsWeighted) {
        // Of zeros there is nothing to weigh.
        if (!weighByImportance(first, lane) && maximum != 0u) return false;
    } else {
        weighByValue();
    }
    Fit fit = Fit(0.0, 0.0);
    if (kIsAffine) {
        fit = searchAffine(affineGrid(), kSize);
    } else if (kIsNonlinear) {
        fit.scale = searchNonlinear(kSize);
    } else if (kType == kQ3K && !kIsWeighted) {
        fit.scale = searchThreeBits(kSize);
    } else {
        fit.scale = searchSigned(kSize, kCodeOffset);
    }
    sharedScales[lane] = fit.scale;
    sharedMinimums[lane] = -fit.minimum;
    return true;
}

/// Codes 0..limit of scales or minimums against the largest of them; binary16 bits of the unit.
uint quantizeToLargest(uint lane, bool ofMinimums) {
    const int limit = kType == kQ2K ? 15 : 63;
    float maximum = 0.0;
    for (uint b = 0; b < kSubBlocks; ++b)
        maximum = max(maximum, ofMinimums ? sharedMinimums[lane + b] : sharedScales[lane + b]);
    const float inverse = maximum > 0.0 ? quotient(float(limit), maximum) : 0.0;
    for (uint b = 0; b < kSubBlocks; ++b) {
        precise const float scaled = inverse * (ofMinimums ? sharedMinimums[lane + b] : sharedScales[lane + b]);
        const uint code = uint(codeWithin(scaled, 0, limit));
        if (ofMinimums) {
            sharedMinimumCodes[lane + b] = code;
        } else {
            sharedScaleCodes[lane + b] = code;
        }
    }
    return maximum > 0.0 ? halfBits(divideBits(floatBitsToUint(maximum), floatBitsToUint(float(limit)))) : 0u;
}

/// Scales with a sign: codes -limit..limit - 1, of which the largest magnitude gets -limit; stored with `offset`.
uint quantizeSignedScales(uint lane, int limit, int offset) {
    float maximum = 0.0;
    for (uint b = 0; b < kSubBlocks; ++b) {
        if (abs(sharedScales[lane + b]) > abs(maximum)) maximum = sharedScales[lane + b];
    }
    if (maximum == 0.0) {
        for (uint b = 0; b < kSubBlocks; ++b) sharedScaleCodes[lane + b] = 0u;
        return 0u;
    }
    precise const float inverse = -float(limit) * reciprocal(maximum);
    for (uint b = 0; b < kSubBlocks; ++b) {
        precise const float scaled = inverse * sharedScales[lane + b];
        sharedScaleCodes[lane + b] = uint(codeWithin(scaled, -limit, limit - 1) + offset);
    }
    return signedHalf(reciprocal(inverse));
}

/// IQ4_XS: the unit is the largest scale over -32 and is used as it is, not as it is stored.
uint quantizeNonlinearScales(uint lane) {
    float maximum = 0.0;
    for (uint b = 0; b < kSubBlocks; ++b) {
        if (abs(sharedScales[lane + b]) > abs(maximum)) maximum = sharedScales[lane + b];
    }
    precise const float d = -maximum * 0.03125;
    const float inverse = maximum != 0.0 ? reciprocal(d) : 0.0;
    for (uint b = 0; b < kSubBlocks; ++b) {
        precise const float scaled = inverse * sharedScales[lane + b];
        const int code = codeWithin(scaled, -32, 31);
        sharedScaleCodes[lane + b] = uint(code + 32);
        precise const float scale = d * float(code);
        sharedScales[lane + b] = scale;
    }
    return maximum != 0.0 ? signedHalf(d) : 0x8000u;
}

/// Values and weights of a search among the sub-blocks: their scales or minimums, weighted by the sums of the weights.
/// False where that is to be left to the processor.
bool loadScales(uint lane, bool ofMinimums, out float maximum) {
    maximum = 0.0;
    for (uint b = 0; b < kSubBlocks; ++b) {
        values[b] = ofMinimums ? sharedMinimums[lane + b] : sharedScales[lane + b];
        weights[b] = sharedWeightSums[lane + b];
        maximum = max(maximum, kIsAffine ? values[b] : abs(values[b]));
    }
    const bool isWithin = normalizeWeights(kSubBlocks);
    return maximum == 0.0 || (isWithin && maximum >= kLeastScale);
}

/// Scales and minimums by searches of their own, as the sums of weights demand.
void finishWeightedScales(uint lane) {
    float maximum;
    const int limit = kType == kQ2K ? 15 : 63;
    bool isSearched = loadScales(lane, false, maximum);
    float d = 0.0, dmin = 0.0;
    for (uint b = 0; b < kSubBlocks; ++b) codes[b] = 0u;
    if (isSearched && maximum > 0.0) d = kIsAffine ? searchPositive(maximum, kSubBlocks, limit) : searchSigned(kSubBlocks, 32);
    for (uint b = 0; b < kSubBlocks; ++b) sharedScaleCodes[lane + b] = codes[b];
    if (kIsAffine) {
        isSearched = loadScales(lane, true, maximum) && isSearched;
        for (uint b = 0; b < kSubBlocks; ++b) codes[b] = 0u;
        if (isSearched && maximum > 0.0) dmin = searchPositive(maximum, kSubBlocks, limit);
        for (uint b = 0; b < kSubBlocks; ++b) sharedMinimumCodes[lane + b] = codes[b];
    }
    sharedD[lane] = signedHalf(d);
    sharedDmin[lane] = signedHalf(dmin);
    if (!isSearched) sharedIsLeft[lane] = 1u;
}

/// What the first invocation of a super-block does for all of it.
void finishScales(uint lane) {
    sharedDmin[lane] = 0u;
    if (kIsLegacy) {
        sharedD[lane] = signedHalf(sharedScales[lane]);
        sharedDmin[lane] = signedHalf(-sharedMinimums[lane]);
    } else if (kIsWeighted && (kIsAffine || kType == kQ3K)) {
        finishWeightedScales(lane);
    } else if (kIsAffine) {
        sharedD[lane] = quantizeToLargest(lane, false);
        sharedDmin[lane] = quantizeToLargest(lane, true);
    } else if (kType == kQ3K) {
        sharedD[lane] = quantizeSignedScales(lane, 32, 32);
    } else if (kType == kQ6K) {
        sharedD[lane] = quantizeSignedScales(lane, 128, 0);
    } else if (kType == kIQ4XS) {
        sharedD[lane] = quantizeNonlinearScales(lane);
    } else {
        sharedD[lane] = sharedScales[lane] != 0.0 ? signedHalf(sharedScales[lane]) : 0u;
    }
    if (isTooLarge(sharedD[lane]) || isTooLarge(sharedDmin[lane])) sharedIsLeft[lane] = 1u;
}

/// Scale and minimum of a sub-block as they are stored.
Fit storedFit(uint lane, uint base) {
    const float d = halfValue(sharedD[base]);
    if (kIsLegacy) return Fit(d, -halfValue(sharedDmin[base]));
    if (kType == kIQ4NL) return Fit(d, 0.0);
    int code = int(sharedScaleCodes[lane]);
    if (kType == kQ3K || kType == kIQ4XS) code -= 32;
    precise const float scale = d * float(code);
    precise const float minimum = halfValue(sharedDmin[base]) * float(sharedMinimumCodes[lane]);
    return Fit(scale, kIsAffine ? minimum : 0.0);
}

/// The search among the sub-blocks took the place of what the first of them had found.
void restoreSubBlock(uint first) {
    for (uint i = 0; i < kSize; ++i) {
        values[i] = uintBitsToFloat(sourceBits(first + i));
        codes[i] = keptCodes[i];
    }
}

/// Codes of the values by the stored scales, and their errors.
void codeSubBlock(uint lane, uint base) {
    const Fit fit = storedFit(lane, base);
    const float unrounded = sharedScales[lane];
    const float searched = kIsNonlinear && unrounded != 0.0 ? reciprocal(unrounded) : 0.0;
    const float inverse = 1.0 / (fit.scale != 0.0 ? fit.scale : 1.0);
    const bool isCodedAnew = fit.scale != 0.0 && !kIsLegacy;
    for (uint i = 0; i < kSize; ++i) {
        if (kIsNonlinear) {
            precise const float scaled = searched * values[i];
            codes[i] = nonlinearCode(scaled);
            addFigures(values[i], fit.scale * tableValue(kNonlinear4, codes[i]));
        } else if (kIsAffine) {
            precise const float above = values[i] + fit.minimum;
            if (isCodedAnew) codes[i] = uint(roundedQuotient(above, fit.scale, inverse, 0, kMaxCode));
            addFigures(values[i], fit.scale * float(codes[i]) - fit.minimum);
        } else {
            if (isCodedAnew)
                codes[i] = uint(roundedQuotient(values[i], fit.scale, inverse, -kCodeOffset, kCodeOffset - 1) + kCodeOffset);
            addFigures(values[i], fit.scale * float(int(codes[i]) - kCodeOffset));
        }
    }
    for (uint word = 0; word < kSize / 4u; ++word) {
        sharedCodes[lane * (kSize / 4u) + word] =
            codes[4u * word] | (codes[4u * word + 1u] << 8) | (codes[4u * word + 2u] << 16) | (codes[4u * word + 3u] << 24);
    }
}

/// Code of value `i` of the super-block whose first sub-block is `base`.
uint codeAt(uint base, uint i) { return (sharedCodes[base * (kSize / 4u) + i / 4u] >> (8u * (i & 3u))) & 0xFFu; }

/// Low `bits` bits from bit `from` on of the codes i, i + stride, ..., side by side in a byte.
uint partsAt(uint base, uint i, uint stride, uint from, uint bits) {
    uint value = 0u;
    for (uint row = 0; row * bits < 8u; ++row)
        value |= ((codeAt(base, i + row * stride) >> from) & ((1u << bits) - 1u)) << (row * bits);
    return value;
}

/// The twelve bytes with eight scales and minimums of six bits.
uint affineScaleByte(uint base, uint index) {
    if (index < 4u) return sharedScaleCodes[base + index] | ((sharedScaleCodes[base + index + 4u] >> 4) << 6);
    if (index < 8u) return sharedMinimumCodes[base + index - 4u] | ((sharedMinimumCodes[base + index] >> 4) << 6);
    return (sharedScaleCodes[base + index - 4u] & 15u) | ((sharedMinimumCodes[base + index - 4u] & 15u) << 4);
}
/// The twelve bytes with sixteen scales of six bits.
uint signedScaleByte(uint base, uint index) {
    if (index < 8u) return (sharedScaleCodes[base + index] & 15u) | ((sharedScaleCodes[base + index + 8u] & 15u) << 4);
    uint value = 0u;
    for (uint row = 0; row < 4u; ++row) value |= (sharedScaleCodes[base + index - 8u + 4u * row] >> 4) << (2u * row);
    return value;
}
uint halfByte(uint half_, uint index) { return (half_ >> (8u * index)) & 0xFFu; }

uint nonlinearByte(uint base, uint offset) {
    if (offset < 2u) return halfByte(sharedD[base], offset);
    const uint head = kType == kIQ4NL ? 2u : 8u;
    if (offset >= head) {
        const uint j = offset - head;
        return partsAt(base, j / 16u * 32u + j % 16u, 16u, 0u, 4u);
    }
    if (offset < 4u) {
        uint high = 0u;
        for (uint b = 0; b < 8u; ++b) high |= (sharedScaleCodes[base + b] >> 4) << (2u * b);
        return halfByte(high, offset - 2u);
    }
    const uint b = 2u * (offset - 4u);
    return (sharedScaleCodes[base + b] & 15u) | ((sharedScaleCodes[base + b + 1u] & 15u) << 4);
}

uint affineByte(uint base, uint offset) {
    if (kType == kQ2K) {
        if (offset < 16u) return sharedScaleCodes[base + offset] | (sharedMinimumCodes[base + offset] << 4);
        if (offset >= 80u) return offset < 82u ? halfByte(sharedD[base], offset - 80u) : halfByte(sharedDmin[base], offset - 82u);
        const uint j = offset - 16u;
        return partsAt(base, j / 32u * 128u + j % 32u, 32u, 0u, 2u);
    }
    if (offset < 4u) return offset < 2u ? halfByte(sharedD[base], offset) : halfByte(sharedDmin[base], offset - 2u);
    if (offset < 16u) return affineScaleByte(base, offset - 4u);
    uint j = offset - 16u;
    if (kType == kQ5K) {
        if (j < 32u) return partsAt(base, j, 32u, 4u, 1u);
        j -= 32u;
    }
    return partsAt(base, j / 32u * 64u + j % 32u, 32u, 0u, 4u);
}

uint signedByte(uint base, uint offset) {
    if (kType == kQ3K) {
        if (offset < 32u) return partsAt(base, offset, 32u, 2u, 1u);
        if (offset < 96u) return partsAt(base, (offset - 32u) / 32u * 128u + offset % 32u, 32u, 0u, 2u);
        return offset < 108u ? signedScaleByte(base, offset - 96u) : halfByte(sharedD[base], offset - 108u);
    }
    if (offset < 128u) return partsAt(base, offset / 64u * 128u + offset % 64u, 64u, 0u, 4u);
    if (offset < 192u) return partsAt(base, (offset - 128u) / 32u * 128u + offset % 32u, 32u, 4u, 2u);
    return offset < 208u ? sharedScaleCodes[base + offset - 192u] & 0xFFu : halfByte(sharedD[base], offset - 208u);
}

uint legacyByte(uint base, uint offset) {
    if (offset < 2u) return halfByte(sharedD[base], offset);
    uint j = offset - 2u;
    if (kHasMinimum) {
        if (j < 2u) return halfByte(sharedDmin[base], j);
        j -= 2u;
    }
    if (!kHasFifthBits) return partsAt(base, j, 16u, 0u, 4u);
    if (j >= 4u) return partsAt(base, j - 4u, 16u, 0u, 4u);
    uint high = 0u;
    for (uint i = 0; i < 8u; ++i) high |= (codeAt(base, 8u * j + i) >> 4) << i;
    return high;
}

uint byteAt(uint offset) {
    const uint base = offset / kBlockBytes * kSubBlocks, inBlock = offset % kBlockBytes;
    if (kIsLegacy) return legacyByte(base, inBlock);
    if (kIsNonlinear) return nonlinearByte(base, inBlock);
    if (kIsAffine) return affineByte(base, inBlock);
    return signedByte(base, inBlock);
}

void writeBytes(uint workgroup) {
    const uint bytes = gl_WorkGroupSize.x / kSubBlocks * kBlockBytes, begin = workgroup * bytes;
    const uint most = (blocks * kBlockBytes + 3u) / 4u;  // words of the whole task
    for (uint word = gl_LocalInvocationID.x; word < bytes / 4u && begin / 4u + word < most; word += gl_WorkGroupSize.x) {
        uint value = 0u;
        for (uint i = 0; i < 4u; ++i) value |= byteAt(4u * word + i) << (8u * i);
        packed[begin / 4u + word] = value;
    }
}

void main() {
    const uint workgroup = firstWorkgroup + groupIndex();
    if (workgroup >= endWorkgroup) return;  // the same for all of it
    const uint lane = gl_LocalInvocationID.x, base = lane / kSubBlocks * kSubBlocks;
    const uint block = workgroup * (gl_WorkGroupSize.x / kSubBlocks) + lane / kSubBlocks;
    const bool exists = block < blocks;
    sharedIsLeft[lane] = exists && !searchSubBlock((block * kSubBlocks + lane % kSubBlocks) * kSize, lane) ? 1u : 0u;
    barrier();
    if (lane == base && exists) {
        for (uint b = 1; b < kSubBlocks; ++b) sharedIsLeft[lane] |= sharedIsLeft[lane + b];
        for (uint i = 0; i < kSize; ++i) keptCodes[i] = codes[i];
        if (sharedIsLeft[lane] == 0u) finishScales(lane);
        if (kIsWeighted) restoreSubBlock(block * kSubBlocks * kSize);
        if (sharedIsLeft[lane] != 0u) leaveToProcessor(block);
    }
    barrier();
    if (exists && sharedIsLeft[base] == 0u) codeSubBlock(lane, base);
    barrier();
    writeBytes(workgroup);
    storeFigures(workgroup);
}
