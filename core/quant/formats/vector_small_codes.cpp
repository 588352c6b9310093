// SPDX-License-Identifier: GPL-3.0-or-later
// Vectorized codecs of the block types of one to three bits (Q1_0, Q2_0, TQ1_0, TQ2_0, Q2_K, Q3_K) and of four-bit
// codes into tables (IQ4_NL, IQ4_XS, MXFP4, NVFP4; the encoders of the first two lie in vector_search.cpp). Every value
// and code comes from the same operations as in the scalar codecs, so the results are equal in every bit.
#include "core/quant/formats/vector_codecs.h"

#include <array>
#include <cmath>

#include "core/quant/formats/block_layouts.h"
#include "core/quant/formats/code_tables.h"
#include "core/quant/formats/fp4_scales.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/quant/formats/vector_small_codes.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "core/quant/formats/code_ops-inl.h"
#include "core/simd/float_ops-inl.h"

HWY_BEFORE_NAMESPACE();
namespace halftone {
namespace HWY_NAMESPACE {
namespace {

HWY_INLINE IntVec twoBits(IntVec bytes, int group) {
    return hn::And(hn::ShiftRightSame(bytes, 2 * group), hn::Set(IntTag(), 3));
}

// ---- two and three bits ---------------------------------------------------------------------------------------------

void decodeQ2_K(const uint8_t* packed, int64_t blocks, float* out) {
    const FloatTag df;
    const auto* block = reinterpret_cast<const BlockQ2_K*>(packed);
    for (int64_t half = 0; half < 2 * blocks; ++half, out += 128) {
        const BlockQ2_K& current = block[half / 2];
        const float d = loadHalf(current.d), dmin = loadHalf(current.dmin);
        const uint8_t* scales = current.scales + 8 * (half % 2);
        for (size_t i = 0; i < 32; i += hn::Lanes(df)) {
            const auto bytes = loadBytes(current.qs + 32 * (half % 2) + i);
            for (int group = 0; group < 4; ++group) {
                const uint8_t sub = scales[2 * static_cast<size_t>(group) + i / 16];
                const auto scale = hn::Set(df, d * static_cast<float>(sub & 15));
                const auto minimum = hn::Set(df, dmin * static_cast<float>(sub >> 4));
                hn::StoreU(hn::Sub(hn::Mul(scale, toFloats(twoBits(bytes, group))), minimum), df, out + 32 * group + i);
            }
        }
    }
}

void decodeQ3_K(const uint8_t* packed, int64_t blocks, float* out) {
    const FloatTag df;
    const IntTag di;
    const auto* block = reinterpret_cast<const BlockQ3_K*>(packed);
    for (int64_t half = 0; half < 2 * blocks; ++half, out += 128) {
        const BlockQ3_K& current = block[half / 2];
        const int upper = static_cast<int>(half % 2);
        const float d = loadHalf(current.d);
        for (size_t i = 0; i < 32; i += hn::Lanes(df)) {
            const auto bytes = loadBytes(current.qs + 32 * upper + i);
            const auto thirds = loadBytes(current.hmask + i);
            for (int group = 0; group < 4; ++group) {
                const int sub = 8 * upper + 2 * group + static_cast<int>(i / 16);
                const auto scale = hn::Set(df, d * static_cast<float>(unpackQ3Scale(current.scales, sub)));
                const auto third = hn::And(hn::ShiftRightSame(thirds, 4 * upper + group), hn::Set(di, 1));
                const auto code = hn::Or(twoBits(bytes, group), hn::ShiftLeft<2>(third));
                hn::StoreU(hn::Mul(scale, toFloats(hn::Sub(code, hn::Set(di, 4)))), df, out + 32 * group + i);
            }
        }
    }
}

void decodeTQ2_0(const uint8_t* packed, int64_t blocks, float* out) {
    const FloatTag df;
    const auto one = hn::Set(IntTag(), 1);
    const auto* block = reinterpret_cast<const BlockTQ2_0*>(packed);
    for (int64_t half = 0; half < 2 * blocks; ++half, out += 128) {
        const BlockTQ2_0& current = block[half / 2];
        const auto d = hn::Set(df, loadHalf(current.d));
        for (size_t i = 0; i < 32; i += hn::Lanes(df)) {
            const auto bytes = loadBytes(current.qs + 32 * (half % 2) + i);
            for (int group = 0; group < 4; ++group)
                hn::StoreU(hn::Mul(toFloats(hn::Sub(twoBits(bytes, group), one)), d), df, out + 32 * group + i);
        }
    }
}

/// Digits of a TQ1_0 byte: multiplying by a power of three brings each into the top of the byte.
constexpr std::array<int, 5> kPowersOfThree{1, 3, 9, 27, 81};

/// `count` bytes hold `digits` digits each; digit n of byte i is element n * count + i.
HWY_INLINE void decodeTrits(const uint8_t* bytes, size_t count, FloatVec d, float* out) {
    const IntTag di;
    for (size_t i = 0; i < count; i += hn::Lanes(di)) {
        const auto stored = loadBytes(bytes + i);
        for (size_t digit = 0; digit < 5; ++digit) {
            const auto shifted = hn::And(hn::Mul(stored, hn::Set(di, kPowersOfThree[digit])), hn::Set(di, 255));
            const auto code = hn::ShiftRight<8>(hn::Mul(shifted, hn::Set(di, 3)));
            hn::StoreU(hn::Mul(toFloats(hn::Sub(code, hn::Set(di, 1))), d), FloatTag(), out + digit * count + i);
        }
    }
}

void decodeTQ1_0(const uint8_t* packed, int64_t blocks, float* out) {
    const auto* block = reinterpret_cast<const BlockTQ1_0*>(packed);
    for (int64_t b = 0; b < blocks; ++b, out += 256) {
        const float d = loadHalf(block[b].d);
        decodeTrits(block[b].qs, 32, hn::Set(FloatTag(), d), out);
        decodeTrits(block[b].qs + 32, 16, hn::Set(FloatTag(), d), out + 160);
        for (int i = 0; i < 16; ++i) {  // four bytes of four digits
            const int shifted = (block[b].qh[i % 4] * kPowersOfThree[static_cast<size_t>(i / 4)]) & 255;
            out[240 + i] = static_cast<float>(((shifted * 3) >> 8) - 1) * d;
        }
    }
}

void decodeQ2_0(const uint8_t* packed, int64_t blocks, float* out) {
    const FloatTag df;
    const BitsTag du;
    const auto places = hn::ShiftLeft<1>(hn::Iota(du, 0u));
    const auto* block = reinterpret_cast<const BlockQ2_0*>(packed);
    for (int64_t b = 0; b < blocks; ++b, out += 64) {
        const auto d = hn::Set(df, loadHalf(block[b].d));
        for (size_t i = 0; i < 64; i += hn::Lanes(df)) {
            const uint32_t word = loadU32(block[b].qs + i / 16 * 4) >> (2 * (i % 16));
            const auto code = hn::And(hn::Shr(hn::Set(du, word), places), hn::Set(du, 3u));
            const auto q = hn::Sub(hn::BitCast(IntTag(), code), hn::Set(IntTag(), 1));
            hn::StoreU(hn::Mul(toFloats(q), d), df, out + i);
        }
    }
}

void decodeQ1_0(const uint8_t* packed, int64_t blocks, float* out) {
    const FloatTag df;
    const BitsTag du;
    const auto one = hn::Set(du, 1u);
    const auto* block = reinterpret_cast<const BlockQ1_0*>(packed);
    for (int64_t b = 0; b < blocks; ++b, out += 128) {
        const float d = loadHalf(block[b].d);
        const auto plus = hn::Set(df, d), minus = hn::Set(df, -d);
        for (size_t i = 0; i < 128; i += hn::Lanes(df)) {
            const uint32_t word = loadU32(block[b].qs + i / 32 * 4) >> (i % 32);
            const auto bit = hn::And(hn::Shr(hn::Set(du, word), hn::Iota(du, 0u)), one);
            hn::StoreU(hn::IfThenElse(hn::RebindMask(df, hn::Eq(bit, one)), plus, minus), df, out + i);
        }
    }
}

/// Codes 0, 1, 2 (or 3) of values nearest to -1, 0, 1 (or 2) scales, ties away from zero; 0 for NaN.
template <bool kThree>
HWY_INLINE IntVec ternaryCodes(const float* values, FloatVec inverse) {
    const FloatTag df;
    const IntTag di;
    const auto one = hn::Set(di, 1);
    const auto scaled = hn::Mul(hn::LoadU(df, values), inverse);
    const auto count = [&](FloatMask reached) HWY_ATTR { return hn::IfThenElseZero(hn::RebindMask(di, reached), one); };
    auto code = hn::Add(count(hn::Gt(scaled, hn::Set(df, -0.5f))), count(hn::Ge(scaled, hn::Set(df, 0.5f))));
    if (kThree) code = hn::Add(code, count(hn::Ge(scaled, hn::Set(df, 1.5f))));
    return code;
}

/// Stores the scale of a block and gives the inverse of the unrounded one.
HWY_INLINE FloatVec storeLargest(const float* values, size_t count, uint8_t* d) {
    const float scale = largestMagnitudeOf(values, count);
    storeHalf(scale, d);
    return hn::Set(FloatTag(), scale != 0 ? 1 / scale : 0.0f);
}

void encodeTQ2_0(std::span<const float> values, const float* /*importance*/, uint8_t* packed) {
    auto* block = reinterpret_cast<BlockTQ2_0*>(packed);
    for (size_t first = 0; first < values.size(); first += 256, ++block) {
        const float* x = values.data() + first;
        const auto inverse = storeLargest(x, 256, block->d);
        for (size_t half = 0; half < 2; ++half) {
            const float* own = x + 128 * half;
            for (size_t i = 0; i < 32; i += hn::Lanes(FloatTag())) {
                auto bytes = ternaryCodes<false>(own + i, inverse);
                bytes = hn::Or(bytes, hn::ShiftLeft<2>(ternaryCodes<false>(own + 32 + i, inverse)));
                bytes = hn::Or(bytes, hn::ShiftLeft<4>(ternaryCodes<false>(own + 64 + i, inverse)));
                bytes = hn::Or(bytes, hn::ShiftLeft<6>(ternaryCodes<false>(own + 96 + i, inverse)));
                storeBytes(bytes, block->qs + 32 * half + i);
            }
        }
    }
}

/// The inverse of decodeTrits(): digits are scaled so that the top of the byte holds them, (value * 256 + 242) / 243.
HWY_INLINE void encodeTrits(const float* values, size_t count, FloatVec inverse, uint8_t* bytes) {
    const IntTag di;
    for (size_t i = 0; i < count; i += hn::Lanes(di)) {
        auto value = hn::Zero(di);
        for (size_t digit = 0; digit < 5; ++digit)
            value = hn::Add(hn::Mul(value, hn::Set(di, 3)), ternaryCodes<false>(values + digit * count + i, inverse));
        // A quotient of whole numbers this small is never rounded up to the next whole number.
        const auto scaled = toFloats(hn::Add(hn::ShiftLeft<8>(value), hn::Set(di, 242)));
        storeBytes(hn::ConvertTo(di, hn::Div(scaled, hn::Set(FloatTag(), 243.0f))), bytes + i);
    }
}

void encodeTQ1_0(std::span<const float> values, const float* /*importance*/, uint8_t* packed) {
    auto* block = reinterpret_cast<BlockTQ1_0*>(packed);
    for (size_t first = 0; first < values.size(); first += 256, ++block) {
        const float* x = values.data() + first;
        const auto inverse = storeLargest(x, 256, block->d);
        encodeTrits(x, 32, inverse, block->qs);
        encodeTrits(x + 160, 16, inverse, block->qs + 32);
        alignas(64) std::array<uint8_t, 16> codes;  // of four bytes of four digits
        for (size_t i = 0; i < 16; i += hn::Lanes(FloatTag()))
            storeBytes(ternaryCodes<false>(x + 240 + i, inverse), codes.data() + i);
        for (size_t byte = 0; byte < 4; ++byte) {
            int value = 0;
            for (size_t digit = 0; digit < 4; ++digit) value = value * 3 + codes[4 * digit + byte];
            block->qh[byte] = static_cast<uint8_t>((value * 3 * 256 + 242) / 243);
        }
    }
}

void encodeQ2_0(std::span<const float> values, const float* /*importance*/, uint8_t* packed) {
    auto* block = reinterpret_cast<BlockQ2_0*>(packed);
    alignas(64) std::array<uint8_t, 64> codes;
    for (size_t first = 0; first < values.size(); first += 64, ++block) {
        const float* x = values.data() + first;
        const auto inverse = storeLargest(x, 64, block->d);
        for (size_t i = 0; i < 64; i += hn::Lanes(FloatTag()))
            storeBytes(ternaryCodes<true>(x + i, inverse), codes.data() + i);
        for (size_t byte = 0; byte < 16; ++byte) {
            const uint8_t* four = codes.data() + 4 * byte;
            block->qs[byte] = static_cast<uint8_t>(four[0] | four[1] << 2 | four[2] << 4 | four[3] << 6);
        }
    }
}

// ---- four bits into tables ------------------------------------------------------------------------------------------

/// Writes scale * table[code] for the low nibbles of 16 bytes, then for the high ones.
HWY_INLINE void decodeTable16(const uint8_t* bytes, const std::array<int8_t, 16>& table, float scale, float* out) {
    const FloatTag df;
    const auto factor = hn::Set(df, scale);
#if HWY_TARGET == HWY_SCALAR
    for (int i = 0; i < 16; ++i) {
        out[i] = scale * static_cast<float>(table[bytes[i] & 15]);
        out[i + 16] = scale * static_cast<float>(table[bytes[i] >> 4]);
    }
    (void)factor;
#else
    const hn::FixedTag<uint8_t, 16> d8;
    const hn::FixedTag<int8_t, 16> d8s;
    const auto entries = hn::LoadU(d8s, table.data());
    const auto both = hn::LoadU(d8, bytes);
    alignas(64) std::array<int8_t, 32> values;
    hn::Store(hn::BitCast(d8s, hn::TableLookupBytes(entries, hn::And(both, hn::Set(d8, uint8_t{15})))), d8s,
              values.data());
    hn::Store(hn::BitCast(d8s, hn::TableLookupBytes(entries, hn::ShiftRight<4>(both))), d8s, values.data() + 16);
    for (size_t i = 0; i < 32; i += hn::Lanes(df))
        hn::StoreU(hn::Mul(toFloats(loadSignedBytes(values.data() + i)), factor), df, out + i);
#endif
}

void decodeIQ4_NL(const uint8_t* packed, int64_t blocks, float* out) {
    const auto* block = reinterpret_cast<const BlockIQ4_NL*>(packed);
    for (int64_t b = 0; b < blocks; ++b) decodeTable16(block[b].qs, kIq4Values, loadHalf(block[b].d), out + 32 * b);
}

void decodeIQ4_XS(const uint8_t* packed, int64_t blocks, float* out) {
    const auto* block = reinterpret_cast<const BlockIQ4_XS*>(packed);
    for (int64_t b = 0; b < blocks; ++b, out += 256) {
        const float d = loadHalf(block[b].d);
        for (int sub = 0; sub < 8; ++sub) {
            const float scale = d * static_cast<float>(scaleOfIQ4_XS(block[b], sub));
            decodeTable16(block[b].qs + 16 * sub, kIq4Values, scale, out + 32 * sub);
        }
    }
}

void decodeMXFP4(const uint8_t* packed, int64_t blocks, float* out) {
    const auto* block = reinterpret_cast<const BlockMXFP4*>(packed);
    for (int64_t b = 0; b < blocks; ++b) decodeTable16(block[b].qs, kFp4Values, halfOfE8M0(block[b].e), out + 32 * b);
}

void decodeNVFP4(const uint8_t* packed, int64_t blocks, float* out) {
    const auto* block = reinterpret_cast<const BlockNVFP4*>(packed);
    alignas(64) std::array<float, 32> pair;
    for (int64_t b = 0; b < blocks; ++b, out += 64) {
        // Two groups of eight bytes at a time: low nibbles of both, then high nibbles of both.
        for (int first = 0; first < 4; first += 2) {
            decodeTable16(block[b].qs + 8 * first, kFp4Values, 1.0f, pair.data());
            for (int group = 0; group < 2; ++group) {
                const float scale = halfOfUE4M3(block[b].d[first + group]);
                float* target = out + 16 * (first + group);
                for (int i = 0; i < 8; ++i) target[i] = pair[static_cast<size_t>(8 * group + i)] * scale;
                for (int i = 0; i < 8; ++i) target[8 + i] = pair[static_cast<size_t>(16 + 8 * group + i)] * scale;
            }
        }
    }
}

/// Codes of the FP4 values nearest to `values`, the first of equally near ones. A value of the other sign is never
/// nearer than zero, so eight magnitudes are all there is to compare.
HWY_INLINE IntVec fp4Codes(const float* values, FloatVec scale) {
    const FloatTag df;
    const IntTag di;
    const auto value = hn::LoadU(df, values);
    const auto magnitude = hn::Abs(value);
    auto least = magnitude;
    auto code = hn::Zero(di);
    for (int candidate = 1; candidate < 8; ++candidate) {
        const auto entry = hn::Set(df, static_cast<float>(kFp4Values[static_cast<size_t>(candidate)]));
        const auto error = hn::Abs(hn::Sub(hn::Mul(entry, scale), magnitude));
        const auto isLess = hn::Lt(error, least);
        least = hn::IfThenElse(isLess, error, least);
        code = hn::IfThenElse(hn::RebindMask(di, isLess), hn::Set(di, candidate), code);
    }
    const auto isNegative = hn::And(hn::RebindMask(di, hn::Lt(value, hn::Zero(df))), hn::Gt(code, hn::Zero(di)));
    return hn::IfThenElse(isNegative, hn::Add(code, hn::Set(di, 8)), code);
}

/// Nibbles of `2 * half` codes: the first half low, the second high.
HWY_INLINE void encodeFp4(const float* values, size_t half, float scale, uint8_t* bytes) {
    alignas(64) std::array<uint8_t, 32> codes;
    for (size_t i = 0; i < 2 * half; i += hn::Lanes(FloatTag()))
        storeBytes(fp4Codes(values + i, hn::Set(FloatTag(), scale)), codes.data() + i);
    for (size_t i = 0; i < half; ++i) bytes[i] = static_cast<uint8_t>(codes[i] | codes[i + half] << 4);
}

void encodeMXFP4(std::span<const float> values, const float* /*importance*/, uint8_t* packed) {
    auto* block = reinterpret_cast<BlockMXFP4*>(packed);
    for (size_t first = 0; first < values.size(); first += 32, ++block) {
        block->e = scaleOfMXFP4(largestMagnitudeOf(values.data() + first, 32));
        encodeFp4(values.data() + first, 16, halfOfE8M0(block->e), block->qs);
    }
}

void encodeNVFP4(std::span<const float> values, const float* /*importance*/, uint8_t* packed) {
    auto* block = reinterpret_cast<BlockNVFP4*>(packed);
    for (size_t first = 0; first < values.size(); first += 64, ++block) {
        for (size_t group = 0; group < 4; ++group) {
            const float* x = values.data() + first + 16 * group;
            block->d[group] = scaleOfNVFP4(largestMagnitudeOf(x, 16));
            encodeFp4(x, 8, halfOfUE4M3(block->d[group]), block->qs + 8 * group);
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

#define HT_DISPATCH_DECODER(name)                                                  \
    HWY_EXPORT(decode##name);                                                      \
    void decode##name##Vector(const uint8_t* packed, int64_t blocks, float* out) { \
        HWY_DYNAMIC_DISPATCH(decode##name)(packed, blocks, out);                   \
    }
#define HT_DISPATCH_ENCODER(name)                                                                        \
    HWY_EXPORT(encode##name);                                                                            \
    void encode##name##Vector(std::span<const float> values, const float* importance, uint8_t* packed) { \
        HWY_DYNAMIC_DISPATCH(encode##name)(values, importance, packed);                                  \
    }

HT_DISPATCH_DECODER(Q2_K)
HT_DISPATCH_DECODER(Q3_K)
HT_DISPATCH_DECODER(TQ1_0)
HT_DISPATCH_DECODER(TQ2_0)
HT_DISPATCH_DECODER(Q1_0)
HT_DISPATCH_DECODER(Q2_0)
HT_DISPATCH_DECODER(IQ4_NL)
HT_DISPATCH_DECODER(IQ4_XS)
HT_DISPATCH_DECODER(MXFP4)
HT_DISPATCH_DECODER(NVFP4)

HT_DISPATCH_ENCODER(TQ1_0)
HT_DISPATCH_ENCODER(TQ2_0)
HT_DISPATCH_ENCODER(Q2_0)
HT_DISPATCH_ENCODER(MXFP4)
HT_DISPATCH_ENCODER(NVFP4)

}  // namespace halftone
#endif
