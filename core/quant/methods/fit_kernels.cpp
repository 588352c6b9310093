// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quant/methods/fit_kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/quant/methods/fit_kernels.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "core/simd/float_ops-inl.h"

HWY_BEFORE_NAMESPACE();
namespace halftone {
namespace HWY_NAMESPACE {
namespace {

/// Nearest whole number, ties to even, limited to [low, high] (whole numbers of small magnitude).
HWY_INLINE FloatVec roundWithin(FloatVec value, FloatVec low, FloatVec high) {
    const FloatTag d;
    const auto bias = hn::Set(d, 12582912.0f);
    const auto limited = hn::Min(hn::Max(value, low), high);
    return hn::Sub(hn::Add(limited, bias), bias);
}

/// log2 of positive, normal values: exponent plus a series in (m - 1) / (m + 1); error below 1e-6.
HWY_INLINE FloatVec log2Of(FloatVec x) {
    const FloatTag d;
    const BitsTag du;
    const IntTag di;
    const auto one = hn::Set(d, 1.0f);
    const auto bits = hn::BitCast(du, x);
    auto exponent = hn::Sub(hn::BitCast(di, hn::ShiftRight<23>(bits)), hn::Set(di, 127));
    const auto mantissa = hn::BitCast(d, hn::Or(hn::And(bits, hn::Set(du, 0x007FFFFFu)), hn::Set(du, 0x3F800000u)));
    const auto isLarge = hn::Gt(mantissa, hn::Set(d, 1.41421356f));
    const auto m = hn::IfThenElse(isLarge, hn::Mul(mantissa, hn::Set(d, 0.5f)), mantissa);
    const auto e = hn::Add(hn::ConvertTo(d, exponent), hn::IfThenElseZero(isLarge, one));
    const auto t = hn::Div(hn::Sub(m, one), hn::Add(m, one));
    const auto t2 = hn::Mul(t, t);
    auto series = hn::Add(hn::Set(d, 0.41219858f), hn::Mul(t2, hn::Set(d, 0.32059890f)));  // 2 / (7 ln 2), 2 / (9 ln 2)
    series = hn::Add(hn::Set(d, 0.57707802f), hn::Mul(t2, series));                        // 2 / (5 ln 2)
    series = hn::Add(hn::Set(d, 0.96179669f), hn::Mul(t2, series));                        // 2 / (3 ln 2)
    series = hn::Add(hn::Set(d, 2.88539008f), hn::Mul(t2, series));                        // 2 / ln 2
    return hn::Add(e, hn::Mul(t, series));
}

/// 2^y for |y| < 120: power of the nearest whole number times a Taylor series of the rest.
HWY_INLINE FloatVec exp2Of(FloatVec y) {
    const FloatTag d;
    const IntTag di;
    const auto limited = hn::Min(hn::Max(y, hn::Set(d, -120.0f)), hn::Set(d, 120.0f));
    const auto bias = hn::Set(d, 12582912.0f);
    const auto whole = hn::Sub(hn::Add(limited, bias), bias);
    const auto f = hn::Mul(hn::Sub(limited, whole), hn::Set(d, 0.69314718f));
    auto series = hn::Add(hn::Set(d, 1.0f / 120), hn::Mul(f, hn::Set(d, 1.0f / 720)));
    series = hn::Add(hn::Set(d, 1.0f / 24), hn::Mul(f, series));
    series = hn::Add(hn::Set(d, 1.0f / 6), hn::Mul(f, series));
    series = hn::Add(hn::Set(d, 0.5f), hn::Mul(f, series));
    series = hn::Add(hn::Set(d, 1.0f), hn::Mul(f, series));
    series = hn::Add(hn::Set(d, 1.0f), hn::Mul(f, series));
    const auto power = hn::ShiftLeft<23>(hn::Add(hn::ConvertTo(di, whole), hn::Set(di, 127)));
    return hn::Mul(series, hn::BitCast(d, power));
}

/// x^power for x >= 0; values below 1e-30 count as that.
HWY_INLINE FloatVec powerOf(FloatVec x, FloatVec power) {
    const FloatTag d;
    return exp2Of(hn::Mul(power, log2Of(hn::Max(x, hn::Set(d, 1e-30f)))));
}

void measureGridsImpl(std::span<const float> values, const float* weights, int maxCode, GridCandidates& candidates) {
    const FloatTag d;
    const auto top = hn::Set(d, static_cast<float>(maxCode));
    for (size_t lane = 0; lane < kFitLanes; lane += hn::Lanes(d)) {
        const auto scale = hn::LoadU(d, candidates.scale.data() + lane);
        const auto zero = hn::LoadU(d, candidates.zero.data() + lane);
        const auto low = hn::Neg(zero), high = hn::Sub(top, zero);
        auto sum = hn::Zero(d);
        for (size_t i = 0; i < values.size(); ++i) {
            const auto value = hn::Set(d, values[i]);
            const auto error = hn::Sub(hn::Mul(roundWithin(hn::Div(value, scale), low, high), scale), value);
            const auto square = hn::Mul(error, error);
            sum = hn::Add(sum, weights ? hn::Mul(square, hn::Set(d, weights[i])) : square);
        }
        hn::StoreU(sum, d, candidates.errors.data() + lane);
    }
}

/// Weighted sums over a group that a straight line through (code, value) follows from.
struct LineSums {
    FloatVec weight, code, square, value, product;
    HWY_INLINE LineSums()
        : weight(hn::Zero(FloatTag())), code(weight), square(weight), value(weight), product(weight) {}

