// SPDX-License-Identifier: GPL-3.0-or-later
// Element by element over whole buffers, four at a time: activations, gated activations and sums. Output may be an
// input.
layout(constant_id = 2) const uint kActivation = 0;  ///< 0 none, 1 SiLU, 2 GELU (erf), 3 GELU (tanh)
layout(constant_id = 3) const uint kCombine = 0;     ///< 0: act(a), 1: act(a) b, 2: act(a) + b

layout(push_constant) uniform Parameters { uint quads; };

layout(set = 0, binding = 0) readonly buffer First { vec4 a[]; };
layout(set = 0, binding = 1) readonly buffer Second { vec4 b[]; };
layout(set = 0, binding = 2) writeonly buffer Output { vec4 y[]; };

/// Abramowitz and Stegun 7.1.26, absolute error below 1.5e-7.
vec4 errorFunction(vec4 v) {
    const vec4 magnitude = abs(v), t = 1.0 / (1.0 + 0.3275911 * magnitude);
    const vec4 polynomial =
        ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t;
    return sign(v) * (1.0 - polynomial * exp(-magnitude * magnitude));
}

vec4 activate(vec4 v) {
    if (kActivation == 1u) return v / (1.0 + exp(-v));
    if (kActivation == 2u) return 0.5 * v * (1.0 + errorFunction(v * 0.70710678118654752));
    if (kActivation == 3u) {
        // tanh is 1 in binary32 from 10 on; larger arguments overflow in some drivers.
        const vec4 inner = clamp(0.79788456080286536 * (v + 0.044715 * v * v * v), -15.0, 15.0);
        return 0.5 * v * (1.0 + tanh(inner));
    }
    return v;
}

void main() {
    for (uint i = globalIndex(); i < quads; i += globalCount()) {
        vec4 value = activate(a[i]);
        if (kCombine == 1u) value *= b[i];
        if (kCombine == 2u) value += b[i];
        y[i] = value;
    }
}
