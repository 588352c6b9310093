// SPDX-License-Identifier: GPL-3.0-or-later
// Products of matrices that stay where they are: what the device's matrix units can do at most. Independent
// sums hide their latency; they are stored so that none of them can be left out. Workgroups are single subgroups.
#extension GL_NV_cooperative_matrix : require
#extension GL_EXT_shader_explicit_arithmetic_types_float16 : require
#extension GL_KHR_memory_scope_semantics : require
#pragma use_vulkan_memory_model

layout(constant_id = 40) const uint kUnitTokens = 16;
layout(constant_id = 41) const uint kUnitRows = 16;
layout(constant_id = 42) const uint kUnitDepth = 16;
layout(constant_id = 43) const uint kSums = 4;

#define Inputs fcoopmatNV<16, gl_ScopeSubgroup, kUnitTokens, kUnitDepth>
#define WeightColumns fcoopmatNV<16, gl_ScopeSubgroup, kUnitDepth, kUnitRows>
#define Sums fcoopmatNV<32, gl_ScopeSubgroup, kUnitTokens, kUnitRows>

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
