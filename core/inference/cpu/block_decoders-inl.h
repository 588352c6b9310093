// SPDX-License-Identifier: GPL-3.0-or-later
// Decoders of packed rows that hand each vector of weights to a sink instead of storing it; compiled once per
// instruction set. Source of the layouts: the reference page on ggml blocks, section 3.
//
// A decoder has: template <class Sink> void decode(row, columns, sink). A sink has: template <int kChain> void
// add(int64_t column, FloatVec weights), and addTail(column, weights, count) for a last vector with fewer values.
// kChain (0 or 1) alternates, so that consecutive additions do not wait for each other.
#if defined(HT_BLOCK_DECODERS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HT_BLOCK_DECODERS_INL_H_
#undef HT_BLOCK_DECODERS_INL_H_
#else
#define HT_BLOCK_DECODERS_INL_H_
#endif

#include <cstring>

#include "core/inference/cpu/vector_math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace halftone::cpu::HWY_NAMESPACE {

/// kLanes bytes as integers.
HWY_INLINE IntVec loadBytes(const uint8_t* bytes) {
    const hn::Rebind<uint8_t, IntTag> d;
    return hn::PromoteTo(IntTag(), hn::LoadU(d, bytes));
}
HWY_INLINE IntVec loadSignedBytes(const uint8_t* bytes) {
    const hn::Rebind<int8_t, IntTag> d;
    return hn::PromoteTo(IntTag(), hn::LoadU(d, reinterpret_cast<const int8_t*>(bytes)));
}
HWY_INLINE FloatVec toFloat(IntVec v) {
    return hn::ConvertTo(FloatTag(), v);
}
HWY_INLINE IntVec lowNibble(IntVec v) {
    return hn::And(v, hn::Set(IntTag(), 15));
}

HWY_INLINE float halfAt(const uint8_t* bytes) {
    const hn::CappedTag<float, 4> d;
    const hn::Rebind<uint16_t, decltype(d)> bits;
    const hn::Rebind<hwy::float16_t, decltype(d)> half;
    uint16_t value;
    std::memcpy(&value, bytes, sizeof(value));
    return hn::GetLane(hn::PromoteTo(d, hn::BitCast(half, hn::Set(bits, value))));
}

struct F32Row {
    template <class Sink>
    static HWY_INLINE void decode(const uint8_t* row, int64_t cols, Sink& sink) {
        const auto* values = reinterpret_cast<const float*>(row);
        int64_t col = 0;
        for (; col + 2 * kLanes <= cols; col += 2 * kLanes) {
            sink.template add<0>(col, hn::LoadU(FloatTag(), values + col));
            sink.template add<1>(col + kLanes, hn::LoadU(FloatTag(), values + col + kLanes));
        }
        for (; col < cols; col += kLanes) {
            const int64_t count = cols - col < kLanes ? cols - col : kLanes;
            sink.addTail(col, loadFirst(values + col, count), count);
        }
    }
};

/// F16 and BF16: two bytes each.
template <class Stored>
struct HalfRow {
    using StoredTag = hn::Rebind<Stored, FloatTag>;
    static HWY_INLINE FloatVec load(const uint8_t* row, int64_t col) {
        return hn::PromoteTo(FloatTag(), hn::LoadU(StoredTag(), reinterpret_cast<const Stored*>(row) + col));
    }
    template <class Sink>
    static HWY_INLINE void decode(const uint8_t* row, int64_t cols, Sink& sink) {
        int64_t col = 0;
        for (; col + 2 * kLanes <= cols; col += 2 * kLanes) {
            sink.template add<0>(col, load(row, col));
            sink.template add<1>(col + kLanes, load(row, col + kLanes));
        }
        for (; col < cols; col += kLanes) {
            const int64_t count = cols - col < kLanes ? cols - col : kLanes;
            alignas(64) uint8_t rest[2 * 16] = {};
            std::memcpy(rest, row + 2 * col, static_cast<size_t>(2 * count));
            sink.addTail(col, load(rest, 0), count);
        }
    }
};

