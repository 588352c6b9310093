// SPDX-License-Identifier: GPL-3.0-or-later
// The eight 6-bit scales and minima that Q4_K and Q5_K pack into 12 bytes (three words at `byteOffset`).
uvec2 readScaleAndMin(uint byteOffset, uint subBlock) {
    const uint index = byteOffset >> 2;
    const uint shift = (subBlock & 3u) * 8u;
    const uint first = weights[index] >> shift, second = weights[index + 1u] >> shift;
    if (subBlock < 4u) return uvec2(first & 63u, second & 63u);
    const uint third = weights[index + 2u] >> shift;
    return uvec2((third & 15u) | ((first >> 2) & 48u), ((third >> 4) & 15u) | ((second >> 2) & 48u));
}
