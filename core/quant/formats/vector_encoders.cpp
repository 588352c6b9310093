// SPDX-License-Identifier: GPL-3.0-or-later
// Vectorized encoders of the plain 16-bit floats and the legacy blocks without importance weights. Maxima and minima do
// not depend on the order of comparison, except for the sign of a zero and of equal magnitudes: those are looked up.
#include "core/quant/formats/vector_codecs.h"

#include <algorithm>
#include <array>
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

/// Scales of as many blocks as a vector has lanes: quotients and conversions for all of them at once.
struct BlockScales {
    alignas(64) float scale[16] = {};  ///< in: one a block; lanes past the last block are zero
    alignas(64) float inverse[16];     ///< 1 / scale, or 0
    alignas(64) uint32_t half[16];     ///< storeHalf()

    void finish() {
        const FloatTag df;
        const BitsTag du;
        const auto d = hn::Load(df, scale);
        const auto one = hn::Set(df, 1.0f);
        hn::Store(hn::IfThenElseZero(hn::Ne(d, hn::Zero(df)), hn::Div(one, d)), df, inverse);
        const auto isNumber = hn::RebindMask(du, hn::Eq(d, d));
        hn::Store(hn::IfThenElse(isNumber, halfBitsFromFloat(d), hn::Set(du, 0x7E00u)), du, half);
    }
};

/// Calls `scaleOf(block's values)` for a vector of blocks, then `store(block's values, index of its scales, scales,
/// block)`.
template <typename Block, typename ScaleOf, typename Store>
void encodeScaled(std::span<const float> values, uint8_t* packed, const ScaleOf& scaleOf, const Store& store) {
    auto* block = reinterpret_cast<Block*>(packed);
    const size_t blocks = values.size() / kSize;
    for (size_t first = 0; first < blocks; first += hn::Lanes(FloatTag())) {
        const size_t count = std::min(hn::Lanes(FloatTag()), blocks - first);
        const float* x = values.data() + first * kSize;
        BlockScales scales;
        for (size_t i = 0; i < count; ++i) scales.scale[i] = scaleOf(x + i * kSize);
        scales.finish();
        for (size_t i = 0; i < count; ++i, ++block) store(x + i * kSize, scales, i, *block);
    }
}

template <typename Block>
void encodeSymmetric(std::span<const float> values, uint8_t* packed) {
    constexpr int kOffset = requires(Block b) {
        b.qh;
    }
    ? 16 : 8;
    const FloatTag df;
    const auto bias = hn::Set(df, static_cast<float>(kOffset) + 0.5f);
    const auto scaleOf = [](const float* x) HWY_ATTR { return signedExtreme(x) / static_cast<float>(-kOffset); };
    const auto store = [&](const float* x, const BlockScales& scales, size_t index, Block& block) HWY_ATTR {
        storeU16(static_cast<uint16_t>(scales.half[index]), block.d);
        const auto inverse = hn::Set(df, scales.inverse[index]);
        storeCodes(
            [&](size_t i) HWY_ATTR {
                return truncatedCodes(hn::Add(hn::Mul(hn::LoadU(df, x + i), inverse), bias), 2 * kOffset - 1);
            },
            block);
    };
    encodeScaled<Block>(values, packed, scaleOf, store);
}

/// Smallest value of a block, with the sign of the first zero where it is zero.
float minimumOf(const float* x, const Range& range) {
    return range.minimum == 0 ? *std::find(x, x + kSize, 0.0f) : range.minimum;
}

template <typename Block>
void encodeAffine(std::span<const float> values, uint8_t* packed) {
    constexpr int kMaxCode = requires(Block b) {
        b.qh;
    }
    ? 31 : 15;
    const FloatTag df;
    const auto half = hn::Set(df, 0.5f);
    std::array<float, 16> minimums;
    size_t next = 0;
    const auto scaleOf = [&](const float* x) HWY_ATTR {
        const Range range = rangeOf(x);
        minimums[next++ % hn::Lanes(df)] = minimumOf(x, range);
        // A block of zeros has d = +0 whatever the zeros' signs, as the difference of a value and itself.
        return range.maximum == range.minimum ? 0.0f : (range.maximum - range.minimum) / static_cast<float>(kMaxCode);
    };
    const auto store = [&](const float* x, const BlockScales& scales, size_t index, Block& block) HWY_ATTR {
        storeU16(static_cast<uint16_t>(scales.half[index]), block.d);
        storeHalf(minimums[index], block.m);
        const auto inverse = hn::Set(df, scales.inverse[index]);
        const auto minimum = hn::Set(df, minimums[index]);
        storeCodes(
            [&](size_t i) HWY_ATTR {
                const auto scaled = hn::Mul(hn::Sub(hn::LoadU(df, x + i), minimum), inverse);
                return truncatedCodes(hn::Add(scaled, half), kMaxCode);
            },
            block);
    };
    encodeScaled<Block>(values, packed, scaleOf, store);
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

/// roundAwayFromZero(): the largest number below one half, added away from zero, carries exactly what a half would.
IntVec roundAway(FloatVec value) {
    const FloatTag df;
    const auto limited = clampFloats(value, hn::Set(df, -512.0f), hn::Set(df, 511.0f));
    return hn::ConvertTo(IntTag(), hn::Add(limited, hn::CopySign(hn::Set(df, 0x1.fffffep-2f), limited)));
}

void encodeQ8_0(std::span<const float> values, const float* /*importance*/, uint8_t* packed) {
    const FloatTag df;
    const auto scaleOf = [](const float* x) HWY_ATTR {
        const FloatTag d;
        auto largest = hn::Abs(hn::LoadU(d, x));
        for (size_t i = hn::Lanes(d); i < kSize; i += hn::Lanes(d))
            largest = hn::Max(largest, hn::Abs(hn::LoadU(d, x + i)));
        return hn::GetLane(hn::MaxOfLanes(d, largest)) / 127.0f;
    };
    const auto store = [&](const float* x, const BlockScales& scales, size_t index, BlockQ8_0& block) HWY_ATTR {
        storeU16(static_cast<uint16_t>(scales.half[index]), block.d);
        const auto inverse = hn::Set(df, scales.inverse[index]);
        for (size_t i = 0; i < kSize; i += hn::Lanes(df)) {
            const auto codes = roundAway(hn::Mul(hn::LoadU(df, x + i), inverse));
            hn::StoreU(hn::DemoteTo(SignedByteTag(), codes), SignedByteTag(), block.qs + i);
        }
    };
    encodeScaled<BlockQ8_0>(values, packed, scaleOf, store);
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
