// SPDX-License-Identifier: GPL-3.0-or-later
// The parametric families on the device (core/quant/formats/integer_family.cpp, level_family.cpp): what a group stores
// and the code of a value.
#include "include/encode.glsl"

layout(constant_id = 8) const uint kBits = 4;      ///< of a code
layout(constant_id = 9) const uint kZeroKind = 0;  ///< 0: symmetric, 1: whole zero point, 2: float zero point, 3: levels
layout(constant_id = 11) const uint kScaleType = 0;  ///< 0: F16, 1: BF16, 2: F32, 3: E8M0, 4: in two levels, F32 at first

/// Scales that are whole binary32 numbers, and those that end as a byte for each group.
const bool kIsSingle = kScaleType == 2u || kScaleType == 4u, kIsNested = kScaleType == 4u;

const int kMaxCode = (1 << kBits) - 1;
const uint kNotANumber = 0x7FC00000u;  ///< the scale of a group that is left to the processor

struct Grid {
    uint scaleBits;    ///< as stored
    float scale;       ///< what they mean
    uint zero;         ///< whole zero point, stored bits of a float one, or the code of levels scaled by zero
    float minimum;     ///< float zero point; of a whole one what it was found for
};

Grid loadGrid(uint group) {
    const uint at = kGrids + group * 4u;
    return Grid(scratch[at], uintBitsToFloat(scratch[at + 1u]), scratch[at + 2u], uintBitsToFloat(scratch[at + 3u]));
}
bool isLeftGroup(uint group) { return scratch[kGrids + group * 4u + 1u] == kNotANumber; }

uint countOfThresholds(float value, uint count) {
    uint below = 0u, above = count;
    while (below < above) {
        const uint middle = (below + above) / 2u;
        if (uintBitsToFloat(scratch[kThresholds + middle]) <= value) {
            below = middle + 1u;
        } else {
            above = middle;
        }
    }
    return below;
}
bool isNear(float value, uint threshold) {
    const float at = uintBitsToFloat(scratch[kThresholds + threshold]);
    return abs(value - at) <= abs(at) * kUncertain;
}

/// Code of the level nearest to value / scale; `levels` of them.
uint nearestLevel(float value, float scale, float inverse, uint levels) {
    const float about = value * inverse;
    const uint code = countOfThresholds(about, levels - 1u);
    const bool isSure = (code == 0u || !isNear(about, code - 1u)) && (code + 1u == levels || !isNear(about, code));
    return isSure ? code : countOfThresholds(quotient(value, scale), levels - 1u);
}
float levelOf(uint code) { return uintBitsToFloat(scratch[kLevels + code]); }

/// Stored code of a value in a grid.
uint codeOf(Grid grid, float value, float inverse, uint levels) {
    if (grid.scale == 0.0) return kZeroKind == 2u ? 0u : grid.zero;
    if (kZeroKind == 3u) return nearestLevel(value, grid.scale, inverse, levels);
    if (kZeroKind == 2u) {
        precise const float above = value - grid.minimum;
        return uint(roundedQuotient(above, grid.scale, inverse, 0, kMaxCode));
    }
    const int zero = int(grid.zero);
    return uint(roundedQuotient(value, grid.scale, inverse, -zero, kMaxCode - zero) + zero);
}

/// Value of a stored code, rounded as the processor rounds it.
float valueOf(Grid grid, uint code) {
    if (kZeroKind == 3u) {
        precise const float scaled = levelOf(code) * grid.scale;
        return scaled;
    }
    if (kZeroKind == 2u) {
        precise const float scaled = float(code) * grid.scale;
        precise const float moved = scaled + grid.minimum;
        return moved;
    }
    precise const float scaled = float(int(code) - int(grid.zero)) * grid.scale;
    return scaled;
}
