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

void addOne(double x, double y, size_t lane, ErrorSums& sums) {
    const double error = x - y;
    sums.errors[lane] += error * error;
    sums.squares[lane] += x * x;
    sums.products[lane] += x * y;
    sums.quantizedSquares[lane] += y * y;
    sums.largest[lane] = std::max(sums.largest[lane], std::fabs(error));
}

#if HWY_HAVE_FLOAT64

using DoubleTag = hn::CappedTag<double, kErrorLanes>;
using DoubleVec = hn::VFromD<DoubleTag>;

/// Sums of as many lanes as a vector has, from values a whole set of lanes apart.
struct LaneSums {
    DoubleVec errors, squares, products, quantizedSquares, largest;
    HWY_INLINE LaneSums()
        : errors(hn::Zero(DoubleTag())), squares(errors), products(errors), quantizedSquares(errors), largest(errors) {}

    HWY_INLINE void add(const float* original, const float* quantized) {
        const hn::Rebind<float, DoubleTag> df;
        const auto x = hn::PromoteTo(DoubleTag(), hn::LoadU(df, original));
        const auto y = hn::PromoteTo(DoubleTag(), hn::LoadU(df, quantized));
        const auto error = hn::Sub(x, y);
        const auto magnitude = hn::Abs(error);
        errors = hn::Add(errors, hn::Mul(error, error));
        squares = hn::Add(squares, hn::Mul(x, x));
        products = hn::Add(products, hn::Mul(x, y));
        quantizedSquares = hn::Add(quantizedSquares, hn::Mul(y, y));
        largest = hn::IfThenElse(hn::Lt(largest, magnitude), magnitude, largest);
    }
    HWY_INLINE void store(size_t lane, ErrorSums& sums) const {
        hn::StoreU(errors, DoubleTag(), sums.errors.data() + lane);
        hn::StoreU(squares, DoubleTag(), sums.squares.data() + lane);
        hn::StoreU(products, DoubleTag(), sums.products.data() + lane);
        hn::StoreU(quantizedSquares, DoubleTag(), sums.quantizedSquares.data() + lane);
        hn::StoreU(largest, DoubleTag(), sums.largest.data() + lane);
    }
};

size_t addWholeLanes(std::span<const float> original, std::span<const float> quantized, ErrorSums& sums) {
    const size_t whole = original.size() / kErrorLanes * kErrorLanes;
    for (size_t lane = 0; lane < kErrorLanes; lane += hn::Lanes(DoubleTag())) {
        LaneSums own;
        for (size_t i = 0; i < whole; i += kErrorLanes)
            own.add(original.data() + i + lane, quantized.data() + i + lane);
        own.store(lane, sums);
    }
    return whole;
}

#else

size_t addWholeLanes(std::span<const float>, std::span<const float>, ErrorSums&) {
    return 0;
}

#endif

ErrorSums sumErrorsImpl(std::span<const float> original, std::span<const float> quantized) {
    ErrorSums sums;
    for (size_t i = addWholeLanes(original, quantized, sums); i < original.size(); ++i)
        addOne(original[i], quantized[i], i % kErrorLanes, sums);
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
