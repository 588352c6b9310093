// SPDX-License-Identifier: GPL-3.0-or-later
// Multiply-adds on registers alone: what the device's arithmetic can do at most. Eight independent chains of four lanes
// hide the latency of an addition; the sum is stored so that none of them can be left out.
layout(push_constant) uniform Parameters {
    uint rounds;
    float factor;
    float summand;
};

layout(set = 0, binding = 0) writeonly restrict buffer Output { float y[]; };

void main() {
    const vec4 a = vec4(factor), b = vec4(summand);
    const vec4 start = vec4(0.00, 0.01, 0.02, 0.03) + float(globalIndex() & 255u);
    vec4 c0 = start, c1 = start + 0.1, c2 = start + 0.2, c3 = start + 0.3;
    vec4 c4 = start + 0.4, c5 = start + 0.5, c6 = start + 0.6, c7 = start + 0.7;
    for (uint i = 0; i < rounds; ++i) {
        c0 = fma(c0, a, b);
        c1 = fma(c1, a, b);
        c2 = fma(c2, a, b);
        c3 = fma(c3, a, b);
        c4 = fma(c4, a, b);
        c5 = fma(c5, a, b);
        c6 = fma(c6, a, b);
        c7 = fma(c7, a, b);
    }
    y[globalIndex()] = dot(c0 + c1 + c2 + c3 + c4 + c5 + c6 + c7, vec4(1.0));
}
