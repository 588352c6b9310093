// SPDX-License-Identifier: GPL-3.0-or-later
// Rows of activations as rounding leaves them (core/inference/run_format.h): codes times scale, a workgroup for each row.
// The same binary32 operations as on the processor.
#include "include/exact.glsl"
#include "include/reduce.glsl"

layout(constant_id = 2) const uint kRounding = 1;  ///< 1: int8, 2: int8 with a given scale, 3: FP8 E4M3

layout(push_constant) uniform Parameters {
    uint tokens;
    uint width;
    uint inputStride;
    uint outputStride;
    float scale;
    float inverseScale;
};

layout(set = 0, binding = 0) readonly restrict buffer Input { float x[]; };
layout(set = 0, binding = 1) writeonly restrict buffer Output { float y[]; };

const float kSmallestMaximum = 7.888609052210118e-31;  // 2^-100

float nearestE4M3(float value) {
    const uint bits = floatBitsToUint(value);
    if (abs(value) < 0.015625) return roundEven(value * 512.0) * 0.001953125;
    const uint rounded = (bits + 0x7FFFFu + ((bits >> 20) & 1u)) & ~0xFFFFFu;
    return clamp(uintBitsToFloat(rounded), -448.0, 448.0);
}

float rounded(float value, float inverse, float step_) {
    precise const float scaled = value * inverse;
    const float code = kRounding == 3 ? nearestE4M3(scaled) : roundEven(clamp(scaled, -127.0, 127.0));
    precise const float result = code * step_;
    return result;
}

void main() {
    const uint token = groupIndex();
    if (token >= tokens) return;  // the same for the whole workgroup
    float largest = 0.0, isWrong = 0.0;
    for (uint i = gl_LocalInvocationID.x; i < width; i += gl_WorkGroupSize.x) {
        const uint bits = floatBitsToUint(x[token * inputStride + i]) & 0x7FFFFFFFu;
        if (bits >= 0x7F800000u) {
            isWrong = 1.0;
        } else {
            largest = max(largest, uintBitsToFloat(bits));
        }
    }
    const float maximum = workgroupMax(largest);
    const bool keep = workgroupMax(isWrong) > 0.0;
    const float most = kRounding == 3 ? 448.0 : 127.0;
    float step_ = scale, inverse = inverseScale;
    if (kRounding != 2 && maximum >= kSmallestMaximum) {
        step_ = uintBitsToFloat(divideBits(floatBitsToUint(maximum), floatBitsToUint(most)));
        inverse = uintBitsToFloat(divideBits(floatBitsToUint(most), floatBitsToUint(maximum)));
    }
    // The rest of a row stays zero: the next kernel reads whole vectors.
    for (uint i = gl_LocalInvocationID.x; i < outputStride; i += gl_WorkGroupSize.x) {
        float value = 0.0;
        if (i < width && (keep || maximum >= kSmallestMaximum)) {
            value = x[token * inputStride + i];
            if (!keep) value = rounded(value, inverse, step_);
        }
        y[token * outputStride + i] = value;
    }
}
