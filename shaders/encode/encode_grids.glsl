// SPDX-License-Identifier: GPL-3.0-or-later
// Scale and zero point of each group of the parametric families, a workgroup a group: of the group's own range (which may
// go over a band of rows), of the whole tensor's, or the one of least squared error among shrunk ranges
// (core/quant/methods/integer_fit.cpp, level_fit.cpp). Candidates are spread over invocations; each adds up its squared
// errors in the processor's order.
#include "include/encode_group.glsl"

layout(push_constant) uniform Parameters {
    uint firstWorkgroup;  ///< of this dispatch in the whole task
    uint endWorkgroup;
    uint cols;
    uint groupsPerRow;
    uint groupSize;
    uint ranges;  ///< that are tried; 0: the full one, nothing is searched
    uint levels;
    float largestLevel;
    uint isFloatTable;
    int levelExponent;  ///< of the largest level
    uint zeroCode;      ///< of the level of least magnitude
    uint rows;
    uint bandRows;    ///< that share their scales; nothing is searched where they are several
    uint isWholeRange;  ///< whether there is one range for all groups, the following
    float wholeLeast;
    float wholeMost;
};

// Of a search: what is smaller could vanish on its way through a square.
const float kLeastValue = 8.673617379884035e-19;  // 2^-60
const uint kLeastSearched = 0x33800000u, kMostSearched = 0x58800000u;  // 2^-24, 2^50

/// Bits of a magnitude as stored, kept off infinity and off zero.
uint storedMagnitude(uint bits) {
    if (kScaleType == 0u) return clamp(halfBits(bits), 1u, 0x7BFFu);
    if (kScaleType == 1u) return max((bits + 0x7FFFu + ((bits >> 16) & 1u)) >> 16, 1u);
    return max(bits, 1u);
}
float storedValue(uint stored) {
    if (kScaleType == 2u) return uintBitsToFloat(stored);
    if (kScaleType == 1u) return uintBitsToFloat(stored << 16);
    const float magnitude = halfMagnitude(stored & 0x7FFFu);
    return (stored & 0x8000u) != 0u ? -magnitude : magnitude;
}
uint storedSign(float value) {
    if (!(value < 0.0)) return 0u;
    return kScaleType == 2u ? 0x80000000u : 0x8000u;
}

/// A scale, and nothing else yet.
Grid gridOfScale(float scale) {
    if (scale == 0.0) return Grid(0u, 0.0, 0u, 0.0);
    const uint stored = storedMagnitude(floatBitsToUint(abs(scale))) | storedSign(scale);
    return Grid(stored, storedValue(stored), 0u, 0.0);
}

Grid symmetricGrid(float extreme) {
    precise const float scale = extreme * (-1.0 / float(1 << (kBits - 1u)));  // a power of two
    Grid grid = gridOfScale(scale);
    grid.zero = 1u << (kBits - 1u);
    return grid;
}

Grid wholeZeroGrid(float least, float most) {
    const float minimum = least < 0.0 ? least : 0.0, maximum = most > 0.0 ? most : 0.0;
    precise const float range = maximum - minimum;
    Grid grid = gridOfScale(quotient(range, float(kMaxCode)));
    if (grid.scale != 0.0) grid.zero = uint(clamp(wholeNumber(quotient(-minimum, grid.scale)), 0, kMaxCode));
    return grid;
}

Grid floatZeroGrid(float least, float most) {
    uint stored = 0u;
    if (least != 0.0) {
        const uint bits = floatBitsToUint(abs(least));
        const uint magnitude = kScaleType == 0u   ? min(halfBits(bits), 0x7BFFu)
                               : kScaleType == 1u ? (bits + 0x7FFFu + ((bits >> 16) & 1u)) >> 16
                                                  : bits;
        stored = magnitude != 0u ? magnitude | storedSign(least) : 0u;
    }
    const float minimum = storedValue(stored);
    precise const float range = most - minimum;
    Grid grid = gridOfScale(range > 0.0 ? quotient(range, float(kMaxCode)) : 0.0);
    grid.zero = stored;
    grid.minimum = minimum;
    return grid;
}

