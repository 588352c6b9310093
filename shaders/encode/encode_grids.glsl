// SPDX-License-Identifier: GPL-3.0-or-later
// Scale and zero point of each group of the parametric families, a workgroup a group: of the group's own range (which may
// go over a band of rows), of the whole tensor's, or the one of least squared error among shrunk ranges
// (core/quant/methods/integer_fit.cpp, level_fit.cpp). Candidates are spread over invocations; each adds up its squared
// errors in the processor's order.
#include "include/encode_group.glsl"
#include "include/exact_mean.glsl"

layout(constant_id = 12) const bool kUsesMean = false;    ///< scales are means of magnitudes
layout(constant_id = 13) const bool kIsWeighted = false;  ///< columns count differently in a search

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
const float kLeastValue = 8.673617379884035e-19;                                          // 2^-60
const float kLeastSquare = 7.523163845262640e-37, kMostSquare = 1.2676506002282294e30;  // 2^-120, 2^100: when weighted
/// Of a fit of float zero points: values and weights of which no sum of products can become subnormal, 2^-40, 2^-24, 2^40.
const float kLeastFitted = 9.094947017729282e-13, kLeastWeight = 5.9604644775390625e-8, kMostWeight = 1099511627776.0;
const uint kLeastSearched = 0x33800000u, kMostSearched = 0x58800000u;  // 2^-24, 2^50

/// Bits of a magnitude as stored, kept off infinity and off zero.
uint storedMagnitude(uint bits) {
    if (kScaleType == 0u) return clamp(halfBits(bits), 1u, 0x7BFFu);
    if (kScaleType == 1u) return max((bits + 0x7FFFu + ((bits >> 16) & 1u)) >> 16, 1u);
    return max(bits, 1u);
}
float storedValue(uint stored) {
    if (kIsSingle) return uintBitsToFloat(stored);
    if (kScaleType == 1u) return uintBitsToFloat(stored << 16);
    const float magnitude = halfMagnitude(stored & 0x7FFFu);
    return (stored & 0x8000u) != 0u ? -magnitude : magnitude;
}
uint storedSign(float value) {
    if (!(value < 0.0)) return 0u;
    return kIsSingle ? 0x80000000u : 0x8000u;
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
    grid.minimum = minimum;
    return grid;
}

/// A minimum as stored, with its sign.
uint storedMinimum(float least) {
    uint stored = 0u;
    if (least != 0.0) {
        const uint bits = floatBitsToUint(abs(least));
        const uint magnitude = kScaleType == 0u   ? min(halfBits(bits), 0x7BFFu)
                               : kScaleType == 1u ? (bits + 0x7FFFu + ((bits >> 16) & 1u)) >> 16
                                                  : bits;
        stored = magnitude != 0u ? magnitude | storedSign(least) : 0u;
    }
    return stored;
}

Grid floatZeroGrid(float least, float most) {
    const uint stored = storedMinimum(least);
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
    float statistic;  ///< what the scale of levels follows from
};

Grid fullGrid(Range range) {
    if (kZeroKind == 3u) return levelGrid(range.statistic);
    if (kZeroKind == 2u) return floatZeroGrid(range.least, range.most);
    if (kZeroKind == 1u) return wholeZeroGrid(range.least, range.most);
    return symmetricGrid(range.most > -range.least ? range.most : range.least);
}

/// Whether a number is so near to zero, below 2^-100, that what it is subtracted from could become subnormal.
bool isTiny(float value) {
    const uint magnitude = floatBitsToUint(value) & 0x7FFFFFFFu;
    return magnitude != 0u && magnitude < 0x0D800000u;
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
        if (candidate == 0u) return levelGrid(range.statistic);
        if (candidate < extra) return levelGrid(2.0 * range.magnitude);
        precise const float part = range.magnitude * partOf(candidate - extra);
        return levelGrid(part);
    }
    const float share = partOf(kZeroKind == 0u ? candidate / 2u : candidate);
    precise const float least = range.least * share;
    precise const float most = range.most * share;
    if (kZeroKind == 1u) return wholeZeroGrid(least, most);
    if (kZeroKind == 2u) return floatZeroGrid(least, most);
    const float extreme = most > -least ? most : least;
    return symmetricGrid((candidate & 1u) != 0u ? -extreme : extreme);
}

struct Measured {
    float sum;
    bool isLost;  ///< an error was so small, or counts so little, that its square may be
};

