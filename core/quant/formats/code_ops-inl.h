// SPDX-License-Identifier: GPL-3.0-or-later
// Stored codes on their way into vector lanes and back. Include after <hwy/highway.h> in a file that foreach_target.h
// compiles once per target.

#if defined(HALFTONE_QUANT_CODE_OPS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HALFTONE_QUANT_CODE_OPS_INL_H_
#undef HALFTONE_QUANT_CODE_OPS_INL_H_
#else
#define HALFTONE_QUANT_CODE_OPS_INL_H_
#endif

#include <cstdint>

#include <hwy/highway.h>

#include "core/simd/float_ops-inl.h"

HWY_BEFORE_NAMESPACE();
namespace halftone {
namespace HWY_NAMESPACE {

/// As many bytes as there are lanes, widened.
HWY_INLINE IntVec loadBytes(const uint8_t* bytes) {
    return hn::PromoteTo(IntTag(), hn::LoadU(ByteTag(), bytes));
}
HWY_INLINE IntVec loadSignedBytes(const int8_t* bytes) {
    return hn::PromoteTo(IntTag(), hn::LoadU(SignedByteTag(), bytes));
}
/// As many lanes as there are, narrowed; they hold 0 to 255.
HWY_INLINE void storeBytes(IntVec codes, uint8_t* bytes) {
    hn::StoreU(hn::DemoteTo(ByteTag(), codes), ByteTag(), bytes);
}
HWY_INLINE IntVec lowNibbles(IntVec bytes) {
    return hn::And(bytes, hn::Set(IntTag(), 15));
}
HWY_INLINE FloatVec toFloats(IntVec codes) {
    return hn::ConvertTo(FloatTag(), codes);
}

/// Largest magnitude of `count` values, a multiple of the lanes.
HWY_INLINE float largestMagnitudeOf(const float* values, size_t count) {
    const FloatTag d;
    auto largest = hn::Zero(d);
    for (size_t i = 0; i < count; i += hn::Lanes(d)) largest = hn::Max(largest, hn::Abs(hn::LoadU(d, values + i)));
    return hn::GetLane(hn::MaxOfLanes(d, largest));
}

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace halftone
HWY_AFTER_NAMESPACE();

#endif  // HALFTONE_QUANT_CODE_OPS_INL_H_
