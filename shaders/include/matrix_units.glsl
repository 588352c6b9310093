// SPDX-License-Identifier: GPL-3.0-or-later
// Matrices that a subgroup multiplies on the device's matrix units: values in binary16, sums in binary32. The compiler
// knows them as SPV_NV_cooperative_matrix; the build turns them into SPV_KHR_cooperative_matrix (tools/khr_matrices.h),
// for which the three sizes are constants of their own.
#extension GL_NV_cooperative_matrix : require
#extension GL_EXT_shader_explicit_arithmetic_types_float16 : require
#extension GL_KHR_memory_scope_semantics : require
#pragma use_vulkan_memory_model

layout(constant_id = 40) const uint kUnitTokens = 16;
layout(constant_id = 41) const uint kUnitRows = 16;
layout(constant_id = 42) const uint kUnitDepth = 16;

#define Inputs fcoopmatNV<16, gl_ScopeSubgroup, kUnitTokens, kUnitDepth>
#define WeightColumns fcoopmatNV<16, gl_ScopeSubgroup, kUnitDepth, kUnitRows>
#define Sums fcoopmatNV<32, gl_ScopeSubgroup, kUnitTokens, kUnitRows>
