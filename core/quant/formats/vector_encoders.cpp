// SPDX-License-Identifier: GPL-3.0-or-later
// Vectorized encoders of the plain 16-bit floats and the legacy blocks without importance weights. Maxima and minima do
// not depend on the order of comparison, except for the sign of a zero and of equal magnitudes: those are looked up.
#include "core/quant/formats/vector_codecs.h"

#include <algorithm>
#include <cmath>

#include "core/quant/formats/block_layouts.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/quant/formats/vector_encoders.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "core/simd/float_ops-inl.h"

HWY_BEFORE_NAMESPACE();
namespace halftone {
namespace HWY_NAMESPACE {
namespace {

constexpr size_t kSize = 32;

/// As many 16-bit values as there are lanes, to any address.
void storeHalves(hn::Vec<HalfTag> halves, uint8_t* bytes) {
#if HWY_TARGET == HWY_SCALAR
    storeU16(hn::GetLane(halves), bytes);
#else
    const hn::Repartition<uint8_t, HalfTag> d8;
    hn::StoreU(hn::BitCast(d8, halves), d8, bytes);
#endif
}

using ConvertFloats = BitsVec (*)(FloatVec);

template <ConvertFloats kConvert, uint16_t (*kScalar)(float)>
void encode16(std::span<const float> values, const float* /*importance*/, uint8_t* packed) {
    const FloatTag df;
    const size_t lanes = hn::Lanes(df);
    size_t i = 0;
    for (; i + lanes <= values.size(); i += lanes) {
        const auto bits = hn::BitCast(IntTag(), kConvert(hn::LoadU(df, values.data() + i)));
        storeHalves(hn::DemoteTo(HalfTag(), bits), packed + 2 * i);
    }
    for (; i < values.size(); ++i) storeU16(kScalar(values[i]), packed + 2 * i);
}

void encodeF16(std::span<const float> values, const float* importance, uint8_t* packed) {
    encode16<halfBitsFromFloat, floatToHalf>(values, importance, packed);
}
void encodeBF16(std::span<const float> values, const float* importance, uint8_t* packed) {
    encode16<bfloatBitsFromFloat, floatToBfloat>(values, importance, packed);
}

struct Range {
    float minimum;
    float maximum;
};

/// Smallest and largest value of a block; the sign of a zero is not defined.
Range rangeOf(const float* x) {
    const FloatTag df;
    auto low = hn::LoadU(df, x);
    auto high = low;
    for (size_t i = hn::Lanes(df); i < kSize; i += hn::Lanes(df)) {
        const auto v = hn::LoadU(df, x + i);
        low = hn::Min(low, v);
        high = hn::Max(high, v);
    }
    return {hn::GetLane(hn::MinOfLanes(df, low)), hn::GetLane(hn::MaxOfLanes(df, high))};
}

/// First value of largest magnitude, with its sign; +0 for a block of zeros.
float signedExtreme(const float* x) {
    const Range range = rangeOf(x);
    if (range.maximum > -range.minimum) return range.maximum;
    if (range.maximum < -range.minimum) return range.minimum;
    if (range.maximum == 0) return 0.0f;
    const float magnitude = range.maximum;
    return *std::find_if(x, x + kSize, [&](float v) { return std::fabs(v) == magnitude; });
}

/// Codes 0..maxCode of scaled values, truncated.
IntVec truncatedCodes(FloatVec scaled, int maxCode) {
    const FloatTag df;
    const auto limited = clampFloats(scaled, hn::Zero(df), hn::Set(df, static_cast<float>(maxCode)));
    return hn::ConvertTo(IntTag(), limited);
}

/// Fifth bits of as many codes as there are lanes, bit i from lane i.
uint32_t fifthBits(IntVec codes) {
    const IntTag di;
    uint8_t bits[8] = {};
    hn::StoreMaskBits(di, hn::Gt(codes, hn::Set(di, 15)), bits);
    const auto lanes = static_cast<uint32_t>(hn::Lanes(di));
    return loadU16(bits) & ((1u << lanes) - 1u);
}

/// Packs the codes that `codesAt(i)` gives for the elements from i on.
template <typename Block, typename CodesAt>
void storeCodes(const CodesAt& codesAt, Block& block) {
    const auto nibble = hn::Set(IntTag(), 15);
    uint32_t high = 0;
    for (size_t i = 0; i < 16; i += hn::Lanes(FloatTag())) {
        const auto first = codesAt(i);
        const auto second = codesAt(i + 16);
        const auto bytes = hn::Or(hn::And(first, nibble), hn::ShiftLeft<4>(hn::And(second, nibble)));
        hn::StoreU(hn::DemoteTo(ByteTag(), bytes), ByteTag(), block.qs + i);
        if constexpr (requires { block.qh; }) high |= (fifthBits(first) << i) | (fifthBits(second) << (i + 16));
    }
    if constexpr (requires { block.qh; }) storeU32(high, block.qh);
}

template <typename Block>
void encodeSymmetric(std::span<const float> values, uint8_t* packed) {
    constexpr int kOffset = requires(Block b) { b.qh; } ? 16 : 8;
    const FloatTag df;
    const auto bias = hn::Set(df, static_cast<float>(kOffset) + 0.5f);
    auto* block = reinterpret_cast<Block*>(packed);
    for (size_t first = 0; first < values.size(); first += kSize, ++block) {
        const float* x = values.data() + first;
        const float d = signedExtreme(x) / static_cast<float>(-kOffset);
        const auto inverse = hn::Set(df, d != 0 ? 1 / d : 0.0f);
        storeHalf(d, block->d);
        storeCodes(
            [&](size_t i) HWY_ATTR {
                return truncatedCodes(hn::Add(hn::Mul(hn::LoadU(df, x + i), inverse), bias), 2 * kOffset - 1);
            },
            *block);
    }
}

template <typename Block>
void encodeAffine(std::span<const float> values, uint8_t* packed) {
    constexpr int kMaxCode = requires(Block b) { b.qh; } ? 31 : 15;
    const FloatTag df;
    const auto half = hn::Set(df, 0.5f);
    auto* block = reinterpret_cast<Block*>(packed);
    for (size_t first = 0; first < values.size(); first += kSize, ++block) {
        const float* x = values.data() + first;
        Range range = rangeOf(x);
        if (range.minimum == 0) range.minimum = *std::find(x, x + kSize, 0.0f);
        const float d = (range.maximum - range.minimum) / static_cast<float>(kMaxCode);
        const auto inverse = hn::Set(df, d != 0 ? 1 / d : 0.0f);
        const auto minimum = hn::Set(df, range.minimum);
        // A block of zeros has d = +0 whatever the zeros' signs, as the difference of a value and itself.
        storeHalf(range.maximum == range.minimum ? 0.0f : d, block->d);
        storeHalf(range.minimum, block->m);
        storeCodes(
            [&](size_t i) HWY_ATTR {
                const auto scaled = hn::Mul(hn::Sub(hn::LoadU(df, x + i), minimum), inverse);
                return truncatedCodes(hn::Add(scaled, half), kMaxCode);
            },
            *block);
    }
}

void encodeQ4_0(std::span<const float> values, const float* /*importance*/, uint8_t* packed) {
    encodeSymmetric<BlockQ4_0>(values, packed);
}
void encodeQ5_0(std::span<const float> values, const float* /*importance*/, uint8_t* packed) {
    encodeSymmetric<BlockQ5_0>(values, packed);
}
void encodeQ4_1(std::span<const float> values, const float* /*importance*/, uint8_t* packed) {
    encodeAffine<BlockQ4_1>(values, packed);
}
void encodeQ5_1(std::span<const float> values, const float* /*importance*/, uint8_t* packed) {
    encodeAffine<BlockQ5_1>(values, packed);
}

/// roundAwayFromZero().
IntVec roundAway(FloatVec value) {
    const FloatTag df;
    const auto limited = clampFloats(value, hn::Set(df, -512.0f), hn::Set(df, 511.0f));
    const auto whole = hn::ConvertTo(IntTag(), limited);
    const auto rest = hn::Sub(limited, hn::ConvertTo(df, whole));
    const auto up = hn::IfThenElseZero(hn::Ge(rest, hn::Set(df, 0.5f)), hn::Set(df, 1.0f));
    const auto down = hn::IfThenElseZero(hn::Le(rest, hn::Set(df, -0.5f)), hn::Set(df, 1.0f));
    return hn::Add(whole, hn::ConvertTo(IntTag(), hn::Sub(up, down)));
}

void encodeQ8_0(std::span<const float> values, const float* /*importance*/, uint8_t* packed) {
    const FloatTag df;
    auto* block = reinterpret_cast<BlockQ8_0*>(packed);
    for (size_t first = 0; first < values.size(); first += kSize, ++block) {
        const float* x = values.data() + first;
        auto largest = hn::Abs(hn::LoadU(df, x));
        for (size_t i = hn::Lanes(df); i < kSize; i += hn::Lanes(df))
            largest = hn::Max(largest, hn::Abs(hn::LoadU(df, x + i)));
        const float d = hn::GetLane(hn::MaxOfLanes(df, largest)) / 127.0f;
        const auto inverse = hn::Set(df, d != 0 ? 1 / d : 0.0f);
        storeHalf(d, block->d);
        for (size_t i = 0; i < kSize; i += hn::Lanes(df)) {
            const auto codes = roundAway(hn::Mul(hn::LoadU(df, x + i), inverse));
            hn::StoreU(hn::DemoteTo(SignedByteTag(), codes), SignedByteTag(), block->qs + i);
        }
    }
}

}  // namespace
// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace halftone
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace halftone {

#define HT_DISPATCH_ENCODER(name)                                                                        \
    HWY_EXPORT(encode##name);                                                                            \
    void encode##name##Vector(std::span<const float> values, const float* importance, uint8_t* packed) { \
        HWY_DYNAMIC_DISPATCH(encode##name)(values, importance, packed);                                  \
    }

HT_DISPATCH_ENCODER(F16)
HT_DISPATCH_ENCODER(BF16)
HT_DISPATCH_ENCODER(Q4_0)
HT_DISPATCH_ENCODER(Q4_1)
HT_DISPATCH_ENCODER(Q5_0)
HT_DISPATCH_ENCODER(Q5_1)
HT_DISPATCH_ENCODER(Q8_0)

}  // namespace halftone
#endif
