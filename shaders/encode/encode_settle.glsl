// SPDX-License-Identifier: GPL-3.0-or-later
// Scales that are stored in two levels (core/quant/formats/nested_scale.h), a workgroup a row: finds the second level of
// the row's scales, and of its minima, and rounds the grids of its groups to what that allows. What concerns a group
// concerns its row, which is left to the processor as one.
#include "include/encode_group.glsl"
#include "include/exact_mean.glsl"

layout(push_constant) uniform Parameters {
    uint firstWorkgroup;  ///< of this dispatch in the whole task
    uint endWorkgroup;
    uint groupsPerRow;
    uint rowWords;
    uint scaleWord;  ///< of a row, where its scales begin
    uint zeroWord;   ///< where its zero points begin
};

/// Groups of a second-level scale: a multiple of the workgroup, so that an invocation keeps its groups from one loop to
/// the next.
const uint kNestedGroups = 256u;
/// Least magnitudes, 2^-90 and 2^-100: below, what a scale is made of could become subnormal.
const uint kLeastOffset = 0x12800000u, kLeastLargest = 0x0D800000u;

shared uvec2 sharedSums[gl_WorkGroupSize.x];

/// Where a grid has its scale, and its minimum.
const uint kScalePlace = 1u, kMinimumPlace = 3u;
uint placeOf(uint row, uint group, uint member) { return kGrids + (row * groupsPerRow + group) * 4u + member; }

/// The mean of a member of the row's grids; false where it cannot be had exactly.
bool meanOfRow(uint row, uint member, out float mean) {
    float least = 255.0, most = 0.0, left = 0.0;
    for (uint group = gl_LocalInvocationID.x; group < groupsPerRow; group += gl_WorkGroupSize.x) {
        const uint bits = scratch[placeOf(row, group, member)], magnitude = bits & 0x7FFFFFFFu;
        if (isLeftGroup(row * groupsPerRow + group) || (magnitude != 0u && magnitude < kLeastNormal)) left = 1.0;
        if (magnitude == 0u) continue;
        least = min(least, float(magnitude >> 23));
        most = max(most, float(magnitude >> 23));
    }
    const uint unit = uint(-workgroupMax(-least)), top = uint(workgroupMax(most));
    mean = 0.0;
    if (workgroupMax(left) > 0.0) return false;
    if (top == 0u) return true;  // all of them zero
    if (!isSummable(unit, top, groupsPerRow)) return false;
    uvec2 sum = uvec2(0u);
    for (uint group = gl_LocalInvocationID.x; group < groupsPerRow; group += gl_WorkGroupSize.x)
        sum = addWide(sum, wideOf(uintBitsToFloat(scratch[placeOf(row, group, member)]), unit));
    sharedSums[gl_LocalInvocationID.x] = sum;
    barrier();
    sum = uvec2(0u);
    for (uint i = 0; i < gl_WorkGroupSize.x; ++i) sum = addWide(sum, sharedSums[i]);
    barrier();  // the next sum is written to the same places
    mean = meanOf(sum, groupsPerRow, unit);
    const uint magnitude = floatBitsToUint(mean) & 0x7FFFFFFFu;
    return magnitude == 0u || (magnitude >= kLeastOffset && magnitude < kInfinity);
}

/// Entry of the map that a scale takes.
uint nestedCode(float difference, float largest) {
    if (largest == 0.0) return 127u;
    const float value = quotient(difference, largest);
    uint below = 0u, above = 255u;
    while (below < above) {
        const uint middle = (below + above) / 2u;
        if (uintBitsToFloat(scratch[kNestedThresholds + middle]) <= value) {
            below = middle + 1u;
        } else {
            above = middle;
        }
    }
    return below;
}

/// One member of all grids of the row: what it means in place of what it was, and its code. False: the row is left.
bool settleMember(uint row, uint member, uint codeMember, uint sectionWord) {
    float offset;
    if (!meanOfRow(row, member, offset)) return false;
    const uint second = row * rowWords + sectionWord + (groupsPerRow + 3u) / 4u;
    if (gl_LocalInvocationID.x == 0u) packed[second] = floatBitsToUint(offset);
    bool isWithin = true;
    for (uint first = 0u; first < groupsPerRow; first += kNestedGroups) {
        const uint end = min(groupsPerRow, first + kNestedGroups);
        float own = 0.0;
        for (uint group = first + gl_LocalInvocationID.x; group < end; group += gl_WorkGroupSize.x) {
            precise const float difference = uintBitsToFloat(scratch[placeOf(row, group, member)]) - offset;
            own = max(own, abs(difference));
        }
        const float largest = workgroupMax(own);
        isWithin = isWithin && (largest == 0.0 || floatBitsToUint(largest) >= kLeastLargest);
        if (gl_LocalInvocationID.x == 0u) packed[second + 1u + first / kNestedGroups] = floatBitsToUint(largest);
        for (uint group = first + gl_LocalInvocationID.x; group < end; group += gl_WorkGroupSize.x) {
            const uint place = placeOf(row, group, member);
            precise const float difference = uintBitsToFloat(scratch[place]) - offset;
            const uint code = nestedCode(difference, largest);
            precise const float scaled = uintBitsToFloat(scratch[kNestedMap + code]) * largest;
            precise const float value = scaled + offset;
            scratch[place] = floatBitsToUint(value);
            scratch[placeOf(row, group, codeMember)] = code;
        }
    }
    return isWithin;
}

/// Whole zero points follow from the scale that the group has got.
void settleZeros(uint row) {
    for (uint group = gl_LocalInvocationID.x; group < groupsPerRow; group += gl_WorkGroupSize.x) {
        const float scale = uintBitsToFloat(scratch[placeOf(row, group, kScalePlace)]);
        const float minimum = uintBitsToFloat(scratch[placeOf(row, group, kMinimumPlace)]);
        const int zero = scale != 0.0 ? clamp(wholeNumber(quotient(-minimum, scale)), 0, kMaxCode) : 0;
        scratch[placeOf(row, group, 2u)] = uint(zero);
    }
}

void main() {
    const uint row = firstWorkgroup + groupIndex();
    if (row >= endWorkgroup) return;  // the same for all of it
    bool isWithin = settleMember(row, kScalePlace, 0u, scaleWord);
    if (kZeroKind == 2u && isWithin) isWithin = settleMember(row, kMinimumPlace, 2u, zeroWord);
    if (isWithin) {
        if (kZeroKind == 1u) settleZeros(row);
        return;
    }
    if (gl_LocalInvocationID.x == 0u) leaveToProcessor(row);
    for (uint group = gl_LocalInvocationID.x; group < groupsPerRow; group += gl_WorkGroupSize.x)
        scratch[placeOf(row, group, kScalePlace)] = kNotANumber;
}
