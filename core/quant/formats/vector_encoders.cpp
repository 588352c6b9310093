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

/// As many blocks as a vector has lanes, or the last of a row.
struct BlockGroup {
    const float* x;
    size_t count;
};

/// Of each block of a group the largest of what `of(values)` gives; zero in the lanes of blocks that it does not have.
template <typename Of>
FloatVec largestInBlocks(const BlockGroup& group, const Of& of) {
    const FloatTag df;
    alignas(64) float largest[16] = {};
    for (size_t block = 0; block < group.count; ++block) {
        const float* x = group.x + block * kSize;
        auto inLanes = of(hn::LoadU(df, x));
        for (size_t i = hn::Lanes(df); i < kSize; i += hn::Lanes(df))
            inLanes = hn::Max(inLanes, of(hn::LoadU(df, x + i)));
        largest[block] = hn::GetLane(hn::MaxOfLanes(df, inLanes));
    }
    return hn::Load(df, largest);
}

FloatVec largestValues(const BlockGroup& group) {
    return largestInBlocks(group, [](FloatVec v) HWY_ATTR { return v; });
}
/// The sign of a zero is not defined.
FloatVec smallestValues(const BlockGroup& group) {
    return hn::Neg(largestInBlocks(group, [](FloatVec v) HWY_ATTR { return hn::Neg(v); }));
}

/// Of each block the first value of largest magnitude, with its sign; +0 for a block of zeros.
FloatVec signedExtremes(const BlockGroup& group) {
    const FloatTag df;
    const auto largest = largestValues(group), smallest = smallestValues(group);
    const auto isTie = hn::And(hn::Eq(largest, hn::Neg(smallest)), hn::Gt(largest, hn::Zero(df)));
    const auto extremes = hn::IfThenElse(hn::Ge(largest, hn::Neg(smallest)), hn::Abs(largest), smallest);
    if (hn::AllFalse(df, isTie)) return extremes;
    alignas(64) float found[16], magnitudes[16];
    hn::Store(extremes, df, found);
    hn::Store(hn::IfThenElseZero(isTie, largest), df, magnitudes);
    for (size_t block = 0; block < group.count; ++block) {
        if (magnitudes[block] == 0) continue;
        const float* x = group.x + block * kSize;
        found[block] = *std::find_if(x, x + kSize, [&](float v) { return std::fabs(v) == magnitudes[block]; });
    }
    return hn::Load(df, found);
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

/// Scales of a group of blocks: quotients and conversions for all of them at once.
struct BlockScales {
    alignas(64) float inverse[16];  ///< 1 / scale, or 0
    alignas(64) uint32_t half[16];  ///< storeHalf()

    explicit BlockScales(FloatVec scale) {
        const FloatTag df;
        const BitsTag du;
        const auto one = hn::Set(df, 1.0f);
        hn::Store(hn::IfThenElseZero(hn::Ne(scale, hn::Zero(df)), hn::Div(one, scale)), df, inverse);
        const auto isNumber = hn::RebindMask(du, hn::Eq(scale, scale));
        hn::Store(hn::IfThenElse(isNumber, halfBitsFromFloat(scale), hn::Set(du, 0x7E00u)), du, half);
    }
};

/// Calls `scalesOf(group)` for each group of blocks, then `store(block's values, index of its scales, scales, block)`.
template <typename Block, typename ScalesOf, typename Store>
void encodeScaled(std::span<const float> values, uint8_t* packed, const ScalesOf& scalesOf, const Store& store) {
    auto* block = reinterpret_cast<Block*>(packed);
    const size_t blocks = values.size() / kSize;
    for (size_t first = 0; first < blocks; first += hn::Lanes(FloatTag())) {
        const BlockGroup group{values.data() + first * kSize, std::min(hn::Lanes(FloatTag()), blocks - first)};
        const BlockScales scales(scalesOf(group));
        for (size_t i = 0; i < group.count; ++i, ++block) store(group.x + i * kSize, scales, i, *block);
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
    const auto scalesOf = [&](const BlockGroup& group) HWY_ATTR {
        return hn::Div(signedExtremes(group), hn::Set(df, static_cast<float>(-kOffset)));
    };
    const auto store = [&](const float* x, const BlockScales& scales, size_t index, Block& block) HWY_ATTR {
        storeU16(static_cast<uint16_t>(scales.half[index]), block.d);
        const auto inverse = hn::Set(df, scales.inverse[index]);
        storeCodes(
            [&](size_t i) HWY_ATTR {
                return truncatedCodes(hn::Add(hn::Mul(hn::LoadU(df, x + i), inverse), bias), 2 * kOffset - 1);
            },
            block);
    };
    encodeScaled<Block>(values, packed, scalesOf, store);
}

/// Smallest values of a group's blocks, with the sign of the first zero where it is zero.
void storeMinimums(const BlockGroup& group, FloatVec smallest, float* minimums) {
    hn::Store(smallest, FloatTag(), minimums);
    if (hn::AllFalse(FloatTag(), hn::Eq(smallest, hn::Zero(FloatTag())))) return;
    for (size_t block = 0; block < group.count; ++block) {
        const float* x = group.x + block * kSize;
        if (minimums[block] == 0) minimums[block] = *std::find(x, x + kSize, 0.0f);
    }
}

template <typename Block>
void encodeAffine(std::span<const float> values, uint8_t* packed) {
    constexpr int kMaxCode = requires(Block b) {
        b.qh;
    }
    ? 31 : 15;
    const FloatTag df;
    const auto half = hn::Set(df, 0.5f);
    alignas(64) std::array<float, 16> minimums;
    const auto scalesOf = [&](const BlockGroup& group) HWY_ATTR {
        const auto largest = largestValues(group), smallest = smallestValues(group);
        storeMinimums(group, smallest, minimums.data());
        // A block of zeros has d = +0 whatever the zeros' signs, as the difference of a value and itself.
        const auto range = hn::Div(hn::Sub(largest, smallest), hn::Set(df, static_cast<float>(kMaxCode)));
        return hn::IfThenZeroElse(hn::Eq(largest, smallest), range);
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
    encodeScaled<Block>(values, packed, scalesOf, store);
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
    const auto scalesOf = [&](const BlockGroup& group) HWY_ATTR {
        const auto largest = largestInBlocks(group, [](FloatVec v) HWY_ATTR { return hn::Abs(v); });
        return hn::Div(largest, hn::Set(df, 127.0f));
    };
    const auto store = [&](const float* x, const BlockScales& scales, size_t index, BlockQ8_0& block) HWY_ATTR {
        storeU16(static_cast<uint16_t>(scales.half[index]), block.d);
        const auto inverse = hn::Set(df, scales.inverse[index]);
        for (size_t i = 0; i < kSize; i += hn::Lanes(df)) {
            const auto codes = roundAway(hn::Mul(hn::LoadU(df, x + i), inverse));
            hn::StoreU(hn::DemoteTo(SignedByteTag(), codes), SignedByteTag(), block.qs + i);
        }
    };
    encodeScaled<BlockQ8_0>(values, packed, scalesOf, store);
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
