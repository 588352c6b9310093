// SPDX-License-Identifier: GPL-3.0-or-later
// Scalar search kernels: the definition of the bytes. See search_kernels.h.
#include "core/quant/formats/search_kernels.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/quant/formats/code_tables.h"
#include "core/quant/formats/rounding.h"

namespace halftone {
namespace {

constexpr int kMaxSubBlock = 32;

/// First value of largest magnitude, with its sign; 0 if there is none.
float signedMaximum(const float* x, int size) {
    float best = 0;
    for (int i = 0; i < size; ++i) {
        if (std::fabs(x[i]) > std::fabs(best)) best = x[i];
    }
    return best;
}

/// Sums of a signed code assignment: scale = weightedProduct / weightedSquares minimises the weighted squared error.
struct FitSums {
    float weightedProduct = 0;  ///< sum of w * x * l
    float weightedSquares = 0;  ///< sum of w * l * l
    [[nodiscard]] float scale() const { return weightedSquares > 0 ? weightedProduct / weightedSquares : 0.0f; }
};

int signedCode(float value, int levels) {
    return roundToCode(value, -levels, levels - 1);
}

FitSums fitSigned(const float* x, const float* w, int size, float inverseScale, int levels) {
    FitSums sums;
    for (int i = 0; i < size; ++i) {
        const auto l = static_cast<float>(signedCode(inverseScale * x[i], levels));
        sums.weightedProduct += w[i] * x[i] * l;
        sums.weightedSquares += w[i] * l * l;
    }
    return sums;
}

float searchSymmetricOne(const float* x, const float* w, int size, int levels, uint8_t* codes) {
    const float maximum = signedMaximum(x, size);
    if (std::fabs(maximum) < kSearchEpsilon) {
        std::fill_n(codes, size, uint8_t{0});
        return 0;
    }
    float chosen = -static_cast<float>(levels) / maximum;
    FitSums sums = fitSigned(x, w, size, chosen, levels);
    float scale = sums.weightedSquares != 0 ? sums.weightedProduct / sums.weightedSquares : 0.0f;
    float best = scale * sums.weightedProduct;
    for (int k = -9; k <= 9; ++k) {
        if (k == 0) continue;
        const float inverse = -(static_cast<float>(levels) + 0.1f * static_cast<float>(k)) / maximum;
        sums = fitSigned(x, w, size, inverse, levels);
        if (!(sums.weightedSquares > 0)) continue;
        if (!(sums.weightedProduct * sums.weightedProduct > best * sums.weightedSquares)) continue;
        chosen = inverse;
        scale = sums.weightedProduct / sums.weightedSquares;
        best = scale * sums.weightedProduct;
    }
    for (int i = 0; i < size; ++i) codes[i] = static_cast<uint8_t>(levels + signedCode(chosen * x[i], levels));
    return scale;
}

void searchSymmetric(const SearchBatch& batch, int levels, const SearchResult& result) {
    for (int b = 0; b < batch.count; ++b) {
        const int first = b * batch.size;
        result.scales[b] =
            searchSymmetricOne(batch.values + first, batch.weights + first, batch.size, levels, result.codes + first);
    }
}

/// One candidate of the affine search.
struct AffineFit {
    float scale = 0;
    float minimum = 0;
};

struct AffineProblem {
    const float* x;
    const float* w;
    int size;
    const AffineGrid& grid;
    float sumWeights = 0;
    float sumWeightedX = 0;

    [[nodiscard]] int code(float value) const { return roundToCode(value, 0, grid.maxCode); }

    [[nodiscard]] float error(const AffineFit& fit, const uint8_t* codes) const {
        float sum = 0;
        for (int i = 0; i < size; ++i) {
            const float difference = fit.scale * static_cast<float>(codes[i]) + fit.minimum - x[i];
            sum += w[i] * (grid.absoluteError ? std::fabs(difference) : difference * difference);
        }
        return sum;
    }

