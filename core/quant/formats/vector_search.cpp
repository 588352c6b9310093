// SPDX-License-Identifier: GPL-3.0-or-later
// Search kernels with one sub-block per lane: each lane runs the scalar sequence of search_kernels.cpp on its own
// sub-block, so sums keep their order and every operation its single rounding. Values are transposed on the way in.
#include "core/quant/formats/search_kernels.h"

#include <algorithm>
#include <array>
#include <utility>

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

using Rows = const float* [kMaxLanes];

#if HWY_TARGET == HWY_SCALAR

void transposeRows(const Rows& rows, size_t size, float* columns) {
    const size_t lanes = hn::Lanes(FloatTag());
    for (size_t lane = 0; lane < lanes; ++lane) {
        for (size_t i = 0; i < size; ++i) columns[i * lanes + lane] = rows[lane][i];
    }
}

/// `count` rows of as many bytes as there are lanes become that many rows of `count`.
void transposeBytes(uint8_t* bytes, size_t count) {
    const size_t lanes = hn::Lanes(FloatTag());
    uint8_t turned[kMaxSize * kMaxLanes];
    for (size_t lane = 0; lane < lanes; ++lane) {
        for (size_t i = 0; i < count; ++i) turned[lane * count + i] = bytes[i * lanes + lane];
    }
    std::copy_n(turned, count * lanes, bytes);
}

#else

/// Four values of every fourth row, from value `i` on: 128 bits a row.
template <class D>
HWY_INLINE hn::Vec<D> everyFourthRow(D d, const float* const* rows, size_t i) {
    if constexpr (hn::MaxLanes(D()) <= 4) {
        return hn::LoadU(d, *rows + i);
    } else {
        const hn::Half<D> half;
        return hn::Combine(d, everyFourthRow(half, rows + hn::MaxLanes(half), i), everyFourthRow(half, rows, i));
    }
}

void transposeRows(const Rows& rows, size_t size, float* columns) {
    const FloatTag df;
    const hn::RepartitionToWide<BitsTag> pairs;
    const size_t lanes = hn::Lanes(df);
    const auto storePair = [&](auto low, auto high, float* to) HWY_ATTR {
        const auto a = hn::BitCast(pairs, low);
        const auto b = hn::BitCast(pairs, high);
        hn::Store(hn::BitCast(df, hn::InterleaveLower(pairs, a, b)), df, to);
        hn::Store(hn::BitCast(df, hn::InterleaveUpper(pairs, a, b)), df, to + lanes);
    };
    // Within each 128 bits a matrix of 4 x 4 is transposed.
    for (size_t i = 0; i < size; i += 4) {
        const auto r0 = everyFourthRow(df, rows, i), r1 = everyFourthRow(df, rows + 1, i);
        const auto r2 = everyFourthRow(df, rows + 2, i), r3 = everyFourthRow(df, rows + 3, i);
        storePair(hn::InterleaveLower(df, r0, r1), hn::InterleaveLower(df, r2, r3), columns + i * lanes);
        storePair(hn::InterleaveUpper(df, r0, r1), hn::InterleaveUpper(df, r2, r3), columns + (i + 2) * lanes);
    }
}

/// `count` rows of as many bytes as there are lanes become that many rows of `count`. Interleaving the halves of an
/// array turns the bits of its indices by one place, so log2(count) rounds put the row behind the column.
void transposeBytes(uint8_t* bytes, size_t count) {
    const hn::Full128<uint8_t> d8;
    constexpr size_t kWidth = 16;
    const size_t half = count * hn::Lanes(FloatTag()) / 2;
    alignas(64) uint8_t other[kMaxSize * kMaxLanes];
    uint8_t* from = bytes;
    uint8_t* to = other;
    for (size_t rows = count; rows > 1; rows /= 2) {
        for (size_t i = 0; i < half; i += kWidth) {
            const auto first = hn::Load(d8, from + i);
            const auto second = hn::Load(d8, from + half + i);
            hn::Store(hn::InterleaveLower(d8, first, second), d8, to + 2 * i);
            hn::Store(hn::InterleaveUpper(d8, first, second), d8, to + 2 * i + kWidth);
        }
        std::swap(from, to);
    }
    if (from != bytes) std::copy_n(from, 2 * half, bytes);
}

#endif

