// SPDX-License-Identifier: GPL-3.0-or-later
// Vectorized decoders of the plain 16-bit floats, the legacy blocks and Q4_K, Q5_K, Q6_K. Every value is computed by
// the same operations as in the scalar decoders, so the results are equal in every bit.
#include "core/quant/formats/vector_codecs.h"

#include "core/quant/formats/block_layouts.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/quant/formats/vector_decoders.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "core/quant/formats/code_ops-inl.h"
#include "core/simd/float_ops-inl.h"

HWY_BEFORE_NAMESPACE();
namespace halftone {
namespace HWY_NAMESPACE {
namespace {

/// Bit `first + lane` of `bits` in each lane, moved to the place of a fifth code bit.
IntVec fifthBits(uint32_t bits, size_t first) {
    const BitsTag du;
    const auto shifted = hn::Shr(hn::Set(du, bits >> first), hn::Iota(du, 0u));
    return hn::BitCast(IntTag(), hn::ShiftLeft<4>(hn::And(shifted, hn::Set(du, 1u))));
}

/// As many 16-bit values as there are lanes, from any address.
hn::Vec<HalfTag> loadHalves(const uint8_t* bytes) {
#if HWY_TARGET == HWY_SCALAR
    return hn::Set(HalfTag(), loadU16(bytes));
#else
    return hn::BitCast(HalfTag(), hn::LoadU(hn::Repartition<uint8_t, HalfTag>(), bytes));
#endif
}

using ConvertHalves = FloatVec (*)(hn::Vec<HalfTag>);

FloatVec floatsFromBfloats(hn::Vec<HalfTag> halves) {
    return hn::BitCast(FloatTag(), hn::ShiftLeft<16>(hn::PromoteTo(BitsTag(), halves)));
}

template <ConvertHalves kConvert, float (*kScalar)(uint16_t)>
void decode16(const uint8_t* packed, int64_t count, float* out) {
    const FloatTag df;
    const auto lanes = static_cast<int64_t>(hn::Lanes(df));
    int64_t i = 0;
    for (; i + lanes <= count; i += lanes) {
        hn::StoreU(kConvert(loadHalves(packed + 2 * i)), df, out + i);
    }
    for (; i < count; ++i) out[i] = kScalar(loadU16(packed + 2 * i));
}

void decodeF16(const uint8_t* packed, int64_t count, float* out) {
    decode16<floatsFromHalves, halfToFloat>(packed, count, out);
}
void decodeBF16(const uint8_t* packed, int64_t count, float* out) {
    decode16<floatsFromBfloats, bfloatToFloat>(packed, count, out);
}

void decodeQ8_0(const uint8_t* packed, int64_t blocks, float* out) {
    const FloatTag df;
    const auto* block = reinterpret_cast<const BlockQ8_0*>(packed);
    for (int64_t b = 0; b < blocks; ++b, out += 32) {
        const auto d = hn::Set(df, loadHalf(block[b].d));
        for (size_t i = 0; i < 32; i += hn::Lanes(df)) {
            hn::StoreU(hn::Mul(toFloats(loadSignedBytes(block[b].qs + i)), d), df, out + i);
        }
    }
}

/// Blocks of 32 with 4- or 5-bit codes; see legacy_blocks.cpp.
template <typename Block>
void decodeLegacy(const uint8_t* packed, int64_t blocks, float* out) {
    constexpr bool kFifthBit = requires(Block b) {
        b.qh;
    };
    constexpr bool kMinimum = requires(Block b) {
        b.m;
    };
    const FloatTag df;
    const auto* block = reinterpret_cast<const Block*>(packed);
    for (int64_t b = 0; b < blocks; ++b, out += 32) {
        const auto d = hn::Set(df, loadHalf(block[b].d));
        uint32_t high = 0;
        float minimum = 0;
        if constexpr (kFifthBit) high = loadU32(block[b].qh);
        if constexpr (kMinimum) minimum = loadHalf(block[b].m);
        const auto value = [&](IntVec q) HWY_ATTR {
            if constexpr (kMinimum) return hn::Add(hn::Mul(toFloats(q), d), hn::Set(df, minimum));
            return hn::Mul(toFloats(hn::Sub(q, hn::Set(IntTag(), kFifthBit ? 16 : 8))), d);
        };
        for (size_t i = 0; i < 16; i += hn::Lanes(df)) {
            const auto bytes = loadBytes(block[b].qs + i);
            auto first = lowNibbles(bytes);
            auto second = hn::ShiftRight<4>(bytes);
            if constexpr (kFifthBit) {
                first = hn::Or(first, fifthBits(high, i));
                second = hn::Or(second, fifthBits(high, i + 16));
            }
            hn::StoreU(value(first), df, out + i);
            hn::StoreU(value(second), df, out + i + 16);
        }
    }
}

void decodeQ4_0(const uint8_t* packed, int64_t blocks, float* out) {
    decodeLegacy<BlockQ4_0>(packed, blocks, out);
}
void decodeQ4_1(const uint8_t* packed, int64_t blocks, float* out) {
    decodeLegacy<BlockQ4_1>(packed, blocks, out);
}
void decodeQ5_0(const uint8_t* packed, int64_t blocks, float* out) {
    decodeLegacy<BlockQ5_0>(packed, blocks, out);
}
void decodeQ5_1(const uint8_t* packed, int64_t blocks, float* out) {
    decodeLegacy<BlockQ5_1>(packed, blocks, out);
}

/// Q4_K and Q5_K: four pairs of sub-blocks of 32 that share 32 bytes.
template <typename Block>
void decodeAffine(const uint8_t* packed, int64_t blocks, float* out) {
    constexpr bool kFifthBit = requires(Block b) {
        b.qh;
    };
    const FloatTag df;
    const auto sixteen = hn::Set(IntTag(), 16);
    const auto* block = reinterpret_cast<const Block*>(packed);
    for (int64_t b = 0; b < blocks; ++b) {
        const float d = loadHalf(block[b].d);
        const float dmin = loadHalf(block[b].dmin);
        for (int pair = 0; pair < 4; ++pair, out += 64) {
            const ScaleAndMin first = unpackScaleAndMin(block[b].scales, 2 * pair);
            const ScaleAndMin second = unpackScaleAndMin(block[b].scales, 2 * pair + 1);
            const auto scale1 = hn::Set(df, d * static_cast<float>(first.scale));
            const auto scale2 = hn::Set(df, d * static_cast<float>(second.scale));
            const auto minimum1 = hn::Set(df, dmin * static_cast<float>(first.minimum));
            const auto minimum2 = hn::Set(df, dmin * static_cast<float>(second.minimum));
            for (size_t i = 0; i < 32; i += hn::Lanes(df)) {
                const auto bytes = loadBytes(block[b].qs + 32 * pair + i);
                auto q1 = lowNibbles(bytes);
                auto q2 = hn::ShiftRight<4>(bytes);
                if constexpr (kFifthBit) {
                    const auto high = hn::ShiftRightSame(loadBytes(block[b].qh + i), 2 * pair);
                    q1 = hn::Or(q1, hn::And(hn::ShiftLeft<4>(high), sixteen));
                    q2 = hn::Or(q2, hn::And(hn::ShiftLeft<3>(high), sixteen));
                }
                hn::StoreU(hn::Sub(hn::Mul(scale1, toFloats(q1)), minimum1), df, out + i);
                hn::StoreU(hn::Sub(hn::Mul(scale2, toFloats(q2)), minimum2), df, out + i + 32);
            }
        }
    }
}

void decodeQ4_K(const uint8_t* packed, int64_t blocks, float* out) {
    decodeAffine<BlockQ4_K>(packed, blocks, out);
}
void decodeQ5_K(const uint8_t* packed, int64_t blocks, float* out) {
    decodeAffine<BlockQ5_K>(packed, blocks, out);
}

void decodeQ6_K(const uint8_t* packed, int64_t blocks, float* out) {
    const FloatTag df;
    const IntTag di;
    const auto topBits = hn::Set(di, 0x30);
    const auto offset = hn::Set(di, 32);
    const auto* block = reinterpret_cast<const BlockQ6_K*>(packed);
    for (int64_t half = 0; half < 2 * blocks; ++half, out += 128) {
        const BlockQ6_K& current = block[half / 2];
        const float d = loadHalf(current.d);
        const uint8_t* ql = current.ql + 64 * (half % 2);
        const uint8_t* qh = current.qh + 32 * (half % 2);
        const int8_t* scales = current.scales + 8 * (half % 2);
        for (size_t i = 0; i < 32; i += hn::Lanes(df)) {
            const auto low = loadBytes(ql + i);
            const auto low2 = loadBytes(ql + i + 32);
            const auto high = loadBytes(qh + i);
            const auto store = [&](size_t quarter, IntVec nibbles, IntVec top) HWY_ATTR {
                const auto q = hn::Sub(hn::Or(nibbles, hn::And(top, topBits)), offset);
                const float scale = d * static_cast<float>(scales[i / 16 + 2 * quarter]);
                hn::StoreU(hn::Mul(hn::Set(df, scale), toFloats(q)), df, out + i + 32 * quarter);
            };
            store(0, lowNibbles(low), hn::ShiftLeft<4>(high));
            store(1, lowNibbles(low2), hn::ShiftLeft<2>(high));
            store(2, hn::ShiftRight<4>(low), high);
            store(3, hn::ShiftRight<4>(low2), hn::ShiftRight<2>(high));
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

#define HT_DISPATCH_DECODER(name)                                                 \
    HWY_EXPORT(decode##name);                                                     \
    void decode##name##Vector(const uint8_t* packed, int64_t count, float* out) { \
        HWY_DYNAMIC_DISPATCH(decode##name)(packed, count, out);                   \
    }

HT_DISPATCH_DECODER(F16)
HT_DISPATCH_DECODER(BF16)
HT_DISPATCH_DECODER(Q8_0)
HT_DISPATCH_DECODER(Q4_0)
HT_DISPATCH_DECODER(Q4_1)
HT_DISPATCH_DECODER(Q5_0)
HT_DISPATCH_DECODER(Q5_1)
HT_DISPATCH_DECODER(Q4_K)
HT_DISPATCH_DECODER(Q5_K)
HT_DISPATCH_DECODER(Q6_K)

}  // namespace halftone
#endif