    /// Codes of the candidate and its least-squares fit; false where the fit is degenerate.
    bool candidate(float inverse, float currentMinimum, uint8_t* codes, AffineFit& fit) const {
        float sumL = 0;
        float sumL2 = 0;
        float sumXL = 0;
        for (int i = 0; i < size; ++i) {
            codes[i] = static_cast<uint8_t>(code(inverse * (x[i] - currentMinimum)));
            const auto l = static_cast<float>(codes[i]);
            sumL += w[i] * l;
            sumL2 += w[i] * l * l;
            sumXL += w[i] * l * x[i];
        }
        const float determinant = sumWeights * sumL2 - sumL * sumL;
        if (!(determinant > 0)) return false;
        fit.scale = (sumWeights * sumXL - sumWeightedX * sumL) / determinant;
        fit.minimum = (sumL2 * sumWeightedX - sumL * sumXL) / determinant;
        if (fit.minimum > 0) fit = {sumXL / sumL2, 0.0f};
        return true;
    }
};

AffineFit searchAffineOne(AffineProblem& problem, uint8_t* codes) {
    const auto [lowest, highest] = std::minmax_element(problem.x, problem.x + problem.size);
    float minimum = *lowest;
    const float maximum = *highest;
    for (int i = 0; i < problem.size; ++i) {
        problem.sumWeights += problem.w[i];
        problem.sumWeightedX += problem.w[i] * problem.x[i];
    }
    if (minimum > 0) minimum = 0;
    const auto maxCode = static_cast<float>(problem.grid.maxCode);
    const float start = maxCode / (maximum - minimum);
    // Equal values, or a range so small (subnormal) that it has no inverse.
    if (maximum <= minimum || !std::isfinite(start)) {
        std::fill_n(codes, problem.size, uint8_t{0});
        return {0.0f, minimum};
    }
    AffineFit best{1 / start, minimum};
    for (int i = 0; i < problem.size; ++i) {
        codes[i] = static_cast<uint8_t>(problem.code(start * (problem.x[i] - minimum)));
    }
    float bestError = problem.error(best, codes);
    std::array<uint8_t, kMaxSubBlock> trial;
    for (int k = 0; k <= problem.grid.steps; ++k) {
        // The grid follows the minimum that was accepted last; the maximum stays.
        const float inverse =
            (problem.grid.rmin + problem.grid.rdelta * static_cast<float>(k) + maxCode) / (maximum - best.minimum);
        AffineFit fit;
        if (!problem.candidate(inverse, best.minimum, trial.data(), fit)) continue;
        const float error = problem.error(fit, trial.data());
        if (!(error < bestError)) continue;
        std::copy_n(trial.data(), problem.size, codes);
        bestError = error;
        best = fit;
    }
    return best;
}

void searchAffine(const SearchBatch& batch, const AffineGrid& grid, const SearchResult& result) {
    for (int b = 0; b < batch.count; ++b) {
        const int first = b * batch.size;
        AffineProblem problem{batch.values + first, batch.weights + first, batch.size, grid};
        const AffineFit fit = searchAffineOne(problem, result.codes + first);
        result.scales[b] = fit.scale;
        result.minimums[b] = -fit.minimum;
    }
}

/// One coordinate-descent pass over the codes of a three-bit sub-block; true if any code changed.
bool refineThreeBit(const float* x, int size, int* codes, FitSums& sums) {
    bool changed = false;
    for (int i = 0; i < size; ++i) {
        const float w = x[i] * x[i];
        const auto old = static_cast<float>(codes[i]);
        FitSums trial{sums.weightedProduct - w * x[i] * old, sums.weightedSquares - w * old * old};
        if (!(trial.weightedProduct > 0)) continue;
        const int code = signedCode(x[i] * trial.weightedSquares / trial.weightedProduct, 4);
        if (code == codes[i]) continue;
        const auto l = static_cast<float>(code);
        trial.weightedProduct += w * x[i] * l;
        trial.weightedSquares += w * l * l;
        if (!(trial.weightedSquares > 0)) continue;
        if (!(trial.weightedProduct * trial.weightedProduct * sums.weightedSquares >
              sums.weightedProduct * sums.weightedProduct * trial.weightedSquares)) {
            continue;
        }
        codes[i] = code;
        sums = trial;
        changed = true;
    }
    return changed;
}

float searchThreeBitOne(const float* x, int size, uint8_t* codes) {
    const float maximum = signedMaximum(x, size);
    if (std::fabs(maximum) < kSearchEpsilon) {
        std::fill_n(codes, size, uint8_t{0});
        return 0;
    }
    const float inverse = -4.0f / maximum;
    std::array<int, kMaxSubBlock> current{};
    FitSums sums;
    for (int i = 0; i < size; ++i) {
        current[static_cast<size_t>(i)] = signedCode(inverse * x[i], 4);
        const auto l = static_cast<float>(current[static_cast<size_t>(i)]);
        const float w = x[i] * x[i];
        sums.weightedProduct += w * x[i] * l;
        sums.weightedSquares += w * l * l;
    }
    for (int pass = 0; pass < 5; ++pass) {
        if (!refineThreeBit(x, size, current.data(), sums)) break;
    }
    for (int i = 0; i < size; ++i) codes[i] = static_cast<uint8_t>(current[static_cast<size_t>(i)] + 4);
    return sums.scale();
}

void searchThreeBit(const SearchBatch& batch, const SearchResult& result) {
    for (int b = 0; b < batch.count; ++b) {
        const int first = b * batch.size;
        result.scales[b] = searchThreeBitOne(batch.values + first, batch.size, result.codes + first);
    }
}

FitSums fitNonlinear(const float* x, const float* w, int size, float inverseScale) {
    FitSums sums;
    for (int i = 0; i < size; ++i) {
        const auto q = static_cast<float>(kIq4Values[static_cast<size_t>(nearestIq4Code(inverseScale * x[i]))]);
        sums.weightedProduct += w[i] * q * x[i];
        sums.weightedSquares += w[i] * q * q;
    }
    return sums;
}

float searchNonlinearOne(const float* x, const float* w, int size) {
    const float maximum = signedMaximum(x, size);
    if (std::fabs(maximum) < kSearchEpsilon) return 0;
    const auto lowest = static_cast<float>(kIq4Values.front());
    FitSums sums = fitNonlinear(x, w, size, 1 / (-maximum / lowest));
    float scale = sums.scale();
    float best = scale * sums.weightedProduct;
    for (int trial = -7; trial <= 7; ++trial) {
        sums = fitNonlinear(x, w, size, (static_cast<float>(trial) + lowest) / maximum);
        if (!(sums.weightedSquares > 0)) continue;
        if (!(sums.weightedProduct * sums.weightedProduct > best * sums.weightedSquares)) continue;
        scale = sums.weightedProduct / sums.weightedSquares;
        best = scale * sums.weightedProduct;
    }
    return scale;
}

void searchNonlinear(const SearchBatch& batch, float* scales) {
    for (int b = 0; b < batch.count; ++b) {
        const int first = b * batch.size;
        scales[b] = searchNonlinearOne(batch.values + first, batch.weights + first, batch.size);
    }
}

void nonlinearCodes(const float* values, int count, float inverse, uint8_t* codes) {
    for (int i = 0; i < count; ++i) codes[i] = static_cast<uint8_t>(nearestIq4Code(inverse * values[i]));
}

void magnitudeWeights(const float* values, int count, int size, float* weights) {
    for (int b = 0; b < count; ++b) {
        const float* x = values + b * size;
        float sum = 0;
        for (int i = 0; i < size; ++i) sum += x[i] * x[i];
        const float rootMeanSquare = std::sqrt(sum / static_cast<float>(size));
        for (int i = 0; i < size; ++i) weights[b * size + i] = rootMeanSquare + std::fabs(x[i]);
    }
}

void importanceWeights(const float* values, const float* importance, float variance, int count, float* weights) {
    for (int i = 0; i < count; ++i) weights[i] = importance[i] * std::sqrt(variance + values[i] * values[i]);
}

void requantizeAffine(const float* values, int count, float scale, float offset, int maxCode, uint8_t* codes) {
    for (int i = 0; i < count; ++i) {
        codes[i] = static_cast<uint8_t>(roundToCode((values[i] + offset) / scale, 0, maxCode));
    }
}

void requantizeSigned(const float* values, int count, float scale, int levels, uint8_t* codes) {
    for (int i = 0; i < count; ++i) codes[i] = static_cast<uint8_t>(signedCode(values[i] / scale, levels) + levels);
}

constexpr SearchKernels kScalarKernels{
    .symmetric = searchSymmetric,
    .affine = searchAffine,
    .threeBit = searchThreeBit,
    .nonlinear = searchNonlinear,
    .nonlinearCodes = nonlinearCodes,
    .magnitudeWeights = magnitudeWeights,
    .importanceWeights = importanceWeights,
    .requantizeAffine = requantizeAffine,
    .requantizeSigned = requantizeSigned,
};

constexpr int kNoLimit = -4000000;  // lower than any code that a positive search can meet

/// The state of the positive search: codes and their sums.
struct PositiveSearch {
    const float* x;
    const float* w;
    int count;
    int maxCode;
    uint8_t* codes;