/// The importance of the columns lies behind the grids.
float weightOf(uint column) {
    return kIsWeighted ? uintBitsToFloat(scratch[kGrids + rows * groupsPerRow * 4u + column]) : 1.0;
}

/// What the value at `column` adds to the sum.
float squareOf(Grid grid, float inverse, float value, uint column, inout bool isLost) {
    precise const float error = valueOf(grid, codeOf(grid, value, inverse, levels)) - value;
    isLost = isLost || (error != 0.0 && abs(error) < kLeastValue);
    precise const float square = error * error;
    if (!kIsWeighted) return square;
    const float weight = weightOf(column);
    precise const float weighted = square * weight;
    const bool isWithin = weighted >= kLeastSquare && weighted <= kMostSquare;
    isLost = isLost || isSpecial(floatBitsToUint(weight)) || (error != 0.0 && weight != 0.0 && !isWithin);
    return weighted;
}

Measured measure(Grid grid, uint first, uint column, uint count) {
    Measured result = Measured(0.0, false);
    const float inverse = 1.0 / grid.scale;
    if (kZeroKind != 3u) {
        for (uint i = 0; i < count; ++i) {
            const float value = uintBitsToFloat(sourceBits(first + i));
            precise const float sum = result.sum + squareOf(grid, inverse, value, column + i, result.isLost);
            result.sum = sum;
        }
        return result;
    }
    float sums[16];
    [[unroll]] for (uint lane = 0; lane < 16; ++lane) sums[lane] = 0.0;
    for (uint i = 0; i < count; i += 16u) {
        [[unroll]] for (uint lane = 0; lane < 16; ++lane) {
            if (i + lane < count) {
                const uint at = i + lane;
                const float value = uintBitsToFloat(sourceBits(first + at));
                precise const float sum = sums[lane] + squareOf(grid, inverse, value, column + at, result.isLost);
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
    // Scales in two levels are left a row at a time.
    if (gl_LocalInvocationID.x == 0u && !kIsNested) leaveToProcessor(group);
    storeGrids(tile, Grid(0u, uintBitsToFloat(kNotANumber), 0u, 0.0));
}

/// Of float zero points: the scale and the minimum of least squared error for the codes that a grid gives.
Grid fittedGrid(Grid grid, Tile tile, inout bool isLost) {
    const uint first = tile.row * cols + tile.column;
    const float inverse = 1.0 / grid.scale;
    precise float weight = 0.0, code = 0.0, square = 0.0, value = 0.0, product = 0.0;
    for (uint i = 0u; i < tile.columns; ++i) {
        const float x = uintBitsToFloat(sourceBits(first + i)), own = weightOf(tile.column + i);
        const float q = float(codeOf(grid, x, inverse, levels));
        isLost = isLost || (own != 0.0 && !(own >= kLeastWeight && own <= kMostWeight));
        precise const float weighted = own * q;
        weight += own;
        code += weighted;
        square += weighted * q;
        value += own * x;
        product += weighted * x;
    }
    precise const float spread = weight * square - code * code;
    if (!(spread > 0.0)) return grid;
    precise const float rising = weight * product;
    precise const float shared_ = code * value;
    precise const float slope = quotient(rising - shared_, spread);
    precise const float risen = slope * code;
    precise const float offset = quotient(value - risen, weight);
    isLost = isLost || isTiny(rising) || isTiny(shared_) || isTiny(slope) || isTiny(risen) || isTiny(offset);
    Grid fitted = gridOfScale(slope);
    fitted.zero = storedMinimum(offset);
    fitted.minimum = storedValue(fitted.zero);
    return fitted;
}

/// The best of the candidates that an invocation has measured.
const float kWorst = 3.0e38;
struct Choice {
    Grid grid;
    float error;
    uint order;  ///< of equals the first is taken
    bool isLost;
};

void consider(Grid grid, uint order, Tile tile, inout Choice best) {
    const Measured measured = measure(grid, tile.row * cols + tile.column, tile.column, tile.columns);
    best.isLost = best.isLost || measured.isLost;
    if (!(measured.sum < best.error || (measured.sum == best.error && order < best.order))) return;
    best.grid = grid;
    best.error = measured.sum;
    best.order = order;
}

/// Whether among the ranges that are tried there may be one of which nothing is left once its minimum has been rounded.
bool mayHaveGaps(Range range) {
    const float width = range.most - range.least;
    return width < range.magnitude * 0.015625 || width * partOf(ranges - 1u) < 5.9604644775390625e-8 ||
           range.magnitude > 32768.0;
}

/// The place of a candidate among those that the processor measures; of equals it takes the first. With float zero
/// points it leaves out those without a scale, measures 16, and then the 16 that are fitted to their codes.
uint orderOf(uint candidate, Range range) {
    if (kZeroKind != 2u) return candidate;
    uint rank = candidate;
    if (mayHaveGaps(range)) {
        for (uint other = 0u; other < candidate; ++other) {
            precise const float least = range.least * partOf(other);
            precise const float most = range.most * partOf(other);
            if (floatZeroGrid(least, most).scale == 0.0) --rank;
        }
    }
    return rank / 16u * 32u + rank % 16u;
}

/// The candidate of least error, the first of equals.
void search(uint group, Tile tile, Range range) {
    Choice best = Choice(Grid(0u, 0.0, 0u, 0.0), kWorst, 0xFFFFu, false);
    for (uint candidate = gl_LocalInvocationID.x; candidate < candidateCount(); candidate += gl_WorkGroupSize.x) {
        Grid grid = candidateGrid(candidate, range);
        const uint order = orderOf(candidate, range);
        for (uint round_ = 0u; round_ < (kZeroKind == 2u ? 2u : 1u); ++round_) {
            if (round_ == 1u) grid = fittedGrid(grid, tile, best.isLost);
            if (kZeroKind == 2u && grid.scale == 0.0) break;
            consider(grid, order + 16u * round_, tile, best);
        }
    }
    const float least = -workgroupMax(-best.error);
    const float firstOfEquals = -workgroupMax(best.error == least ? -float(best.order) : -kWorst);
    if (workgroupMax(best.isLost ? 1.0 : 0.0) > 0.0) {
        storeLeft(group, tile);
    } else if (best.error == least && float(best.order) == firstOfEquals) {
        storeGrid(tile.row, tile, best.grid);
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

shared float sharedSums[16];

/// The mean of the magnitudes of a tile of one row, in 16 sums as the processor has it; NaN where they differ too much.
float meanMagnitude(Tile tile) {
    const uint first = tile.row * cols + tile.column;
    for (uint lane = gl_LocalInvocationID.x; lane < 16u; lane += gl_WorkGroupSize.x) {
        float sum = 0.0;
        for (uint i = lane; i < tile.columns; i += 16u) {
            precise const float next = sum + abs(uintBitsToFloat(sourceBits(first + i)));
            sum = next;
        }
        sharedSums[lane] = sum;
    }
    barrier();
    uint least = 255u, most = 0u;
    for (uint lane = 0u; lane < 16u; ++lane) {
        const uint bits = floatBitsToUint(sharedSums[lane]);
        if (bits == 0u) continue;
        least = min(least, bits >> 23);
        most = max(most, bits >> 23);
    }
    if (most == 0u) return 0.0;
    if (!isSummable(least, most, 16u)) return uintBitsToFloat(kNotANumber);
    uvec2 sum = uvec2(0u);
    for (uint lane = 0u; lane < 16u; ++lane) sum = addWide(sum, wideOf(sharedSums[lane], least));
    return meanOf(sum, tile.columns, least);
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
    range.statistic = kUsesMean ? meanMagnitude(tile) : range.magnitude;
    const uint magnitude = floatBitsToUint(range.magnitude) & 0x7FFFFFFFu;
    const bool hasSteps = kZeroKind != 2u || fullGrid(range).scale != 0.0;
    const bool isSearched = ranges > 0u && magnitude != 0u && hasSteps;
    const bool isMeasurable = magnitude >= kLeastSearched && magnitude <= kMostSearched;
    // Signs of quotients decide where levels are a mean apart.
    const bool mayVanish =
        (isSearched || kUsesMean) && scanned.smallest < (kZeroKind == 2u ? kLeastFitted : kLeastValue);
    if (scanned.isSpecial || !isTame(magnitude) || (isSearched && !isMeasurable) || mayVanish ||
        (floatBitsToUint(range.statistic) & 0x7FFFFFFFu) >= kInfinity) {
        storeLeft(group, tile);
    } else if (isSearched) {
        search(group, tile, range);
    } else {
        storeGrids(tile, fullGrid(range));
    }
}