Grid exponentGrid(int exponent) {
    const uint bits = uint(clamp(exponent, 1, 254));
    return Grid(bits, uintBitsToFloat(bits << 23), 0u, 0.0);
}

Grid levelGrid(float statistic) {
    if (kScaleType != 3u) {
        Grid grid = gridOfScale(quotient(statistic, largestLevel));
        grid.zero = zeroCode;
        return grid;
    }
    // Any scale leaves zeros what they are.
    if (statistic == 0.0) return Grid(0u, 1.0, 0u, 0.0);
    if (isFloatTable != 0u) return exponentGrid(int(floatBitsToUint(statistic) >> 23) - levelExponent);
    const int exponent = int(floatBitsToUint(quotient(statistic, largestLevel)) >> 23);
    const Grid grid = exponentGrid(exponent);
    return grid.scale * largestLevel < statistic ? exponentGrid(exponent + 1) : grid;
}

struct Range {
    float least, most, magnitude;
};

Grid fullGrid(Range range) {
    if (kZeroKind == 3u) return levelGrid(range.magnitude);
    if (kZeroKind == 2u) return floatZeroGrid(range.least, range.most);
    if (kZeroKind == 1u) return wholeZeroGrid(range.least, range.most);
    return symmetricGrid(range.most > -range.least ? range.most : range.least);
}

float partOf(uint step_) { return uintBitsToFloat(scratch[kParts + step_]); }

/// Candidates in the order of the processor, which decides between equals.
uint candidateCount() {
    if (kZeroKind == 0u) return 2u * ranges;
    return kZeroKind == 3u ? ranges + (kScaleType == 3u ? 2u : 1u) : ranges;
}
Grid candidateGrid(uint candidate, Range range) {
    if (kZeroKind == 3u) {
        const uint extra = kScaleType == 3u ? 2u : 1u;
        if (candidate == 0u) return levelGrid(range.magnitude);
        if (candidate < extra) return levelGrid(2.0 * range.magnitude);
        precise const float part = range.magnitude * partOf(candidate - extra);
        return levelGrid(part);
    }
    const float share = partOf(kZeroKind == 0u ? candidate / 2u : candidate);
    precise const float least = range.least * share;
    precise const float most = range.most * share;
    if (kZeroKind == 1u) return wholeZeroGrid(least, most);
    const float extreme = most > -least ? most : least;
    return symmetricGrid((candidate & 1u) != 0u ? -extreme : extreme);
}

struct Measured {
    float sum;
    bool isLost;  ///< an error was so small that its square may be
};

float squareOf(Grid grid, float inverse, float value, inout bool isLost) {
    precise const float error = valueOf(grid, codeOf(grid, value, inverse, levels)) - value;
    isLost = isLost || (error != 0.0 && abs(error) < kLeastValue);
    precise const float square = error * error;
    return square;
}

Measured measure(Grid grid, uint first, uint count) {
    Measured result = Measured(0.0, false);
    const float inverse = 1.0 / grid.scale;
    if (kZeroKind != 3u) {
        for (uint i = 0; i < count; ++i) {
            precise const float sum =
                result.sum + squareOf(grid, inverse, uintBitsToFloat(sourceBits(first + i)), result.isLost);
            result.sum = sum;
        }
        return result;
    }
    float sums[16];
    [[unroll]] for (uint lane = 0; lane < 16; ++lane) sums[lane] = 0.0;
    for (uint i = 0; i < count; i += 16u) {
        [[unroll]] for (uint lane = 0; lane < 16; ++lane) {
            if (i + lane < count) {
                precise const float sum =
                    sums[lane] + squareOf(grid, inverse, uintBitsToFloat(sourceBits(first + i + lane)), result.isLost);
                sums[lane] = sum;
            }
        }
    }
    [[unroll]] for (uint lane = 0; lane < 16; ++lane) {
        precise const float total = result.sum + sums[lane];
        result.sum = total;
    }
    return result;
}

/// What shares a scale: some columns of some rows.
struct Tile {
    uint row, rows, column, columns;
};
Tile tileOf(uint group) {
    const uint row = group / groupsPerRow * bandRows, column = group % groupsPerRow * groupSize;
    return Tile(row, min(bandRows, rows - row), column, min(groupSize, cols - column));
}

