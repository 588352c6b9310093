// SPDX-License-Identifier: GPL-3.0-or-later
// The searches of the block encoders, one sub-block an invocation (core/quant/formats/search_kernels.cpp defines them, and
// each sum keeps its order). Every number that is worked with is zero or of a magnitude at which neither products of
// eight of them nor differences of sums become subnormal: isSearchable() has seen to it.
#include "include/encode.glsl"
#include "include/tables.glsl"

/// Where the values' bits are, and what the search finds.
float values[32];
float weights[32];
uint codes[32];
uint trialCodes[32];

struct Fit {
    float scale;
    float minimum;
};

/// Largest magnitudes of sub-blocks, and the least one of a value: 2^-12, 2^12, 2^-30.
const uint kLeastSearched = 0x39800000u, kMostSearched = 0x45800000u, kLeastValue = 0x30800000u;

bool isSearchable(uint bits) {
    const uint magnitude = bits & 0x7FFFFFFFu;
    return magnitude == 0u || (magnitude >= kLeastValue && magnitude <= kMostSearched);
}

int codeWithin(float value, int low, int high) {
    precise const float shifted = value + 12582912.0;  // 1.5 * 2^23
    return clamp(floatBitsToInt(shifted), 0x4B400000 + low, 0x4B400000 + high) - 0x4B400000;
}

/// The first value of largest magnitude, with its sign.
float signedMaximum(uint size) {
    float best = 0.0;
    for (uint i = 0; i < size; ++i) {
        if (abs(values[i]) > abs(best)) best = values[i];
    }
    return best;
}

/// Square root of a positive normal number, rounded to nearest even: digit by digit.
float exactRoot(float value) {
    const uint bits = floatBitsToUint(value);
    int exponent = int(bits >> 23) - 127;
    uint number = ((bits & 0x7FFFFFu) | 0x800000u) << 1;
    if ((exponent & 1) != 0) {
        number <<= 1;
        --exponent;
    }
    uint root = 0u, rest = 0u;
    for (int i = 12; i >= -12; --i) {
        rest = (rest << 2) | (i >= 0 ? (number >> (2 * i)) & 3u : 0u);
        const uint trial = (root << 2) | 1u;
        root <<= 1;
        if (rest >= trial) {
            rest -= trial;
            root |= 1u;
        }
    }
    const bool isUp = (root & 1u) != 0u && (rest != 0u || (root & 2u) != 0u);
    return uintBitsToFloat((uint(exponent / 2 + 126) << 23) + (root >> 1) + (isUp ? 1u : 0u));
}

/// Root of the mean square, plus each magnitude.
void weighByMagnitude(uint size) {
    precise float sum = 0.0;
    for (uint i = 0; i < size; ++i) sum += values[i] * values[i];
    precise const float mean = sum * (1.0 / float(size));  // a power of two
    const float root = mean > 0.0 ? exactRoot(mean) : 0.0;
    for (uint i = 0; i < size; ++i) {
        precise const float weight = root + abs(values[i]);
        weights[i] = weight;
    }
}

/// Least and most of what importance may be, 2^-80 and 2^80; how much less than the largest a weight may be, 2^-30.
const uint kLeastImportance = 0x17800000u, kMostImportance = 0x67800000u;
const float kLeastWeight = 9.313225746154785e-10;

/// Scales weights by a power of two, which changes no code: the largest becomes 1 to 2. False where one of them is so
/// much smaller that numbers could become subnormal.
bool normalizeWeights(uint count) {
    float most = 0.0;
    for (uint i = 0; i < count; ++i) most = max(most, weights[i]);
    const float unit = uintBitsToFloat((254u - (floatBitsToUint(most) >> 23)) << 23);
    bool isWithin = most > 0.0;
    for (uint i = 0; i < count; ++i) {
        precise const float weight = weights[i] * unit;
        weights[i] = weight;
        isWithin = isWithin && weight >= kLeastWeight;
    }
    return isWithin;
}

/// Sums of w x l and w l l.
struct Sums {
    float products, squares;
};
float scaleOf(Sums sums) { return sums.squares > 0.0 ? quotient(sums.products, sums.squares) : 0.0; }
bool fitsBetter(Sums sums, float best) {
    precise const float gained = sums.products * sums.products;
    precise const float needed = best * sums.squares;
    return sums.squares > 0.0 && gained > needed;
}

Sums fitSigned(float inverse, uint size, int levels) {
    precise float products = 0.0, squares = 0.0;
    for (uint i = 0; i < size; ++i) {
        precise const float scaled = inverse * values[i];
        const float l = float(codeWithin(scaled, -levels, levels - 1));
        products += weights[i] * values[i] * l;
        squares += weights[i] * l * l;
    }
    return Sums(products, squares);
}

