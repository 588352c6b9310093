// SPDX-License-Identifier: GPL-3.0-or-later
// What every shader starts with: extensions, the workgroup size and the index of a workgroup.
#extension GL_EXT_control_flow_attributes : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_arithmetic : require
#extension GL_KHR_shader_subgroup_shuffle : require
#extension GL_EXT_spirv_intrinsics : enable

layout(local_size_x_id = 0) in;

/// Index of this workgroup in a grid that the host folds into y (and z), because x alone may end at 65535.
uint groupIndex() {
    return (gl_WorkGroupID.z * gl_NumWorkGroups.y + gl_WorkGroupID.y) * gl_NumWorkGroups.x + gl_WorkGroupID.x;
}

uint groupCount() { return gl_NumWorkGroups.x * gl_NumWorkGroups.y * gl_NumWorkGroups.z; }

/// Index of this invocation and number of invocations in the whole grid, for strided loops.
uint globalIndex() { return groupIndex() * gl_WorkGroupSize.x + gl_LocalInvocationID.x; }
uint globalCount() { return groupCount() * gl_WorkGroupSize.x; }
