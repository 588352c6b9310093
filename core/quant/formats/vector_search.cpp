// SPDX-License-Identifier: GPL-3.0-or-later
// Search kernels with one sub-block per lane: each lane runs the scalar sequence of search_kernels.cpp on its own
// sub-block, so sums keep their order and every operation its single rounding. Values are transposed on the way in.
#include "core/quant/formats/search_kernels.h"

#include <algorithm>

#include "core/quant/formats/code_tables.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/quant/formats/vector_search.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "core/simd/float_ops-inl.h"

HWY_BEFORE_NAMESPACE();
namespace halftone {
namespace HWY_NAMESPACE {
namespace {

constexpr size_t kMaxSize = 32;
constexpr size_t kMaxLanes = 16;

/// One value per (index in sub-block, lane).
struct Columns {
    alignas(64) float data[kMaxSize * kMaxLanes];
    [[nodiscard]] FloatVec at(size_t i) const { return hn::Load(FloatTag(), data + i * hn::Lanes(FloatTag())); }
    void set(size_t i, FloatVec v) { hn::Store(v, FloatTag(), data + i * hn::Lanes(FloatTag())); }
};

/// The sub-blocks [first, first + lanes) of a batch, transposed. Lanes past the end repeat the last sub-block.
struct Chunk {
    Columns x;
    Columns w;
    size_t size = 0;
    int first = 0;
    int used = 0;  ///< lanes that hold a sub-block of their own
};

void transpose(const float* values, const Chunk& chunk, Columns& columns) {
    const size_t lanes = hn::Lanes(FloatTag());
    for (size_t lane = 0; lane < lanes; ++lane) {
        const int sub = chunk.first + std::min(static_cast<int>(lane), chunk.used - 1);
        const float* source = values + static_cast<size_t>(sub) * chunk.size;
        for (size_t i = 0; i < chunk.size; ++i) columns.data[i * lanes + lane] = source[i];
    }
}

void loadChunk(const SearchBatch& batch, int first, Chunk& chunk) {
    chunk.size = static_cast<size_t>(batch.size);
    chunk.first = first;
    chunk.used = std::min(static_cast<int>(hn::Lanes(FloatTag())), batch.count - first);
    transpose(batch.values, chunk, chunk.x);
    if (batch.weights) transpose(batch.weights, chunk, chunk.w);
}

void storeLanes(FloatVec v, const Chunk& chunk, float* out) {
    alignas(64) float lanes[kMaxLanes];
    hn::Store(v, FloatTag(), lanes);
    std::copy_n(lanes, chunk.used, out + chunk.first);
}

void storeCodes(const Columns& codes, const Chunk& chunk, uint8_t* out) {
    const size_t lanes = hn::Lanes(FloatTag());
    alignas(64) uint8_t bytes[kMaxSize * kMaxLanes];
    for (size_t i = 0; i < chunk.size; ++i) {
        const auto code = hn::DemoteTo(ByteTag(), hn::ConvertTo(IntTag(), codes.at(i)));
        hn::StoreU(code, ByteTag(), bytes + i * lanes);
    }
    for (int lane = 0; lane < chunk.used; ++lane) {
        uint8_t* sub = out + static_cast<size_t>(chunk.first + lane) * chunk.size;
        for (size_t i = 0; i < chunk.size; ++i) sub[i] = bytes[i * lanes + static_cast<size_t>(lane)];
    }
}

/// First value of largest magnitude of each lane, with its sign; 0 if there is none.
FloatVec signedMaximum(const Chunk& chunk) {
    auto best = hn::Zero(FloatTag());
    for (size_t i = 0; i < chunk.size; ++i) {
        const auto x = chunk.x.at(i);
        best = hn::IfThenElse(hn::Gt(hn::Abs(x), hn::Abs(best)), x, best);
    }
    return best;
}

FloatMask isNegligible(FloatVec maximum) {
    return hn::Lt(hn::Abs(maximum), hn::Set(FloatTag(), kSearchEpsilon));
}

struct FitSums {
    FloatVec weightedProduct;
    FloatVec weightedSquares;
    [[nodiscard]] FloatVec scale() const {
        const auto ratio = hn::Div(weightedProduct, weightedSquares);
        return hn::IfThenElseZero(hn::Gt(weightedSquares, hn::Zero(FloatTag())), ratio);
    }
};

/// Lanes where `sums` fit better than a fit of quality `best`.
FloatMask fitsBetter(const FitSums& sums, FloatVec best) {
    const auto better =
        hn::Gt(hn::Mul(sums.weightedProduct, sums.weightedProduct), hn::Mul(best, sums.weightedSquares));
    return hn::And(better, hn::Gt(sums.weightedSquares, hn::Zero(FloatTag())));
}

FitSums fitSigned(const Chunk& chunk, FloatVec inverse, IntVec low, IntVec high) {
    FitSums sums{hn::Zero(FloatTag()), hn::Zero(FloatTag())};
    for (size_t i = 0; i < chunk.size; ++i) {
        const auto x = chunk.x.at(i);
        const auto w = chunk.w.at(i);
        const auto l = roundToCodes(hn::Mul(inverse, x), low, high);
        sums.weightedProduct = hn::Add(sums.weightedProduct, hn::Mul(hn::Mul(w, x), l));
        sums.weightedSquares = hn::Add(sums.weightedSquares, hn::Mul(hn::Mul(w, l), l));
    }
    return sums;
}

void searchSymmetricChunk(const Chunk& chunk, int levels, const SearchResult& result) {
    const FloatTag df;
    const auto low = codeLimit(-levels);
    const auto high = codeLimit(levels - 1);
    const auto offset = static_cast<float>(levels);
    const auto maximum = signedMaximum(chunk);
    auto chosen = hn::Div(hn::Set(df, -offset), maximum);
    FitSums sums = fitSigned(chunk, chosen, low, high);
    const auto noSquares = hn::Eq(sums.weightedSquares, hn::Zero(df));
    auto scale = hn::IfThenZeroElse(noSquares, hn::Div(sums.weightedProduct, sums.weightedSquares));
    auto best = hn::Mul(scale, sums.weightedProduct);
    for (int k = -9; k <= 9; ++k) {
        if (k == 0) continue;
        const auto inverse = hn::Div(hn::Set(df, -(offset + 0.1f * static_cast<float>(k))), maximum);
        sums = fitSigned(chunk, inverse, low, high);
        const auto better = fitsBetter(sums, best);
        const auto candidate = hn::Div(sums.weightedProduct, sums.weightedSquares);
        chosen = hn::IfThenElse(better, inverse, chosen);
        scale = hn::IfThenElse(better, candidate, scale);
        best = hn::IfThenElse(better, hn::Mul(candidate, sums.weightedProduct), best);
    }
    const auto negligible = isNegligible(maximum);
    Columns codes;
    for (size_t i = 0; i < chunk.size; ++i) {
        const auto code = hn::Add(roundToCodes(hn::Mul(chosen, chunk.x.at(i)), low, high), hn::Set(df, offset));
        codes.set(i, hn::IfThenZeroElse(negligible, code));
    }
    storeLanes(hn::IfThenZeroElse(negligible, scale), chunk, result.scales);
    storeCodes(codes, chunk, result.codes);
}

/// State of the affine search: what does not change, and the best fit so far.
struct AffineSearch {
    const Chunk& chunk;
    const AffineGrid& grid;
    FloatVec sumWeights;
    FloatVec sumWeightedX;
    FloatVec minimum;
    FloatVec maximum;