void transpose(const float* values, const Chunk& chunk, Columns& columns) {
    Rows rows;
    for (size_t lane = 0; lane < hn::Lanes(FloatTag()); ++lane) {
        const int sub = chunk.first + std::min(static_cast<int>(lane), chunk.used - 1);
        rows[lane] = values + static_cast<size_t>(sub) * chunk.size;
    }
    transposeRows(rows, chunk.size, columns.data);
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
    transposeBytes(bytes, chunk.size);
    std::copy_n(bytes, static_cast<size_t>(chunk.used) * chunk.size,
                out + static_cast<size_t>(chunk.first) * chunk.size);
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

/// A chunk of the three-bit search under way.
struct ThreeBitSearch {
    Chunk chunk;
    Columns codes;
    FitSums sums;

    // Said in words, because a constructor that the compiler makes lacks the instruction set.
    ThreeBitSearch() : sums{hn::Zero(FloatTag()), hn::Zero(FloatTag())} {}
    void start();
    FloatMask refine(size_t i, FitSums& best);
    void finish(const SearchResult& result) const;
};

void ThreeBitSearch::start() {
    const auto inverse = hn::Div(hn::Set(FloatTag(), -4.0f), signedMaximum(chunk));
    sums = {hn::Zero(FloatTag()), hn::Zero(FloatTag())};
    for (size_t i = 0; i < chunk.size; ++i) {
        const auto x = chunk.x.at(i);
        const auto w = hn::Mul(x, x);
        const auto l = roundToCodes(hn::Mul(inverse, x), codeLimit(-4), codeLimit(3));
        codes.set(i, l);
        sums.weightedProduct = hn::Add(sums.weightedProduct, hn::Mul(hn::Mul(w, x), l));
        sums.weightedSquares = hn::Add(sums.weightedSquares, hn::Mul(hn::Mul(w, l), l));
    }
}

/// One step of coordinate descent, on the codes of the values `i`; lanes that changed.
HWY_INLINE FloatMask ThreeBitSearch::refine(size_t i, FitSums& best) {
    const auto zero = hn::Zero(FloatTag());
    const auto x = chunk.x.at(i);
    const auto w = hn::Mul(x, x);
    const auto old = codes.at(i);
    FitSums trial{hn::Sub(best.weightedProduct, hn::Mul(hn::Mul(w, x), old)),
                  hn::Sub(best.weightedSquares, hn::Mul(hn::Mul(w, old), old))};
    const auto target = hn::Div(hn::Mul(x, trial.weightedSquares), trial.weightedProduct);
    const auto l = roundToCodes(target, codeLimit(-4), codeLimit(3));
    auto accept = hn::And(hn::Gt(trial.weightedProduct, zero), hn::Ne(l, old));
    trial.weightedProduct = hn::Add(trial.weightedProduct, hn::Mul(hn::Mul(w, x), l));
    trial.weightedSquares = hn::Add(trial.weightedSquares, hn::Mul(hn::Mul(w, l), l));
    const auto gain = hn::Mul(hn::Mul(trial.weightedProduct, trial.weightedProduct), best.weightedSquares);
    const auto current = hn::Mul(hn::Mul(best.weightedProduct, best.weightedProduct), trial.weightedSquares);
    accept = hn::And(accept, hn::And(hn::Gt(trial.weightedSquares, zero), hn::Gt(gain, current)));
    codes.set(i, hn::IfThenElse(accept, l, old));
    best.weightedProduct = hn::IfThenElse(accept, trial.weightedProduct, best.weightedProduct);
    best.weightedSquares = hn::IfThenElse(accept, trial.weightedSquares, best.weightedSquares);
    return accept;
}

void ThreeBitSearch::finish(const SearchResult& result) const {
    const auto negligible = isNegligible(signedMaximum(chunk));
    Columns stored;
    for (size_t i = 0; i < chunk.size; ++i)
        stored.set(i, hn::IfThenZeroElse(negligible, hn::Add(codes.at(i), hn::Set(FloatTag(), 4.0f))));
    storeLanes(hn::IfThenZeroElse(negligible, sums.scale()), chunk, result.scales);
    storeCodes(stored, chunk, result.codes);
}

/// Each step waits for the sums of the one before, so two chunks take turns. Lanes need not stop one by one: one
/// without a change in a pass has none in the next.
void refineTogether(ThreeBitSearch& a, ThreeBitSearch& b) {
    constexpr int kMostPasses = 5;
    FitSums sumsA = a.sums, sumsB = b.sums;  // in registers
    for (int pass = 0; pass < kMostPasses; ++pass) {
        auto changed = hn::Lt(hn::Zero(FloatTag()), hn::Zero(FloatTag()));
        for (size_t i = 0; i < a.chunk.size; ++i)
            changed = hn::Or(changed, hn::Or(a.refine(i, sumsA), b.refine(i, sumsB)));
        if (hn::AllFalse(FloatTag(), changed)) break;
    }
    a.sums = sumsA;
    b.sums = sumsB;
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
    const int lanes = static_cast<int>(hn::Lanes(FloatTag()));
    std::array<ThreeBitSearch, 2> searches;
    for (int first = 0; first < batch.count; first += 2 * lanes) {
        const int second = first + lanes < batch.count ? first + lanes : first;  // an odd one is searched twice
        loadChunk(unweighted, first, searches[0].chunk);
        loadChunk(unweighted, second, searches[1].chunk);
        for (ThreeBitSearch& search : searches) search.start();
        refineTogether(searches[0], searches[1]);
        for (const ThreeBitSearch& search : searches) search.finish(result);
    }
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
