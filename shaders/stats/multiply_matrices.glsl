// SPDX-License-Identifier: GPL-3.0-or-later
// Products of matrices that stay where they are: what the device's matrix units can do at most. Independent
// sums hide their latency; they are stored so that none of them can be left out. Workgroups are single subgroups.
#include "include/matrix_units.glsl"

layout(constant_id = 43) const uint kSums = 4;

layout(push_constant) uniform Parameters {
    uint rounds;
};

layout(set = 0, binding = 0) writeonly restrict buffer Output { float y[]; };

Sums sums[kSums];

void main() {
    Inputs a = Inputs(0.5);
    WeightColumns b = WeightColumns(0.001);
    [[unroll]] for (uint k = 0; k < kSums; ++k) sums[k] = Sums(0.0);
    for (uint i = 0; i < rounds; ++i) {
        [[unroll]] for (uint k = 0; k < kSums; ++k) sums[k] = coopMatMulAddNV(a, b, sums[k]);
    }
    // Each by itself: the compiler's optimizer fails on sums of matrices.
    [[unroll]] for (uint k = 0; k < kSums; ++k)
        coopMatStoreNV(sums[k], y, (groupIndex() * kSums + k) * kUnitTokens * kUnitRows, kUnitRows, false);
}
