// SPDX-License-Identifier: GPL-3.0-or-later
// Counts values by their leading 16 bits (sign, exponent, 7 bits of mantissa), the bins of FloatHistogram. The bins
// must be zero before. Non-finite values are left out.
layout(push_constant) uniform Parameters {
    uint tokens;
    uint width;
    uint inputStride;
};

layout(set = 0, binding = 0) readonly restrict buffer Input { uint x[]; };
layout(set = 0, binding = 1) restrict buffer Output { uint bins[]; };

void main() {
    const uint total = tokens * width;
    for (uint i = globalIndex(); i < total; i += globalCount()) {
        const uint bits = x[(i / width) * inputStride + i % width];
        if ((bits & 0x7F800000u) != 0x7F800000u) atomicAdd(bins[bits >> 16], 1u);
    }
}
