// SPDX-License-Identifier: GPL-3.0-or-later
// Vector forms of the scalar conversions that define bytes (core/tensor/float16.h, core/quant/formats/rounding.h).
// Bit-identical to them on every target: integer and single-rounding operations only, never a fused multiply-add.
// Include after <hwy/highway.h> in a file that foreach_target.h compiles once per target.

#if defined(HALFTONE_SIMD_FLOAT_OPS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HALFTONE_SIMD_FLOAT_OPS_INL_H_
#undef HALFTONE_SIMD_FLOAT_OPS_INL_H_
#else
#define HALFTONE_SIMD_FLOAT_OPS_INL_H_
#endif

#include <cstdint>

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace halftone {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// Vectors of at most 16 floats: sub-blocks of the block types have 16 or 32 values.
using FloatTag = hn::CappedTag<float, 16>;
using IntTag = hn::RebindToSigned<FloatTag>;
using BitsTag = hn::RebindToUnsigned<FloatTag>;
using HalfTag = hn::Rebind<uint16_t, FloatTag>;  ///< as many 16-bit values as FloatTag has floats
using ByteTag = hn::Rebind<uint8_t, FloatTag>;
using SignedByteTag = hn::Rebind<int8_t, FloatTag>;
using FloatVec = hn::Vec<FloatTag>;
using IntVec = hn::Vec<IntTag>;
using BitsVec = hn::Vec<BitsTag>;
using FloatMask = hn::Mask<FloatTag>;

/// Nearest integers, ties to even, limited to [low, high]: roundToCode() as a float. The limits are given as the bits
/// of 1.5 * 2^23 + low and 1.5 * 2^23 + high (codeLimit).
HWY_INLINE IntVec codeLimit(int code) {
    return hn::Set(IntTag(), 0x4B400000 + code);
}

HWY_INLINE FloatVec roundToCodes(FloatVec value, IntVec low, IntVec high) {
    const FloatTag df;
    const auto bias = hn::Set(df, 12582912.0f);
    const auto bits = hn::BitCast(IntTag(), hn::Add(value, bias));
    return hn::Sub(hn::BitCast(df, hn::Min(hn::Max(bits, low), high)), bias);
}

/// clampFloat(): NaN becomes `low` on every target.
HWY_INLINE FloatVec clampFloats(FloatVec value, FloatVec low, FloatVec high) {
    const auto atLeast = hn::IfThenElse(hn::Gt(value, low), value, low);
    return hn::IfThenElse(hn::Lt(atLeast, high), atLeast, high);
}

/// halfToFloat() of 16-bit patterns in 32-bit lanes.
HWY_INLINE FloatVec floatFromHalfBits(BitsVec half) {
    const FloatTag df;
    const BitsTag du;
    const auto sign = hn::ShiftLeft<16>(hn::And(half, hn::Set(du, 0x8000u)));
    const auto magnitude = hn::ShiftLeft<13>(hn::And(half, hn::Set(du, 0x7FFFu)));
    const auto exponent = hn::And(magnitude, hn::Set(du, 0x0F800000u));
    const auto rebias = hn::Set(du, 112u << 23);
    const auto isSpecial = hn::Eq(exponent, hn::Set(du, 0x0F800000u));
    const auto isNaN = hn::Gt(magnitude, hn::Set(du, 0x0F800000u));
    const auto quiet = hn::IfThenElseZero(isNaN, hn::Set(du, 0x400000u));
    const auto special = hn::IfThenElseZero(isSpecial, rebias);
    const auto normal = hn::Or(hn::Add(hn::Add(magnitude, rebias), special), quiet);
    // A subnormal half is mantissa * 2^-24; the mantissa is small, so its conversion is exact.
    const auto mantissa = hn::BitCast(IntTag(), hn::ShiftRight<13>(magnitude));
    const auto subnormal = hn::BitCast(du, hn::Mul(hn::ConvertTo(df, mantissa), hn::Set(df, 0x1p-24f)));
    const auto isSubnormal = hn::Eq(exponent, hn::Zero(du));
    return hn::BitCast(df, hn::Or(sign, hn::IfThenElse(isSubnormal, subnormal, normal)));
}

/// halfToFloat() of as many 16-bit patterns as there are lanes: in one instruction where the target has it.
HWY_INLINE FloatVec floatsFromHalves(hn::Vec<HalfTag> halves) {
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX2 && !defined(HWY_DISABLE_F16C)
    return hn::PromoteTo(FloatTag(), hn::BitCast(hn::Rebind<hwy::float16_t, FloatTag>(), halves));
#else
    return floatFromHalfBits(hn::PromoteTo(BitsTag(), halves));
#endif
}

/// floatToHalf() as 16-bit patterns in 32-bit lanes.
HWY_INLINE BitsVec halfBitsFromFloat(FloatVec value) {
    const FloatTag df;
    const BitsTag du;
    const auto bits = hn::BitCast(du, value);
    const auto sign = hn::And(hn::ShiftRight<16>(bits), hn::Set(du, 0x8000u));
    const auto magnitude = hn::And(bits, hn::Set(du, 0x7FFFFFFFu));
    const auto shifted = hn::Add(hn::BitCast(df, magnitude), hn::Set(df, 0.5f));
    const auto subnormal = hn::Sub(hn::BitCast(du, shifted), hn::Set(du, 0x3F000000u));
    const auto odd = hn::And(hn::ShiftRight<13>(magnitude), hn::Set(du, 1u));
    const auto rounded = hn::Add(hn::Sub(magnitude, hn::Set(du, 0x38000000u)), hn::Add(odd, hn::Set(du, 0xFFFu)));
    auto half = hn::IfThenElse(hn::Lt(magnitude, hn::Set(du, 0x38800000u)), subnormal, hn::ShiftRight<13>(rounded));
    half = hn::IfThenElse(hn::Gt(magnitude, hn::Set(du, 0x477FEFFFu)), hn::Set(du, 0x7C00u), half);
    half = hn::IfThenElse(hn::Gt(magnitude, hn::Set(du, 0x7F800000u)), hn::Set(du, 0x7E00u), half);
    return hn::Or(sign, half);
}

/// floatToBfloat() as 16-bit patterns in 32-bit lanes.
HWY_INLINE BitsVec bfloatBitsFromFloat(FloatVec value) {
    const BitsTag du;
    const auto bits = hn::BitCast(du, value);
    const auto magnitude = hn::And(bits, hn::Set(du, 0x7FFFFFFFu));
    const auto odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(du, 1u));
    const auto rounded = hn::ShiftRight<16>(hn::Add(bits, hn::Add(odd, hn::Set(du, 0x7FFFu))));
    const auto notANumber = hn::Or(hn::ShiftRight<16>(bits), hn::Set(du, 0x40u));
    return hn::IfThenElse(hn::Gt(magnitude, hn::Set(du, 0x7F800000u)), notANumber, rounded);
}

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace halftone
HWY_AFTER_NAMESPACE();

#endif  // HALFTONE_SIMD_FLOAT_OPS_INL_H_