    /// Inverse scale of least squared error on a small grid around maxCode / maximum.
    [[nodiscard]] float bestInverse(float maximum) const {
        float chosen = static_cast<float>(maxCode) / maximum;
        float bestError = error(chosen, 255);
        for (int k = -4; k <= 4; ++k) {
            if (k == 0) continue;
            const float inverse = (0.1f * static_cast<float>(k) + static_cast<float>(maxCode)) / maximum;
            const float candidate = error(inverse, maxCode);
            if (!(candidate < bestError)) continue;
            bestError = candidate;
            chosen = inverse;
        }
        return chosen;
    }
    [[nodiscard]] float error(float inverse, int limit) const {
        const float scale = 1 / inverse;
        float sum = 0;
        for (int i = 0; i < count; ++i) {
            const int code = roundToCode(inverse * x[i], kNoLimit, limit);
            const float difference = x[i] - scale * static_cast<float>(code);
            sum += w[i] * difference * difference;
        }
        return sum;
    }
    /// One coordinate-descent pass; true if a code changed.
    bool refine(FitSums& sums) const {
        bool changed = false;
        for (int i = 0; i < count; ++i) {
            const auto old = static_cast<float>(codes[i]);
            FitSums trial{sums.weightedProduct - w[i] * x[i] * old, sums.weightedSquares - w[i] * old * old};
            if (!(trial.weightedProduct > 0 && trial.weightedSquares > 0)) continue;
            const int code = roundToCode(x[i] * trial.weightedSquares / trial.weightedProduct, 0, maxCode);
            if (code == codes[i]) continue;
            const auto l = static_cast<float>(code);
            trial.weightedProduct += w[i] * x[i] * l;
            trial.weightedSquares += w[i] * l * l;
            if (!(trial.weightedProduct * trial.weightedProduct * sums.weightedSquares >
                  sums.weightedProduct * sums.weightedProduct * trial.weightedSquares)) {
                continue;
            }
            codes[i] = static_cast<uint8_t>(code);
            sums = trial;
            changed = true;
        }
        return changed;
    }
};

}  // namespace

const SearchKernels& scalarSearchKernels() {
    return kScalarKernels;
}

float searchPositive(const float* values, const float* weights, int count, int maxCode, uint8_t* codes) {
    const float maximum = std::max(0.0f, *std::max_element(values, values + count));
    if (maximum < kSearchEpsilon) {
        std::fill_n(codes, count, uint8_t{0});
        return 0;
    }
    const PositiveSearch search{values, weights, count, maxCode, codes};
    const float inverse = search.bestInverse(maximum);
    FitSums sums;
    for (int i = 0; i < count; ++i) {
        codes[i] = static_cast<uint8_t>(roundToCode(inverse * values[i], 0, maxCode));
        const auto l = static_cast<float>(codes[i]);
        sums.weightedProduct += weights[i] * values[i] * l;
        sums.weightedSquares += weights[i] * l * l;
    }
    for (int pass = 0; pass < 5; ++pass) {
        if (!search.refine(sums)) break;
    }
    return sums.scale();
}

}  // namespace halftone
