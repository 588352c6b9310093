// SPDX-License-Identifier: GPL-3.0-or-later
// Vector functions that the kernels share; compiled once per instruction set. No ordinary include guard: see
// foreach_target.
#if defined(HT_VECTOR_MATH_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HT_VECTOR_MATH_INL_H_
#undef HT_VECTOR_MATH_INL_H_
#else
#define HT_VECTOR_MATH_INL_H_
#endif

#include <cstddef>
#include <cstdint>

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace halftone::cpu::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// At most 16 lanes, so that block formats (multiples of 16 or 32 values) are whole vectors everywhere.
using FloatTag = hn::CappedTag<float, 16>;
using IntTag = hn::RebindToSigned<FloatTag>;
using FloatVec = hn::VFromD<FloatTag>;
using IntVec = hn::VFromD<IntTag>;
inline constexpr int64_t kLanes = static_cast<int64_t>(hn::MaxLanes(FloatTag()));

HWY_INLINE FloatVec broadcast(float value) {
    return hn::Set(FloatTag(), value);
}
HWY_INLINE float sumOf(FloatVec v) {
    return hn::GetLane(hn::SumOfLanes(FloatTag(), v));
}
HWY_INLINE float maxOf(FloatVec v) {
    return hn::GetLane(hn::MaxOfLanes(FloatTag(), v));
}

/// The first `count` values, zeros behind them; reads nothing past them.
HWY_INLINE FloatVec loadFirst(const float* values, int64_t count) {
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX2
    return hn::MaskedLoad(hn::FirstN(FloatTag(), static_cast<size_t>(count)), FloatTag(), values);
#else
    // Elsewhere a masked load is a whole aligned load.
    alignas(64) float lanes[16] = {};
    for (int64_t i = 0; i < count && i < kLanes; ++i) lanes[i] = values[i];
    return hn::Load(FloatTag(), lanes);
#endif
}
HWY_INLINE void storeFirst(FloatVec v, float* values, int64_t count) {
    if (count >= kLanes) {
        hn::StoreU(v, FloatTag(), values);
        return;
    }
    alignas(64) float lanes[16];
    hn::Store(v, FloatTag(), lanes);
    for (int64_t i = 0; i < count; ++i) values[i] = lanes[i];
}

/// e^x, relative error below 3e-7 where the result is normal; 0 below -87.3, at most e^88.
/// x = n ln 2 + r with |r| <= ln 2 / 2; Taylor series of degree 7 in r (remainder 5e-9).
HWY_INLINE FloatVec exponential(FloatVec x) {
    const FloatTag d;
    const auto tooSmall = hn::Lt(x, hn::Set(d, -87.3f));
    x = hn::Min(hn::Max(x, hn::Set(d, -87.3f)), hn::Set(d, 88.0f));
    const FloatVec n = hn::Round(hn::Mul(x, hn::Set(d, 1.44269504f)));
    FloatVec r =
        hn::NegMulAdd(n, hn::Set(d, 0.693359375f), x);  // ln 2 in two parts: the first has 9 bits, so n * it is exact
    r = hn::NegMulAdd(n, hn::Set(d, -2.12194440e-4f), r);
    FloatVec p = hn::Set(d, 1.0f / 5040.0f);
    p = hn::MulAdd(p, r, hn::Set(d, 1.0f / 720.0f));
    p = hn::MulAdd(p, r, hn::Set(d, 1.0f / 120.0f));
    p = hn::MulAdd(p, r, hn::Set(d, 1.0f / 24.0f));
    p = hn::MulAdd(p, r, hn::Set(d, 1.0f / 6.0f));
    p = hn::MulAdd(p, r, hn::Set(d, 0.5f));
    p = hn::MulAdd(p, r, hn::Set(d, 1.0f));
    p = hn::MulAdd(p, r, hn::Set(d, 1.0f));
    const IntTag di;
    const IntVec power = hn::ShiftLeft<23>(hn::Add(hn::ConvertTo(di, n), hn::Set(di, 127)));
    return hn::IfThenZeroElse(tooSmall, hn::Mul(p, hn::BitCast(d, power)));
}

HWY_INLINE FloatVec silu(FloatVec x) {
    return hn::Div(x, hn::Add(broadcast(1.0f), exponential(hn::Neg(x))));
}

/// 0.5 x (1 + tanh(u)) = x / (1 + e^-2u), u = sqrt(2 / pi) (x + 0.044715 x^3).
HWY_INLINE FloatVec geluTanh(FloatVec x) {
    const FloatVec cubic = hn::MulAdd(hn::Mul(hn::Mul(x, x), broadcast(0.044715f)), x, x);
    const FloatVec e = exponential(hn::Mul(cubic, broadcast(-1.59576912f)));
    return hn::Div(x, hn::Add(broadcast(1.0f), e));
}

/// 0.5 x erfc(-x / sqrt 2); erfc by Abramowitz and Stegun 1964, 7.1.26 (absolute error 1.5e-7).
HWY_INLINE FloatVec geluErf(FloatVec x) {
    const FloatVec z = hn::Mul(hn::Abs(x), broadcast(0.707106781f));
    const FloatVec t = hn::Div(broadcast(1.0f), hn::MulAdd(z, broadcast(0.3275911f), broadcast(1.0f)));
    FloatVec p = broadcast(1.061405429f);
    p = hn::MulAdd(p, t, broadcast(-1.453152027f));
    p = hn::MulAdd(p, t, broadcast(1.421413741f));
    p = hn::MulAdd(p, t, broadcast(-0.284496736f));
    p = hn::MulAdd(p, t, broadcast(0.254829592f));
    const FloatVec tail = hn::Mul(hn::Mul(p, t), exponential(hn::Neg(hn::Mul(z, z))));  // erfc(|x| / sqrt 2)
    const FloatVec twoSided = hn::IfThenElse(hn::Lt(x, broadcast(0.0f)), tail, hn::Sub(broadcast(2.0f), tail));
    return hn::Mul(hn::Mul(broadcast(0.5f), x), twoSided);
}

}  // namespace halftone::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