/// Codes with an offset of `levels`, a power of two; the scale. Weights are squares.
float searchSigned(uint size, int levels) {
    const float maximum = signedMaximum(size);
    if (maximum == 0.0) {
        for (uint i = 0; i < size; ++i) codes[i] = 0u;
        return 0.0;
    }
    precise float chosen = -float(levels) * reciprocal(maximum);
    Sums sums = fitSigned(chosen, size, levels);
    float scale = scaleOf(sums);
    precise float best = scale * sums.products;
    for (int k = -9; k <= 9; ++k) {
        if (k == 0) continue;
        precise const float reach = -(float(levels) + 0.1 * float(k));
        const float inverse = quotient(reach, maximum);
        sums = fitSigned(inverse, size, levels);
        if (!fitsBetter(sums, best)) continue;
        chosen = inverse;
        scale = scaleOf(sums);
        best = scale * sums.products;
    }
    for (uint i = 0; i < size; ++i) {
        precise const float scaled = chosen * values[i];
        codes[i] = uint(levels + codeWithin(scaled, -levels, levels - 1));
    }
    return scale;
}

/// One step of coordinate descent over codes of three bits; true where the code changed.
bool refineCode(uint i, inout Sums sums) {
    const float x = values[i];
    const int old = int(codes[i]) - 4;
    precise const float w = x * x;
    precise const float productsLeft = sums.products - w * x * float(old);
    precise const float squaresLeft = sums.squares - w * float(old) * float(old);
    if (!(productsLeft > 0.0)) return false;
    precise const float above = x * squaresLeft;
    const int code = roundedQuotient(above, productsLeft, 1.0 / productsLeft, -4, 3);
    if (code == old) return false;
    precise const float products = productsLeft + w * x * float(code);
    precise const float squares = squaresLeft + w * float(code) * float(code);
    precise const float gained = products * products * sums.squares;
    precise const float had = sums.products * sums.products * squares;
    if (!(squares > 0.0) || !(gained > had)) return false;
    codes[i] = uint(code + 4);
    sums = Sums(products, squares);
    return true;
}

float searchThreeBits(uint size) {
    const float maximum = signedMaximum(size);
    for (uint i = 0; i < size; ++i) codes[i] = 0u;
    if (maximum == 0.0) return 0.0;
    precise const float inverse = -4.0 * reciprocal(maximum);
    precise float products = 0.0, squares = 0.0;
    for (uint i = 0; i < size; ++i) {
        precise const float scaled = inverse * values[i];
        const int code = codeWithin(scaled, -4, 3);
        precise const float w = values[i] * values[i];
        products += w * values[i] * float(code);
        squares += w * float(code) * float(code);
        codes[i] = uint(code + 4);
    }
    Sums sums = Sums(products, squares);
    bool changed = true;
    for (uint pass = 0; pass < 5 && changed; ++pass) {
        changed = false;
        for (uint i = 0; i < size; ++i) changed = refineCode(i, sums) || changed;
    }
    return scaleOf(sums);
}

/// The search for scales that are not negative; weights are normalized.
float positiveError(float inverse, uint count, int limit) {
    const float scale = reciprocal(inverse);
    precise float sum = 0.0;
    for (uint i = 0; i < count; ++i) {
        precise const float scaled = inverse * values[i];
        precise const float difference = values[i] - scale * float(codeWithin(scaled, -4000000, limit));
        sum += weights[i] * difference * difference;
    }
    return sum;
}

float bestPositiveInverse(float maximum, uint count, int maxCode) {
    float chosen = quotient(float(maxCode), maximum);
    float bestError = positiveError(chosen, count, 255);
    for (int k = -4; k <= 4; ++k) {
        if (k == 0) continue;
        precise const float reach = 0.1 * float(k) + float(maxCode);
        const float inverse = quotient(reach, maximum);
        const float error = positiveError(inverse, count, maxCode);
        if (!(error < bestError)) continue;
        bestError = error;
        chosen = inverse;
    }
    return chosen;
}

bool refinePositiveCode(uint i, int maxCode, inout Sums sums) {
    const float x = values[i], w = weights[i];
    const int old = int(codes[i]);
    precise const float productsLeft = sums.products - w * x * float(old);
    precise const float squaresLeft = sums.squares - w * float(old) * float(old);
    if (!(productsLeft > 0.0 && squaresLeft > 0.0)) return false;
    precise const float above = x * squaresLeft;
    const int code = roundedQuotient(above, productsLeft, 1.0 / productsLeft, 0, maxCode);
    if (code == old) return false;
    precise const float products = productsLeft + w * x * float(code);
    precise const float squares = squaresLeft + w * float(code) * float(code);
    precise const float gained = products * products * sums.squares;
    precise const float had = sums.products * sums.products * squares;
    if (!(gained > had)) return false;
    codes[i] = uint(code);
    sums = Sums(products, squares);
    return true;
}

/// Codes 0..maxCode of the values; the scale.
float searchPositive(float maximum, uint count, int maxCode) {
    const float inverse = bestPositiveInverse(maximum, count, maxCode);
    precise float products = 0.0, squares = 0.0;
    for (uint i = 0; i < count; ++i) {
        precise const float scaled = inverse * values[i];
        codes[i] = uint(codeWithin(scaled, 0, maxCode));
        const float l = float(codes[i]);
        products += weights[i] * values[i] * l;
        squares += weights[i] * l * l;
    }
    Sums sums = Sums(products, squares);
    bool changed = true;
    for (uint pass = 0; pass < 5 && changed; ++pass) {
        changed = false;
        for (uint i = 0; i < count; ++i) changed = refinePositiveCode(i, maxCode, sums) || changed;
    }
    return scaleOf(sums);
}