    HWY_INLINE void add(FloatVec w, FloatVec q, FloatVec x) {
        const auto weighted = hn::Mul(w, q);
        weight = hn::Add(weight, w);
        code = hn::Add(code, weighted);
        square = hn::Add(square, hn::Mul(weighted, q));
        value = hn::Add(value, hn::Mul(w, x));
        product = hn::Add(product, hn::Mul(weighted, x));
    }
};

void measureFloatZeroGridsImpl(std::span<const float> values, const float* weights, int maxCode,
                               FloatZeroCandidates& candidates) {
    const FloatTag d;
    const auto zero = hn::Zero(d), one = hn::Set(d, 1.0f);
    const auto top = hn::Set(d, static_cast<float>(maxCode));
    for (size_t lane = 0; lane < kFitLanes; lane += hn::Lanes(d)) {
        const auto scale = hn::LoadU(d, candidates.scale.data() + lane);
        const auto minimum = hn::LoadU(d, candidates.minimum.data() + lane);
        auto errors = zero;
        LineSums sums;
        for (size_t i = 0; i < values.size(); ++i) {
            const auto value = hn::Set(d, values[i]);
            const auto weight = weights ? hn::Set(d, weights[i]) : one;
            const auto code = roundWithin(hn::Div(hn::Sub(value, minimum), scale), zero, top);
            const auto error = hn::Sub(hn::Add(hn::Mul(code, scale), minimum), value);
            errors = hn::Add(errors, hn::Mul(weight, hn::Mul(error, error)));
            sums.add(weight, code, value);
        }
        hn::StoreU(errors, d, candidates.errors.data() + lane);
        const auto spread = hn::Sub(hn::Mul(sums.weight, sums.square), hn::Mul(sums.code, sums.code));
        const auto isLine = hn::Gt(spread, zero);
        const auto slope = hn::Div(hn::Sub(hn::Mul(sums.weight, sums.product), hn::Mul(sums.code, sums.value)),
                                   hn::IfThenElse(isLine, spread, one));
        const auto offset =
            hn::Div(hn::Sub(sums.value, hn::Mul(slope, sums.code)), hn::IfThenElse(isLine, sums.weight, one));
        hn::StoreU(hn::IfThenElse(isLine, slope, scale), d, candidates.bestScale.data() + lane);
        hn::StoreU(hn::IfThenElse(isLine, offset, minimum), d, candidates.bestMinimum.data() + lane);
    }
}

/// One step over all values: sum of the errors' magnitudes with `zero`, and the zero point that the shrunk errors ask
/// for. Errors are counted in steps of the grid, so that the shrinkage means the same for every group.
struct HqqStep {
    FloatVec error, next;
};
HWY_INLINE HqqStep stepOf(const HqqGroups& groups, size_t lane, FloatVec inverse, FloatVec zero,
                          const HqqSettings& settings) {
    const FloatTag d;
    const auto top = hn::Set(d, static_cast<float>(groups.maxCode));
    const auto exponent = hn::Set(d, settings.norm - 1.0f);
    const auto share = hn::Set(d, 1.0f / settings.beta);
    auto errors = hn::Zero(d), sum = hn::Zero(d);
    for (int64_t i = 0; i < groups.size; ++i) {
        const auto value = hn::Mul(hn::LoadU(d, groups.values + i * kFitLanes + static_cast<int64_t>(lane)), inverse);
        const auto code = roundWithin(hn::Add(value, zero), hn::Zero(d), top);
        const auto rest = hn::Sub(value, hn::Sub(code, zero));
        const auto magnitude = hn::Abs(rest);
        errors = hn::Add(errors, magnitude);
        const auto shrunk = hn::Max(hn::Sub(magnitude, hn::Mul(share, powerOf(magnitude, exponent))), hn::Zero(d));
        sum = hn::Add(sum, hn::Sub(code, hn::Sub(value, hn::CopySign(shrunk, rest))));
    }
    return {errors, hn::Div(sum, hn::Set(d, static_cast<float>(groups.size)))};
}

void searchZeroPointsImpl(HqqGroups& groups, const HqqSettings& settings) {
    const FloatTag d;
    const auto one = hn::Set(d, 1.0f);
    for (size_t lane = 0; lane < kFitLanes; lane += hn::Lanes(d)) {
        const auto scale = hn::LoadU(d, groups.scale.data() + lane);
        const auto isUsed = hn::Ne(scale, hn::Zero(d));
        const auto inverse = hn::Div(one, hn::IfThenElse(isUsed, scale, one));
        auto zero = hn::LoadU(d, groups.zero.data() + lane);
        auto best = zero;
        auto bestError = hn::Set(d, 3e38f);
        auto isActive = isUsed;
        for (int step = 0; step < settings.iterations && !hn::AllFalse(d, isActive); ++step) {
            const HqqStep result = stepOf(groups, lane, inverse, zero, settings);
            isActive = hn::And(isActive, hn::Lt(result.error, bestError));
            best = hn::IfThenElse(isActive, zero, best);
            bestError = hn::IfThenElse(isActive, result.error, bestError);
            zero = hn::IfThenElse(isActive, result.next, zero);
        }
        hn::StoreU(best, d, groups.zero.data() + lane);
    }
}

void squaredErrorsImpl(const HqqGroups& groups, float* out) {
    const FloatTag d;
    const auto one = hn::Set(d, 1.0f);
    const auto top = hn::Set(d, static_cast<float>(groups.maxCode));
    for (size_t lane = 0; lane < kFitLanes; lane += hn::Lanes(d)) {
        const auto scale = hn::LoadU(d, groups.scale.data() + lane);
        const auto none = hn::Zero(d);
        const auto zero = groups.floatZero ? none : hn::LoadU(d, groups.zero.data() + lane);
        const auto minimum = groups.floatZero ? hn::LoadU(d, groups.minimum.data() + lane) : none;
        const auto divisor = hn::IfThenElse(hn::Ne(scale, hn::Zero(d)), scale, one);
        auto sum = hn::Zero(d);
        for (int64_t i = 0; i < groups.size; ++i) {
            const auto value =
                hn::Sub(hn::LoadU(d, groups.values + i * kFitLanes + static_cast<int64_t>(lane)), minimum);
            const auto q = roundWithin(hn::Div(value, divisor), hn::Neg(zero), hn::Sub(top, zero));
            const auto error = hn::Sub(hn::Mul(q, scale), value);
            sum = hn::Add(sum, hn::Mul(error, error));
        }
        hn::StoreU(sum, d, out + lane);
    }
}

}  // namespace
// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace halftone
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace halftone {

HWY_EXPORT(measureGridsImpl);
HWY_EXPORT(measureFloatZeroGridsImpl);
HWY_EXPORT(searchZeroPointsImpl);
HWY_EXPORT(squaredErrorsImpl);

void measureGrids(std::span<const float> values, const float* weights, int maxCode, GridCandidates& candidates) {
    HWY_DYNAMIC_DISPATCH(measureGridsImpl)(values, weights, maxCode, candidates);
}

void measureFloatZeroGrids(std::span<const float> values, const float* weights, int maxCode,
                           FloatZeroCandidates& candidates) {
    HWY_DYNAMIC_DISPATCH(measureFloatZeroGridsImpl)(values, weights, maxCode, candidates);
}

void searchZeroPoints(HqqGroups& groups, const HqqSettings& settings) {
    HWY_DYNAMIC_DISPATCH(searchZeroPointsImpl)(groups, settings);
}

std::array<float, kFitLanes> squaredErrors(const HqqGroups& groups) {
    std::array<float, kFitLanes> out{};
    HWY_DYNAMIC_DISPATCH(squaredErrorsImpl)(groups, out.data());
    return out;
}

}  // namespace halftone
#endif
