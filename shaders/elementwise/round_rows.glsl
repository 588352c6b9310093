// SPDX-License-Identifier: GPL-3.0-or-later
// Rows of activations as rounding leaves them (core/inference/run_format.h): codes times scale, a workgroup for each row.
// The same binary32 operations as on the processor.
#include "include/row_step.glsl"

layout(set = 0, binding = 1) writeonly restrict buffer Output { float y[]; };

float nearestE4M3(float value) {
    const uint bits = floatBitsToUint(value);
    if (abs(value) < 0.015625) return roundEven(value * 512.0) * 0.001953125;
    const uint rounded = (bits + 0x7FFFFu + ((bits >> 20) & 1u)) & ~0xFFFFFu;
    return clamp(uintBitsToFloat(rounded), -448.0, 448.0);
}

float rounded(float value, Step by) {
    precise const float scaled = value * by.inverse;
    const float code = kRounding == 3 ? nearestE4M3(scaled) : codeOf(value, by.inverse);
    precise const float result = code * by.size;
    return result;
}

void main() {
    const uint token = groupIndex();
    if (token >= tokens) return;  // the same for the whole workgroup
    const Step by = stepOfRow(token);
    // The rest of a row stays zero: the next kernel reads whole vectors.
    for (uint i = gl_LocalInvocationID.x; i < outputStride; i += gl_WorkGroupSize.x) {
        float value = 0.0;
        if (i < width && !(by.isFinite && by.isZero)) {
            value = x[token * inputStride + i];
            if (by.isFinite) value = rounded(value, by);
        }
        y[token * outputStride + i] = value;
    }
}