/// What the affine search tries, and the sums that do not change.
struct Grid {
    int maxCode;
    float first, step;
    int steps;
    bool isAbsolute;  ///< errors count by magnitude, not squared
};
struct WeightSums {
    float weights, products;
};

float affineError(Grid grid, Fit fit, uint size, bool ofTrial) {
    precise float sum = 0.0;
    for (uint i = 0; i < size; ++i) {
        const uint code = ofTrial ? trialCodes[i] : codes[i];
        precise const float difference = fit.scale * float(code) + fit.minimum - values[i];
        precise const float squared = difference * difference;
        sum += weights[i] * (grid.isAbsolute ? abs(difference) : squared);
    }
    return sum;
}

/// Codes of a candidate and its least-squares fit; false where that is degenerate.
bool affineCandidate(Grid grid, WeightSums all, float inverse, float minimum, uint size, out Fit fit) {
    precise float sumL = 0.0, sumL2 = 0.0, sumXL = 0.0;
    for (uint i = 0; i < size; ++i) {
        precise const float scaled = inverse * (values[i] - minimum);
        trialCodes[i] = uint(codeWithin(scaled, 0, grid.maxCode));
        const float l = float(trialCodes[i]);
        sumL += weights[i] * l;
        sumL2 += weights[i] * l * l;
        sumXL += weights[i] * l * values[i];
    }
    precise const float determinant = all.weights * sumL2 - sumL * sumL;
    fit = Fit(0.0, 0.0);
    if (!(determinant > 0.0)) return false;
    precise const float scaleAbove = all.weights * sumXL - all.products * sumL;
    precise const float minimumAbove = sumL2 * all.products - sumL * sumXL;
    fit = Fit(quotient(scaleAbove, determinant), quotient(minimumAbove, determinant));
    if (fit.minimum > 0.0) fit = Fit(quotient(sumXL, sumL2), 0.0);
    return true;
}

Fit searchAffine(Grid grid, uint size) {
    precise float sumWeights = 0.0, sumProducts = 0.0;
    float lowest = values[0], highest = values[0];
    for (uint i = 0; i < size; ++i) {
        if (values[i] < lowest) lowest = values[i];  // the first of equals, as zeros have signs
        if (values[i] > highest) highest = values[i];
        sumWeights += weights[i];
        sumProducts += weights[i] * values[i];
        codes[i] = 0u;
    }
    if (lowest > 0.0) lowest = 0.0;
    if (highest <= lowest) return Fit(0.0, lowest);
    const WeightSums all = WeightSums(sumWeights, sumProducts);
    precise const float range = highest - lowest;
    const float start = quotient(float(grid.maxCode), range);
    Fit best = Fit(reciprocal(start), lowest);
    for (uint i = 0; i < size; ++i) {
        precise const float scaled = start * (values[i] - lowest);
        codes[i] = uint(codeWithin(scaled, 0, grid.maxCode));
    }
    float bestError = affineError(grid, best, size, false);
    for (int k = 0; k <= grid.steps; ++k) {
        precise const float reach = grid.first + grid.step * float(k) + float(grid.maxCode);
        precise const float span = highest - best.minimum;
        Fit fit;
        if (!affineCandidate(grid, all, quotient(reach, span), best.minimum, size, fit)) continue;
        const float error = affineError(grid, fit, size, true);
        if (!(error < bestError)) continue;
        for (uint i = 0; i < size; ++i) codes[i] = trialCodes[i];
        bestError = error;
        best = fit;
    }
    return best;
}

/// Code of the entry of the IQ4 table that is nearest to a value: the midpoints are exact.
uint nonlinearCode(float value) {
    uint code = 0u;
    for (uint k = 0; k < 15u; ++k) {
        const float middle = 0.5 * (tableValue(kNonlinear4, k) + tableValue(kNonlinear4, k + 1u));
        code += value >= middle ? 1u : 0u;
    }
    return code;
}

Sums fitNonlinear(float inverse, uint size) {
    precise float products = 0.0, squares = 0.0;
    for (uint i = 0; i < size; ++i) {
        precise const float scaled = inverse * values[i];
        const float q = tableValue(kNonlinear4, nonlinearCode(scaled));
        products += weights[i] * q * values[i];
        squares += weights[i] * q * q;
    }
    return Sums(products, squares);
}

float searchNonlinear(uint size) {
    const float maximum = signedMaximum(size);
    if (maximum == 0.0) return 0.0;
    Sums sums = fitNonlinear(reciprocal(quotient(maximum, 127.0)), size);
    float scale = scaleOf(sums);
    precise float best = scale * sums.products;
    for (int trial = -7; trial <= 7; ++trial) {
        sums = fitNonlinear(quotient(float(trial - 127), maximum), size);
        if (!fitsBetter(sums, best)) continue;
        scale = scaleOf(sums);
        best = scale * sums.products;
    }
    return scale;
}
