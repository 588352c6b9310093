// SPDX-License-Identifier: GPL-3.0-or-later
// Sums and maxima over a workgroup, for any subgroup size. Where the plan guarantees that a workgroup is one subgroup,
// the shared memory and the barriers fall away at specialization. All invocations of the workgroup must call.

layout(constant_id = 1) const bool kSeveralSubgroups = true;

// Subgroups are at least 4 wide (the device plan refuses others).
shared float sharedPartial[gl_WorkGroupSize.x / 4 + 1];

float workgroupSum(float value) {
    float total = subgroupAdd(value);
    if (!kSeveralSubgroups) return total;
    if (subgroupElect()) sharedPartial[gl_SubgroupID] = total;
    barrier();
    total = 0.0;
    for (uint i = 0; i < gl_NumSubgroups; ++i) total += sharedPartial[i];
    barrier();  // the next reduction writes the same places
    return total;
}

float workgroupMax(float value) {
    float largest = subgroupMax(value);
    if (!kSeveralSubgroups) return largest;
    if (subgroupElect()) sharedPartial[gl_SubgroupID] = largest;
    barrier();
    largest = sharedPartial[0];
    for (uint i = 1; i < gl_NumSubgroups; ++i) largest = max(largest, sharedPartial[i]);
    barrier();
    return largest;
}
