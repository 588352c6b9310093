// SPDX-License-Identifier: GPL-3.0-or-later
// What a row of activations is rounded by (core/inference/run_format.h): for round_rows.glsl, which makes values of it,
// and quantize_rows.glsl, which makes codes.
#include "include/exact.glsl"
#include "include/reduce.glsl"

layout(constant_id = 2) const uint kRounding = 1;  ///< 1: int8, 2: int8 with a given scale, 3: FP8 E4M3, 0: see there

layout(push_constant) uniform Parameters {
    uint tokens;
    uint width;
    uint inputStride;
    uint outputStride;
    float scale;
    float inverseScale;
};

layout(set = 0, binding = 0) readonly restrict buffer Input { float x[]; };

const float kSmallestMaximum = 7.888609052210118e-31;  // 2^-100

struct Step {
    float size;
    float inverse;
    bool isFinite;  ///< else the row holds NaN or infinity
    bool isZero;    ///< the row has no value that counts
};

uint quotientBits(float a, float b) { return divideBits(floatBitsToUint(a), floatBitsToUint(b)); }

/// Of the row of a token. All invocations of the workgroup must call.
Step stepOfRow(uint token) {
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
    Step result = Step(scale, inverseScale, workgroupMax(isWrong) == 0.0, maximum < kSmallestMaximum);
    if (kRounding != 2 && !result.isZero) {
        const float most = kRounding == 3 ? 448.0 : 127.0;
        result.size = uintBitsToFloat(quotientBits(maximum, most));
        result.inverse = uintBitsToFloat(quotientBits(most, maximum));
    }
    return result;
}

/// The code of a value, int8.
float codeOf(float value, float inverse) {
    precise const float scaled = value * inverse;
    return roundEven(clamp(scaled, -127.0, 127.0));
}