void storeGrid(uint row, Tile tile, Grid grid) {
    const uint at = kGrids + (row * groupsPerRow + tile.column / groupSize) * 4u;
    scratch[at] = grid.scaleBits;
    scratch[at + 1u] = floatBitsToUint(grid.scale);
    scratch[at + 2u] = grid.zero;
    scratch[at + 3u] = floatBitsToUint(grid.minimum);
}
/// The same for all rows; all invocations call.
void storeGrids(Tile tile, Grid grid) {
    for (uint i = gl_LocalInvocationID.x; i < tile.rows; i += gl_WorkGroupSize.x) storeGrid(tile.row + i, tile, grid);
}
void storeLeft(uint group, Tile tile) {
    if (gl_LocalInvocationID.x == 0u) leaveToProcessor(group);
    storeGrids(tile, Grid(0u, uintBitsToFloat(kNotANumber), 0u, 0.0));
}

/// The candidate of least error, the first of equals.
void search(uint group, Tile tile, Range range) {
    const float kWorst = 3.0e38;
    const uint first = tile.row * cols + tile.column;
    float bestError = kWorst;
    uint bestCandidate = 0u;
    Grid best = Grid(0u, 0.0, 0u, 0.0);
    bool isLost = false;
    for (uint candidate = gl_LocalInvocationID.x; candidate < candidateCount(); candidate += gl_WorkGroupSize.x) {
        const Grid grid = candidateGrid(candidate, range);
        const Measured measured = measure(grid, first, tile.columns);
        isLost = isLost || measured.isLost;
        if (!(measured.sum < bestError)) continue;
        best = grid;
        bestError = measured.sum;
        bestCandidate = candidate;
    }
    const float least = -workgroupMax(-bestError);
    const float firstOfEquals = -workgroupMax(bestError == least ? -float(bestCandidate) : -kWorst);
    if (workgroupMax(isLost ? 1.0 : 0.0) > 0.0) {
        storeLeft(group, tile);
    } else if (bestError == least && float(bestCandidate) == firstOfEquals) {
        storeGrid(tile.row, tile, best);
    }
}

/// The range of a tile's own values.
struct Scan {
    Range range;
    float smallest;   ///< magnitude that is not zero
    bool isSpecial;  ///< there is a value that may not be computed with
};
Scan scan(Tile tile) {
    float least = 3.0e38, most = -3.0e38, smallest = 3.0e38, special = 0.0;
    for (uint row = 0; row < tile.rows; ++row) {
        const uint first = (tile.row + row) * cols + tile.column;
        for (uint i = gl_LocalInvocationID.x; i < tile.columns; i += gl_WorkGroupSize.x) {
            const uint bits = sourceBits(first + i);
            if (isSpecial(bits)) {
                special = 1.0;
                continue;
            }
            const float value = uintBitsToFloat(bits);
            least = min(least, value);
            most = max(most, value);
            if (value != 0.0) smallest = min(smallest, abs(value));
        }
    }
    Scan result;
    result.range.least = -workgroupMax(-least);
    result.range.most = workgroupMax(most);
    result.smallest = -workgroupMax(-smallest);
    result.isSpecial = workgroupMax(special) > 0.0;
    return result;
}

void main() {
    const uint group = firstWorkgroup + groupIndex();
    if (group >= endWorkgroup) return;  // the same for all of it
    const Tile tile = tileOf(group);
    const Scan scanned = scan(tile);
    Range range = scanned.range;
    if (isWholeRange != 0u) {
        range.least = wholeLeast;
        range.most = wholeMost;
    }
    range.magnitude = max(-range.least, range.most);
    const uint magnitude = floatBitsToUint(range.magnitude) & 0x7FFFFFFFu;
    const bool isSearched = ranges > 0u && magnitude != 0u;
    if (scanned.isSpecial || !isTame(magnitude) ||
        (isSearched &&
         (magnitude < kLeastSearched || magnitude > kMostSearched || scanned.smallest < kLeastValue))) {
        storeLeft(group, tile);
    } else if (isSearched) {
        search(group, tile, range);
    } else {
        storeGrids(tile, fullGrid(range));
    }
}