/// Blocks of 32 with nibbles; element j < 16 in the low nibble of byte j, j + 16 in the high one. kHighBits: a fifth
/// bit per element. kHasMin: value q d + m, else (q - offset) d.
template <bool kHighBits, bool kHasMin>
struct NibbleRow {
    static constexpr int64_t kHeader = (kHasMin ? 4 : 2) + (kHighBits ? 4 : 0);
    static constexpr int64_t kBytes = kHeader + 16;

    static HWY_INLINE IntVec fifthBit(uint32_t bits, int64_t first) {
        const hn::RebindToUnsigned<FloatTag> d;
        const auto shifted = hn::Shr(hn::Set(d, bits >> first), hn::Iota(d, 0));
        return hn::BitCast(IntTag(), hn::ShiftLeft<4>(hn::And(shifted, hn::Set(d, 1u))));
    }
    template <class Sink>
    static HWY_INLINE void decode(const uint8_t* row, int64_t cols, Sink& sink) {
        for (int64_t col = 0; col < cols; col += 32, row += kBytes) {
            const float scale = halfAt(row);
            const FloatVec d = broadcast(scale);
            const FloatVec m = broadcast(kHasMin ? halfAt(row + 2) : scale * (kHighBits ? -16.0f : -8.0f));
            uint32_t high = 0;
            if constexpr (kHighBits) std::memcpy(&high, row + kHeader - 4, sizeof(high));
            for (int64_t part = 0; part < 16; part += kLanes) {
                const IntVec both = loadBytes(row + kHeader + part);
                IntVec low = lowNibble(both), up = hn::ShiftRight<4>(both);
                if constexpr (kHighBits) {
                    low = hn::Or(low, fifthBit(high, part));
                    up = hn::Or(up, fifthBit(high, part + 16));
                }
                sink.template add<0>(col + part, hn::MulAdd(toFloat(low), d, m));
                sink.template add<1>(col + 16 + part, hn::MulAdd(toFloat(up), d, m));
            }
        }
    }
};

struct Q8_0Row {
    template <class Sink>
    static HWY_INLINE void decode(const uint8_t* row, int64_t cols, Sink& sink) {
        for (int64_t col = 0; col < cols; col += 32, row += 34) {
            const FloatVec d = broadcast(halfAt(row));
            for (int64_t part = 0; part < 16; part += kLanes) {
                sink.template add<0>(col + part, hn::Mul(toFloat(loadSignedBytes(row + 2 + part)), d));
                sink.template add<1>(col + 16 + part, hn::Mul(toFloat(loadSignedBytes(row + 18 + part)), d));
            }
        }
    }
};

/// Eight bytes as floats, written to out[0..8) and maybe beyond. They go from a register straight into a vector where
/// it is long enough: a load of what was just stored in pieces would wait for the stores.
HWY_INLINE void storeEightBytes(uint64_t eight, FloatVec factor, float* out) {
#if HWY_TARGET == HWY_AVX3
    const hn::Rebind<uint8_t, IntTag> bytes;
    const hn::Repartition<uint64_t, decltype(bytes)> words;
    const IntVec values = hn::PromoteTo(IntTag(), hn::BitCast(bytes, hn::Set(words, eight)));
    hn::Store(hn::Mul(toFloat(values), factor), FloatTag(), out);
#else
    uint8_t bytes[8];
    std::memcpy(bytes, &eight, sizeof(bytes));
    for (int64_t part = 0; part < 8; part += kLanes)
        hn::Store(hn::Mul(toFloat(loadBytes(bytes + part)), factor), FloatTag(), out + part);
#endif
}

/// The eight 6-bit scales and minima of a Q4_K or Q5_K super-block, multiplied by its two F16 factors.
struct AffineScales {
    alignas(64) float scales[16];
    alignas(64) float minima[16];

    HWY_INLINE explicit AffineScales(const uint8_t* block) {
        uint32_t word[3];
        std::memcpy(word, block + 4, sizeof(word));
        const uint64_t lateScales = (word[2] & 0x0F0F0F0Fu) | ((word[0] >> 6) & 0x03030303u) << 4;
        const uint64_t lateMinima = ((word[2] >> 4) & 0x0F0F0F0Fu) | ((word[1] >> 6) & 0x03030303u) << 4;
        storeEightBytes(lateScales << 32 | (word[0] & 0x3F3F3F3Fu), broadcast(halfAt(block)), scales);
        storeEightBytes(lateMinima << 32 | (word[1] & 0x3F3F3F3Fu), broadcast(halfAt(block + 2)), minima);
    }
};