    AffineSearch(const Chunk& c, const AffineGrid& g)
        : chunk(c),
          grid(g),
          sumWeights(hn::Zero(FloatTag())),
          sumWeightedX(hn::Zero(FloatTag())),
          minimum(c.x.at(0)),
          maximum(c.x.at(0)) {
        for (size_t i = 0; i < chunk.size; ++i) {
            const auto x = chunk.x.at(i);
            const auto w = chunk.w.at(i);
            minimum = hn::IfThenElse(hn::Lt(x, minimum), x, minimum);
            maximum = hn::IfThenElse(hn::Gt(x, maximum), x, maximum);
            sumWeights = hn::Add(sumWeights, w);
            sumWeightedX = hn::Add(sumWeightedX, hn::Mul(w, x));
        }
        minimum = hn::IfThenZeroElse(hn::Gt(minimum, hn::Zero(FloatTag())), minimum);
    }

    [[nodiscard]] FloatVec code(FloatVec inverse, FloatVec from, size_t i) const {
        return roundToCodes(hn::Mul(inverse, hn::Sub(chunk.x.at(i), from)), codeLimit(0), codeLimit(grid.maxCode));
    }

    template <bool kAbsolute>
    [[nodiscard]] FloatVec errorOf(FloatVec scale, FloatVec from, const Columns& codes) const {
        auto sum = hn::Zero(FloatTag());
        for (size_t i = 0; i < chunk.size; ++i) {
            const auto difference = hn::Sub(hn::Add(hn::Mul(scale, codes.at(i)), from), chunk.x.at(i));
            const auto penalty = kAbsolute ? hn::Abs(difference) : hn::Mul(difference, difference);
            sum = hn::Add(sum, hn::Mul(chunk.w.at(i), penalty));
        }
        return sum;
    }
    [[nodiscard]] FloatVec error(FloatVec scale, FloatVec from, const Columns& codes) const {
        return grid.absoluteError ? errorOf<true>(scale, from, codes) : errorOf<false>(scale, from, codes);
    }

