// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quant/methods/tile_kernels.h"

#include <algorithm>
#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/quant/methods/tile_kernels.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace halftone {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

using FloatTag = hn::CappedTag<float, kErrorLanes>;
using FloatVec = hn::VFromD<FloatTag>;

void addOne(float x, float y, size_t lane, ErrorSums& sums) {
    const double error = double(x) - double(y);
    sums.errors[lane] += error * error;
    sums.squares[lane] += double(x) * double(x);
    sums.quantizedSquares[lane] += double(y) * double(y);
    sums.largest = std::max(sums.largest, std::fabs(x - y));
}

void addRunInDoubles(const float* x, const float* y, ErrorSums& sums) {
    for (size_t i = 0; i < kErrorRun; ++i) addOne(x[i], y[i], i % kErrorLanes, sums);
}

/// Sums of a run in binary32, a lane each.
struct RunSums {
    alignas(64) std::array<float, kErrorLanes> errors, squares, quantizedSquares;
};

HWY_INLINE void addLanes(const std::array<float, kErrorLanes>& run, std::array<double, kErrorLanes>& sums) {
#if HWY_HAVE_FLOAT64
    const hn::CappedTag<double, kErrorLanes / 2> dd;
    const hn::Rebind<float, decltype(dd)> df;
    for (size_t lane = 0; lane < kErrorLanes; lane += hn::Lanes(dd)) {
        const auto sum =
            hn::Add(hn::LoadU(dd, sums.data() + lane), hn::PromoteTo(dd, hn::LoadU(df, run.data() + lane)));
        hn::StoreU(sum, dd, sums.data() + lane);
    }
#else
    for (size_t lane = 0; lane < kErrorLanes; ++lane) sums[lane] += double(run[lane]);
#endif
}

HWY_INLINE void addRun(const float* original, const float* quantized, ErrorSums& sums) {
    const FloatTag d;
    const size_t width = hn::Lanes(d);
    RunSums run;
    auto largest = hn::Zero(d), magnitude = hn::Zero(d);
    for (size_t lane = 0; lane < kErrorLanes; lane += width) {
        auto errors = hn::Zero(d), squares = errors, quantizedSquares = errors;
        for (size_t i = lane; i < kErrorRun; i += kErrorLanes) {
            const auto x = hn::LoadU(d, original + i), y = hn::LoadU(d, quantized + i);
            const auto error = hn::Sub(x, y);
            errors = hn::Add(errors, hn::Mul(error, error));
            squares = hn::Add(squares, hn::Mul(x, x));
            quantizedSquares = hn::Add(quantizedSquares, hn::Mul(y, y));
            largest = hn::Max(largest, hn::Abs(error));
            magnitude = hn::Max(magnitude, hn::Max(hn::Abs(x), hn::Abs(y)));
        }
        hn::StoreU(errors, d, run.errors.data() + lane);
        hn::StoreU(squares, d, run.squares.data() + lane);
        hn::StoreU(quantizedSquares, d, run.quantizedSquares.data() + lane);
    }
    const float most = hn::GetLane(hn::MaxOfLanes(d, magnitude));
    if (most != 0 && !(most >= kLeastRunMaximum && most <= kMostRunMaximum))
        return addRunInDoubles(original, quantized, sums);
    addLanes(run.errors, sums.errors);
    addLanes(run.squares, sums.squares);
    addLanes(run.quantizedSquares, sums.quantizedSquares);
    sums.largest = std::max(sums.largest, hn::GetLane(hn::MaxOfLanes(d, largest)));
}

ErrorSums sumErrorsImpl(std::span<const float> original, std::span<const float> quantized) {
    ErrorSums sums;
    size_t i = 0;
    for (; i + kErrorRun <= original.size(); i += kErrorRun) addRun(original.data() + i, quantized.data() + i, sums);
    for (; i < original.size(); ++i) addOne(original[i], quantized[i], i % kErrorLanes, sums);
    return sums;
}

int64_t countNonFiniteImpl(std::span<const float> values) {
    const hn::ScalableTag<uint32_t> d;
    const size_t lanes = hn::Lanes(d);
    const auto exponent = hn::Set(d, 0x7F800000u);
    int64_t count = 0;
    size_t i = 0;
    for (; i + lanes <= values.size(); i += lanes) {
        const auto bits = hn::BitCast(d, hn::LoadU(hn::ScalableTag<float>(), values.data() + i));
        const auto isNot = hn::Eq(hn::And(bits, exponent), exponent);
        if (!hn::AllFalse(d, isNot)) count += static_cast<int64_t>(hn::CountTrue(d, isNot));
    }
    for (; i < values.size(); ++i) count += std::isfinite(values[i]) ? 0 : 1;
    return count;
}

}  // namespace
// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace halftone
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace halftone {

HWY_EXPORT(sumErrorsImpl);
HWY_EXPORT(countNonFiniteImpl);

ErrorSums sumErrors(std::span<const float> original, std::span<const float> quantized) {
    return HWY_DYNAMIC_DISPATCH(sumErrorsImpl)(original, quantized);
}

int64_t countNonFinite(std::span<const float> values) {
    return HWY_DYNAMIC_DISPATCH(countNonFiniteImpl)(values);
}

}  // namespace halftone
#endif