template <bool kHighBits>
struct AffineKRow {
    static constexpr int64_t kBytes = kHighBits ? 176 : 144;
    template <class Sink>
    static HWY_INLINE void decode(const uint8_t* row, int64_t cols, Sink& sink) {
        for (int64_t col = 0; col < cols; col += 256, row += kBytes) {
            const AffineScales factors(row);
            const uint8_t* high = row + 16;
            const uint8_t* nibbles = row + (kHighBits ? 48 : 16);
            for (int pair = 0; pair < 4; ++pair, nibbles += 32) {
                const FloatVec d0 = broadcast(factors.scales[2 * pair]), m0 = broadcast(factors.minima[2 * pair]);
                const FloatVec d1 = broadcast(factors.scales[2 * pair + 1]),
                               m1 = broadcast(factors.minima[2 * pair + 1]);
                for (int64_t part = 0; part < 32; part += kLanes) {
                    const IntVec both = loadBytes(nibbles + part);
                    IntVec low = lowNibble(both), up = hn::ShiftRight<4>(both);
                    if constexpr (kHighBits) {
                        const IntVec bits = hn::ShiftRightSame(loadBytes(high + part), 2 * pair);
                        low = hn::Or(low, hn::ShiftLeft<4>(hn::And(bits, hn::Set(IntTag(), 1))));
                        up = hn::Or(up, hn::ShiftLeft<3>(hn::And(bits, hn::Set(IntTag(), 2))));
                    }
                    sink.template add<0>(col + 64 * pair + part, hn::MulSub(toFloat(low), d0, m0));
                    sink.template add<1>(col + 64 * pair + 32 + part, hn::MulSub(toFloat(up), d1, m1));
                }
            }
        }
    }
};

struct Q6_KRow {
    template <class Sink>
    static HWY_INLINE void decode(const uint8_t* row, int64_t cols, Sink& sink) {
        for (int64_t col = 0; col < cols; col += 256, row += 210) {
            alignas(64) float scales[16];
            const FloatVec d = broadcast(halfAt(row + 208));
            for (int64_t part = 0; part < 16; part += kLanes) {
                hn::Store(hn::Mul(toFloat(loadSignedBytes(row + 192 + part)), d), FloatTag(), scales + part);
            }
            for (int64_t half = 0; half < 2; ++half) {
                decodeHalf(row + 64 * half, row + 128 + 32 * half, scales + 8 * half, col + 128 * half, sink);
            }
        }
    }
    template <class Sink>
    static HWY_INLINE void decodeHalf(const uint8_t* low, const uint8_t* high, const float* scales, int64_t col,
                                      Sink& sink) {
        const IntTag d;
        for (int64_t part = 0; part < 32; part += kLanes) {
            const IntVec low0 = loadBytes(low + part), low1 = loadBytes(low + 32 + part), bits = loadBytes(high + part);
            const float* scale = scales + part / 16;
            const IntVec q0 = hn::Or(lowNibble(low0), hn::ShiftLeft<4>(hn::And(bits, hn::Set(d, 3))));
            const IntVec q1 = hn::Or(lowNibble(low1), hn::ShiftLeft<2>(hn::And(bits, hn::Set(d, 12))));
            const IntVec q2 = hn::Or(hn::ShiftRight<4>(low0), hn::And(bits, hn::Set(d, 48)));
            const IntVec q3 = hn::Or(hn::ShiftRight<4>(low1), hn::ShiftRight<2>(hn::And(bits, hn::Set(d, 192))));
            sink.template add<0>(col + part, value(q0, scale[0]));
            sink.template add<1>(col + 32 + part, value(q1, scale[2]));
            sink.template add<0>(col + 64 + part, value(q2, scale[4]));
            sink.template add<1>(col + 96 + part, value(q3, scale[6]));
        }
    }
    static HWY_INLINE FloatVec value(IntVec q, float scale) {
        return hn::Mul(toFloat(hn::Sub(q, hn::Set(IntTag(), 32))), broadcast(scale));
    }
};

}  // namespace halftone::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
