// SPDX-License-Identifier: GPL-3.0-or-later
// Sums of products of kRows rows with kTokens tokens in an invocation's registers, and what a product is written to.
// float_products.glsl and integer_products.glsl add to them.
layout(constant_id = 2) const uint kRows = 4;
layout(constant_id = 3) const uint kTokens = 1;

layout(set = 0, binding = 2) readonly restrict buffer Bias { float bias[]; };
layout(set = 0, binding = 3) writeonly restrict buffer Output { float y[]; };

float sums[kRows * kTokens];

void clearSums() {
    [[unroll]] for (uint i = 0; i < kRows * kTokens; ++i) sums[i] = 0.0;
}