    struct Candidate {
        FloatVec scale;
        FloatVec minimum;
        FloatMask valid;
    };
    Candidate candidate(FloatVec inverse, FloatVec from, Columns& codes) const {
        const auto zero = hn::Zero(FloatTag());
        auto sumL = zero;
        auto sumL2 = zero;
        auto sumXL = zero;
        for (size_t i = 0; i < chunk.size; ++i) {
            const auto l = code(inverse, from, i);
            codes.set(i, l);
            const auto weighted = hn::Mul(chunk.w.at(i), l);
            sumL = hn::Add(sumL, weighted);
            sumL2 = hn::Add(sumL2, hn::Mul(weighted, l));
            sumXL = hn::Add(sumXL, hn::Mul(weighted, chunk.x.at(i)));
        }
        const auto determinant = hn::Sub(hn::Mul(sumWeights, sumL2), hn::Mul(sumL, sumL));
        const auto scale = hn::Div(hn::Sub(hn::Mul(sumWeights, sumXL), hn::Mul(sumWeightedX, sumL)), determinant);
        const auto offset = hn::Div(hn::Sub(hn::Mul(sumL2, sumWeightedX), hn::Mul(sumL, sumXL)), determinant);
        const auto positive = hn::Gt(offset, zero);
        return {hn::IfThenElse(positive, hn::Div(sumXL, sumL2), scale), hn::IfThenZeroElse(positive, offset),
                hn::Gt(determinant, zero)};
    }
};

void blend(FloatMask take, const Columns& from, size_t size, Columns& to) {
    for (size_t i = 0; i < size; ++i) to.set(i, hn::IfThenElse(take, from.at(i), to.at(i)));
}

void searchAffineChunk(const Chunk& chunk, const AffineGrid& grid, const SearchResult& result) {
    const FloatTag df;
    const AffineSearch search(chunk, grid);
    const auto maxCode = static_cast<float>(grid.maxCode);
    const auto start = hn::Div(hn::Set(df, maxCode), hn::Sub(search.maximum, search.minimum));
    const auto regular = hn::And(hn::Gt(search.maximum, search.minimum), hn::IsFinite(start));
    auto scale = hn::Div(hn::Set(df, 1.0f), start);
    auto minimum = search.minimum;
    Columns codes;
    Columns trial;
    for (size_t i = 0; i < chunk.size; ++i) codes.set(i, search.code(start, minimum, i));
    auto bestError = search.error(scale, minimum, codes);
    for (int k = 0; k <= grid.steps; ++k) {
        const auto numerator = hn::Set(df, grid.rmin + grid.rdelta * static_cast<float>(k) + maxCode);
        const auto fit = search.candidate(hn::Div(numerator, hn::Sub(search.maximum, minimum)), minimum, trial);
        const auto possible = hn::And(fit.valid, regular);
        if (hn::AllFalse(df, possible)) continue;
        const auto error = search.error(fit.scale, fit.minimum, trial);
        const auto accept = hn::And(possible, hn::Lt(error, bestError));
        if (hn::AllFalse(df, accept)) continue;
        blend(accept, trial, chunk.size, codes);
        bestError = hn::IfThenElse(accept, error, bestError);
        scale = hn::IfThenElse(accept, fit.scale, scale);
        minimum = hn::IfThenElse(accept, fit.minimum, minimum);
    }
    for (size_t i = 0; i < chunk.size; ++i) codes.set(i, hn::IfThenElseZero(regular, codes.at(i)));
    storeLanes(hn::IfThenElseZero(regular, scale), chunk, result.scales);
    storeLanes(hn::Neg(minimum), chunk, result.minimums);
    storeCodes(codes, chunk, result.codes);
}

/// One coordinate-descent pass; lanes that changed.
FloatMask refineThreeBit(const Chunk& chunk, Columns& codes, FitSums& sums) {
    const FloatTag df;
    const auto zero = hn::Zero(df);
    auto changed = hn::Lt(zero, zero);
    for (size_t i = 0; i < chunk.size; ++i) {
        const auto x = chunk.x.at(i);
        const auto w = hn::Mul(x, x);
        const auto old = codes.at(i);
        FitSums trial{hn::Sub(sums.weightedProduct, hn::Mul(hn::Mul(w, x), old)),
                      hn::Sub(sums.weightedSquares, hn::Mul(hn::Mul(w, old), old))};
        const auto target = hn::Div(hn::Mul(x, trial.weightedSquares), trial.weightedProduct);
        const auto l = roundToCodes(target, codeLimit(-4), codeLimit(3));
        auto accept = hn::And(hn::Gt(trial.weightedProduct, zero), hn::Ne(l, old));
        trial.weightedProduct = hn::Add(trial.weightedProduct, hn::Mul(hn::Mul(w, x), l));
        trial.weightedSquares = hn::Add(trial.weightedSquares, hn::Mul(hn::Mul(w, l), l));
        const auto gain = hn::Mul(hn::Mul(trial.weightedProduct, trial.weightedProduct), sums.weightedSquares);
        const auto current = hn::Mul(hn::Mul(sums.weightedProduct, sums.weightedProduct), trial.weightedSquares);
        accept = hn::And(accept, hn::And(hn::Gt(trial.weightedSquares, zero), hn::Gt(gain, current)));
        codes.set(i, hn::IfThenElse(accept, l, old));
        sums.weightedProduct = hn::IfThenElse(accept, trial.weightedProduct, sums.weightedProduct);
        sums.weightedSquares = hn::IfThenElse(accept, trial.weightedSquares, sums.weightedSquares);
        changed = hn::Or(changed, accept);
    }
    return changed;
}

void searchThreeBitChunk(const Chunk& chunk, const SearchResult& result) {
    const FloatTag df;
    const auto maximum = signedMaximum(chunk);
    const auto inverse = hn::Div(hn::Set(df, -4.0f), maximum);
    FitSums sums{hn::Zero(df), hn::Zero(df)};
    Columns codes;
    for (size_t i = 0; i < chunk.size; ++i) {
        const auto x = chunk.x.at(i);
        const auto w = hn::Mul(x, x);
        const auto l = roundToCodes(hn::Mul(inverse, x), codeLimit(-4), codeLimit(3));
        codes.set(i, l);
        sums.weightedProduct = hn::Add(sums.weightedProduct, hn::Mul(hn::Mul(w, x), l));
        sums.weightedSquares = hn::Add(sums.weightedSquares, hn::Mul(hn::Mul(w, l), l));
    }
    // A lane without a change in one pass has none in the next, so lanes need not stop one by one.
    for (int pass = 0; pass < 5; ++pass) {
        if (hn::AllFalse(df, refineThreeBit(chunk, codes, sums))) break;
    }
    const auto negligible = isNegligible(maximum);
    for (size_t i = 0; i < chunk.size; ++i) {
        codes.set(i, hn::IfThenZeroElse(negligible, hn::Add(codes.at(i), hn::Set(df, 4.0f))));
    }
    storeLanes(hn::IfThenZeroElse(negligible, sums.scale()), chunk, result.scales);
    storeCodes(codes, chunk, result.codes);
}

/// Value of the IQ4 table nearest to `v`. All midpoints are exact, so comparing with them is nearestIq4Code().
FloatVec nearestIq4Value(FloatVec v) {
    const FloatTag df;
    auto value = hn::Set(df, static_cast<float>(kIq4Values[0]));
    for (size_t code = 0; code + 1 < kIq4Values.size(); ++code) {
        const int below = kIq4Values[code];
        const int above = kIq4Values[code + 1];
        const auto midpoint = hn::Set(df, 0.5f * static_cast<float>(below + above));
        value = hn::Add(value, hn::IfThenElseZero(hn::Ge(v, midpoint), hn::Set(df, static_cast<float>(above - below))));
    }
    return value;
}

FitSums fitNonlinear(const Chunk& chunk, FloatVec inverse) {
    FitSums sums{hn::Zero(FloatTag()), hn::Zero(FloatTag())};
    for (size_t i = 0; i < chunk.size; ++i) {
        const auto x = chunk.x.at(i);
        const auto q = nearestIq4Value(hn::Mul(inverse, x));
        const auto weighted = hn::Mul(chunk.w.at(i), q);
        sums.weightedProduct = hn::Add(sums.weightedProduct, hn::Mul(weighted, x));
        sums.weightedSquares = hn::Add(sums.weightedSquares, hn::Mul(weighted, q));
    }
    return sums;
}

void searchNonlinearChunk(const Chunk& chunk, float* scales) {
    const FloatTag df;
    const auto lowest = static_cast<float>(kIq4Values[0]);
    const auto maximum = signedMaximum(chunk);
    const auto start = hn::Div(hn::Neg(maximum), hn::Set(df, lowest));
    FitSums sums = fitNonlinear(chunk, hn::Div(hn::Set(df, 1.0f), start));
    auto scale = sums.scale();
    auto best = hn::Mul(scale, sums.weightedProduct);
    for (int trial = -7; trial <= 7; ++trial) {
        sums = fitNonlinear(chunk, hn::Div(hn::Set(df, static_cast<float>(trial) + lowest), maximum));
        const auto better = fitsBetter(sums, best);
        const auto candidate = hn::Div(sums.weightedProduct, sums.weightedSquares);
        scale = hn::IfThenElse(better, candidate, scale);
        best = hn::IfThenElse(better, hn::Mul(candidate, sums.weightedProduct), best);
    }
    storeLanes(hn::IfThenZeroElse(isNegligible(maximum), scale), chunk, scales);
}

/// nearestIq4Code() of inverse * x.
void nonlinearCodes(const float* values, int count, float inverse, uint8_t* codes) {
    const FloatTag df;
    const IntTag di;
    for (size_t i = 0; i < static_cast<size_t>(count); i += hn::Lanes(df)) {
        const auto v = hn::Mul(hn::Set(df, inverse), hn::LoadU(df, values + i));
        auto code = hn::Zero(di);
        for (size_t k = 0; k + 1 < kIq4Values.size(); ++k) {
            const auto midpoint = hn::Set(df, 0.5f * static_cast<float>(kIq4Values[k] + kIq4Values[k + 1]));
            code = hn::Sub(code, hn::VecFromMask(di, hn::RebindMask(di, hn::Ge(v, midpoint))));
        }
        hn::StoreU(hn::DemoteTo(ByteTag(), code), ByteTag(), codes + i);
    }
}

/// Calls `search` for the batch's sub-blocks, a vector of them at a time.
template <typename Search>
void forEachChunk(const SearchBatch& batch, const Search& search) {
    Chunk chunk;
    for (int first = 0; first < batch.count; first += static_cast<int>(hn::Lanes(FloatTag()))) {
        loadChunk(batch, first, chunk);
        search(chunk);
    }
}

void searchSymmetric(const SearchBatch& batch, int levels, const SearchResult& result) {
    forEachChunk(batch, [&](const Chunk& chunk) HWY_ATTR { searchSymmetricChunk(chunk, levels, result); });
}
void searchAffine(const SearchBatch& batch, const AffineGrid& grid, const SearchResult& result) {
    forEachChunk(batch, [&](const Chunk& chunk) HWY_ATTR { searchAffineChunk(chunk, grid, result); });
}
void searchThreeBit(const SearchBatch& batch, const SearchResult& result) {
    const SearchBatch unweighted{batch.values, nullptr, batch.count, batch.size};
    forEachChunk(unweighted, [&](const Chunk& chunk) HWY_ATTR { searchThreeBitChunk(chunk, result); });
}
void searchNonlinear(const SearchBatch& batch, float* scales) {
    forEachChunk(batch, [&](const Chunk& chunk) HWY_ATTR { searchNonlinearChunk(chunk, scales); });
}

void magnitudeWeights(const float* values, int count, int size, float* weights) {
    const FloatTag df;
    const size_t lanes = hn::Lanes(df);
    alignas(64) float means[kMaxLanes];
    forEachChunk({values, nullptr, count, size}, [&](const Chunk& chunk) HWY_ATTR {
        auto sum = hn::Zero(df);
        for (size_t i = 0; i < chunk.size; ++i) sum = hn::Add(sum, hn::Mul(chunk.x.at(i), chunk.x.at(i)));
        hn::Store(hn::Sqrt(hn::Div(sum, hn::Set(df, static_cast<float>(size)))), df, means);
        for (int lane = 0; lane < chunk.used; ++lane) {
            const size_t begin = static_cast<size_t>(chunk.first + lane) * chunk.size;
            const auto mean = hn::Set(df, means[lane]);
            for (size_t i = begin; i < begin + chunk.size; i += lanes) {
                hn::StoreU(hn::Add(mean, hn::Abs(hn::LoadU(df, values + i))), df, weights + i);
            }
        }
    });
}

void importanceWeights(const float* values, const float* importance, float variance, int count, float* weights) {
    const FloatTag df;
    const auto v = hn::Set(df, variance);
    for (size_t i = 0; i < static_cast<size_t>(count); i += hn::Lanes(df)) {
        const auto x = hn::LoadU(df, values + i);
        const auto root = hn::Sqrt(hn::Add(v, hn::Mul(x, x)));
        hn::StoreU(hn::Mul(hn::LoadU(df, importance + i), root), df, weights + i);
    }
}

void requantizeAffine(const float* values, int count, float scale, float offset, int maxCode, uint8_t* codes) {
    const FloatTag df;
    for (size_t i = 0; i < static_cast<size_t>(count); i += hn::Lanes(df)) {
        const auto quotient = hn::Div(hn::Add(hn::LoadU(df, values + i), hn::Set(df, offset)), hn::Set(df, scale));
        const auto code = roundToCodes(quotient, codeLimit(0), codeLimit(maxCode));
        hn::StoreU(hn::DemoteTo(ByteTag(), hn::ConvertTo(IntTag(), code)), ByteTag(), codes + i);
    }
}

void requantizeSigned(const float* values, int count, float scale, int levels, uint8_t* codes) {
    const FloatTag df;
    const auto offset = hn::Set(df, static_cast<float>(levels));
    for (size_t i = 0; i < static_cast<size_t>(count); i += hn::Lanes(df)) {
        const auto quotient = hn::Div(hn::LoadU(df, values + i), hn::Set(df, scale));
        const auto code = hn::Add(roundToCodes(quotient, codeLimit(-levels), codeLimit(levels - 1)), offset);
        hn::StoreU(hn::DemoteTo(ByteTag(), hn::ConvertTo(IntTag(), code)), ByteTag(), codes + i);
    }
}

const SearchKernels* targetKernels() {
    static constexpr SearchKernels kKernels{
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
    return &kKernels;
}

}  // namespace
// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace halftone
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace halftone {

HWY_EXPORT(targetKernels);

const SearchKernels& vectorSearchKernels() {
    return *HWY_DYNAMIC_DISPATCH(targetKernels)();
}

}  // namespace halftone
#endif
