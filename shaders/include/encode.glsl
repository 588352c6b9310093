// SPDX-License-Identifier: GPL-3.0-or-later
// What all encoders share: reading the original values, handing groups over to the processor, error figures, and the
// binary32 operations of the processor's encoders with the same results on every device.
//
// The bytes depend on these things alone: sums, differences and products are rounded to nearest even (declared below;
// the device plan asks for it) and are not contracted (`precise`); quotients and binary16 numbers are made of integers
// (exact.glsl). A group in which a number could be subnormal, or is not finite, is left to the processor: many devices
// flush subnormal numbers.
#include "include/exact.glsl"
#include "include/reduce.glsl"

spirv_execution_mode(extensions = ["SPV_KHR_float_controls"], capabilities = [4467], 4462, 32);  // RoundingModeRTE

layout(constant_id = 2) const uint kSource = 0;  ///< 0: F32, 1: BF16, 2: F16

layout(set = 0, binding = 0) readonly restrict buffer Source { uint source[]; };
layout(set = 0, binding = 1) writeonly restrict buffer Packed { uint packed[]; };
/// Number of groups left, three words unused, their indices (kMostLeft), then the figures of each workgroup.
layout(set = 0, binding = 2) restrict buffer Notes { uint notes[]; };
/// 256 thresholds, 256 levels, 1024 parts of the range, 256 thresholds and 256 values of scales of scales, then four
/// words a group, then the importance of columns.
layout(set = 0, binding = 3) restrict buffer Scratch { uint scratch[]; };

const uint kMostLeft = 4092u;
const uint kFiguresBegin = 4096u, kFigureWords = 8u;
const uint kThresholds = 0u, kLevels = 256u, kParts = 512u;
const uint kNestedThresholds = 1536u, kNestedMap = 1792u, kGrids = 2048u;

const uint kLeastNormal = 0x00800000u, kInfinity = 0x7F800000u;
const uint kLeastMaximum = 0x21800000u, kMostMaximum = 0x5D800000u;  // 2^-60, 2^60

/// Value of a binary16 number without sign; the same bits on devices that flush.
float halfMagnitude(uint bits) {
    if (bits >= 0x400u) return uintBitsToFloat((bits << 13) + 0x38000000u);
    return float(bits) * 5.9604644775390625e-8;  // 2^-24
}

/// Bits of an original value as binary32.
uint sourceBits(uint index) {
    if (kSource == 0u) return source[index];
    const uint half_ = (source[index >> 1] >> ((index & 1u) * 16u)) & 0xFFFFu;
    if (kSource == 1u) return half_ << 16;
    const uint magnitude = half_ & 0x7FFFu, sign = (half_ & 0x8000u) << 16;
    if (magnitude >= 0x7C00u) return sign | kInfinity;
    return sign | floatBitsToUint(halfMagnitude(magnitude));
}

/// Whether a number may not be computed with: NaN, infinite, subnormal.
bool isSpecial(uint bits) {
    const uint magnitude = bits & 0x7FFFFFFFu;
    return magnitude >= kInfinity || (magnitude != 0u && magnitude < kLeastNormal);
}
/// Whether all that a group's codes follow from is a normal number, given its largest magnitude.
bool isTame(uint maximumBits) {
    return maximumBits == 0u || (maximumBits >= kLeastMaximum && maximumBits <= kMostMaximum);
}

/// 1 / x, rounded to nearest even; x is normal and so is the result. (Division of a constant by divideBits() brings
/// down the optimizer of glslc 2023.2.)
float reciprocal(float x) {
    const uint bits = floatBitsToUint(x), sign = bits & 0x80000000u, exponent = (bits >> 23) & 0xFFu;
    const uint divisor = (bits & 0x7FFFFFu) | 0x800000u;
    if (divisor == 0x800000u) return uintBitsToFloat(sign | ((254u - exponent) << 23));
    uint rest = 0x1000000u, quotient_ = 0u;
    for (uint i = 0; i < 25; ++i) {
        quotient_ <<= 1;
        if (rest >= divisor) {
            rest -= divisor;
            quotient_ |= 1u;
        }
        rest <<= 1;
    }
    quotient_ = (quotient_ << 1) | (rest != 0u ? 1u : 0u);
    return uintBitsToFloat(sign | (((252u - exponent) << 23) + shiftRounded(quotient_, 2)));
}
float quotient(float a, float b) {
    const uint bitsA = floatBitsToUint(a), bitsB = floatBitsToUint(b);
    return uintBitsToFloat(((bitsA ^ bitsB) & 0x80000000u) | divideBits(bitsA & 0x7FFFFFFFu, bitsB & 0x7FFFFFFFu));
}

/// An approximate quotient suffices to round to a whole number unless it is this near to the middle of two (twice what
/// a reciprocal and a product may be off).
const float kUncertain = 9.5367431640625e-7;  // 2^-20

int wholeNumber(float value) {
    precise const float shifted = clamp(value, -1024.0, 1024.0) + 12582912.0;  // 1.5 * 2^23
    return floatBitsToInt(shifted) - 0x4B400000;
}

/// value / scale rounded to nearest even within [low, high]; `inverse`: 1 / scale, some units off.
int roundedQuotient(float value, float scale, float inverse, int low, int high) {
    precise const float about = value * inverse;
    const int code = wholeNumber(about);
    const float rest = abs(about - float(code));
    if (abs(rest - 0.5) > abs(about) * kUncertain || abs(about) > 1000.0) return clamp(code, low, high);
    return clamp(wholeNumber(quotient(value, scale)), low, high);
}

/// Binary16 bits of a number, and the number that they mean.
uint signedHalf(float value) {
    const uint bits = floatBitsToUint(value);
    return halfBits(bits & 0x7FFFFFFFu) | ((bits >> 16) & 0x8000u);
}
float halfValue(uint bits) {
    const float magnitude = halfMagnitude(bits & 0x7FFFu);
    return (bits & 0x8000u) != 0u ? -magnitude : magnitude;
}
bool isTooLarge(uint half_) { return (half_ & 0x7FFFu) >= 0x7C00u; }

void leaveToProcessor(uint group) {
    const uint place = atomicAdd(notes[0], 1u);
    if (place < kMostLeft) notes[4u + place] = group;
}

/// Sums over the values of this invocation (core/quant/methods/quantize.h, Distortion).
float figureErrors = 0.0, figureSquares = 0.0, figureProducts = 0.0, figureQuantized = 0.0, figureLargest = 0.0;

void addFigures(float original, float quantized) {
    const float error = original - quantized;
    figureErrors += error * error;
    figureSquares += original * original;
    figureProducts += original * quantized;
    figureQuantized += quantized * quantized;
    figureLargest = max(figureLargest, abs(error));
}

/// All invocations of the workgroup must call.
void storeFigures(uint workgroup) {
    const float errors = workgroupSum(figureErrors), squares = workgroupSum(figureSquares);
    const float products = workgroupSum(figureProducts), quantized = workgroupSum(figureQuantized);
    const float largest = workgroupMax(figureLargest);
    if (gl_LocalInvocationID.x != 0u) return;
    const uint at = kFiguresBegin + workgroup * kFigureWords;
    notes[at] = floatBitsToUint(errors);
    notes[at + 1u] = floatBitsToUint(squares);
    notes[at + 2u] = floatBitsToUint(products);
    notes[at + 3u] = floatBitsToUint(quantized);
    notes[at + 4u] = floatBitsToUint(largest);
}
