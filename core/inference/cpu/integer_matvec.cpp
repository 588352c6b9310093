// SPDX-License-Identifier: GPL-3.0-or-later
// Rows of packed weights times a few tokens, in bytes. Codes are unsigned, inputs signed: what a code's offset adds is
// offset * sum of the inputs, which is known beforehand.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/inference/cpu/integer_product.h"
#include "core/inference/cpu/simd_kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/inference/cpu/integer_matvec.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "core/inference/cpu/block_decoders-inl.h"

// The byte product of AVX-512 (VNNI) is no part of Highway's AVX3 target, and its AVX3_DL names another extension, so
// it is added here, and asked for at run time. Clang has no such pragma and takes the products of AVX2.
#undef HT_HAS_VNNI
#if HWY_TARGET == HWY_AVX3 && HWY_COMPILER_GCC_ACTUAL
#define HT_HAS_VNNI 1
#else
#define HT_HAS_VNNI 0
#endif

HWY_BEFORE_NAMESPACE();
#if HT_HAS_VNNI
#pragma GCC target("avx512vnni")
#endif
namespace halftone::cpu::HWY_NAMESPACE {
namespace {

/// Codes of one block of inputs, in steps of whole vectors.
void quantizeTokens(const IntegerInput& target, const InputRows& rows, int64_t begin, int64_t end) {
    const FloatTag d;
    const hn::Rebind<int8_t, FloatTag> bytes;
    const int64_t cols = target.cols, blocks = cols / kInputBlock;
    for (int64_t block = begin * blocks; block < end * blocks; ++block) {
        const float* in = rows.values + block * kInputBlock;
        FloatVec largest = hn::Zero(d);
        for (int64_t i = 0; i < kInputBlock; i += kLanes) largest = hn::Max(largest, hn::Abs(hn::LoadU(d, in + i)));
        const float scale = rows.steps ? rows.steps[block / blocks] : maxOf(largest) / 127.0f;
        const FloatVec inverse = broadcast(scale > 0.0f ? 1.0f / scale : 0.0f);
        auto* codes = const_cast<int8_t*>(target.codes) + block * kInputBlock;
        float halves[2];
        for (int64_t half = 0; half < 2; ++half) {
            IntVec sum = hn::Zero(IntTag());
            for (int64_t i = 16 * half; i < 16 * half + 16; i += kLanes) {
                const IntVec code = hn::NearestInt(hn::Mul(hn::LoadU(d, in + i), inverse));
                hn::StoreU(hn::DemoteTo(bytes, code), bytes, codes + i);
                sum = hn::Add(sum, code);
            }
            halves[half] = scale * static_cast<float>(hn::GetLane(hn::SumOfLanes(IntTag(), sum)));
        }
        const_cast<float*>(target.scales)[block] = scale;
        const_cast<float*>(target.sums)[block] = halves[0] + halves[1];
        std::copy_n(halves, 2, const_cast<float*>(target.halfSums) + 2 * block);
    }
}

#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3

/// acc[i] += codes[4i..4i+3] . x[4i..4i+3]; codes below 128.
HWY_INLINE __m256i addProducts(__m256i acc, __m256i codes, __m256i x) {
#if HT_HAS_VNNI
    return _mm256_dpbusd_epi32(acc, codes, x);
#else
    return _mm256_add_epi32(acc, _mm256_madd_epi16(_mm256_maddubs_epi16(codes, x), _mm256_set1_epi16(1)));
#endif
}

/// The products of codes that take all 8 bits. What has to be taken off per unit of the inputs' sum is kFullOffset.
HWY_INLINE __m256i fullProducts(__m256i codes, __m256i x) {
#if HT_HAS_VNNI
    return _mm256_dpbusd_epi32(_mm256_setzero_si256(), codes, x);
#else
    // As signed numbers: pairs of unsigned ones would overflow 16 bits.
    const __m256i w = _mm256_xor_si256(codes, _mm256_set1_epi8(-128));
    return addProducts(_mm256_setzero_si256(), _mm256_abs_epi8(w), _mm256_sign_epi8(x, w));
#endif
}
#if HT_HAS_VNNI
constexpr float kFullOffset = 128.0f;
#else
constexpr float kFullOffset = 0.0f;
#endif

HWY_INLINE __m256i load32(const void* bytes) {
    return _mm256_loadu_si256(static_cast<const __m256i*>(bytes));
}
/// 16 bytes twice: as they are, and shifted down to the high nibbles, in the order that blocks of 32 have.
HWY_INLINE __m256i nibblesOf(const uint8_t* bytes) {
    const __m128i both = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes));
    return _mm256_and_si256(_mm256_set_m128i(_mm_srli_epi16(both, 4), both), _mm256_set1_epi8(15));
}
HWY_INLINE float sumOf8(__m256 v) {
    const __m128 four = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

/// One token's inputs and its running sum for one row.
struct Token {
    const int8_t* codes;
    const float *scales, *sums, *halfSums;
    __m256 even = _mm256_setzero_ps(), odd = _mm256_setzero_ps();  // two sums, so that additions need not wait
    __m256 taken = _mm256_setzero_ps();                            // to subtract: minima times the inputs' sums
    float offset = 0;  // to subtract: scale times the inputs' sum, per unit of the format's offset

    HWY_INLINE Token(const IntegerInput& input, int64_t token)
        : codes(input.codes + token * input.cols),
          scales(input.scales + token * (input.cols / 32)),
          sums(input.sums + token * (input.cols / 32)),
          halfSums(input.halfSums + token * (input.cols / 16)) {}
    template <int kChain>
    HWY_INLINE void add(__m256i products, __m256 factor) {
        __m256& sum = kChain == 0 ? even : odd;
        sum = _mm256_fmadd_ps(_mm256_cvtepi32_ps(products), factor, sum);
    }
    template <int kChain>
    HWY_INLINE void addBlock(int64_t block, __m256i products, float scale) {
        add<kChain>(products, _mm256_set1_ps(scale * scales[block]));
        offset += scale * sums[block];
    }
    [[nodiscard]] HWY_INLINE float total(float unit) const {
        return sumOf8(_mm256_sub_ps(_mm256_add_ps(even, odd), taken)) - unit * offset;
    }
};

/// A format: what a row's block of 32 or 256 columns adds to a token. kOffset: see Token::offset.
struct Q4_0Dot {
    static constexpr int64_t kColumns = 32, kBytes = 18;
    static constexpr float kOffset = 8.0f;
    __m256i codes;
    float scale;
    HWY_INLINE explicit Q4_0Dot(const uint8_t* block) : codes(nibblesOf(block + 2)), scale(halfAt(block)) {}
    template <int kChain>
    HWY_INLINE void add(Token& token, int64_t block) const {
        const __m256i x = load32(token.codes + 32 * block);
        token.addBlock<kChain>(block, addProducts(_mm256_setzero_si256(), codes, x), scale);
    }
};

struct Q8_0Dot {
    static constexpr int64_t kColumns = 32, kBytes = 34;
    static constexpr float kOffset = kFullOffset;
    __m256i codes;
    float scale;
    HWY_INLINE explicit Q8_0Dot(const uint8_t* block)
        : codes(_mm256_xor_si256(load32(block + 2), _mm256_set1_epi8(-128))), scale(halfAt(block)) {}
    template <int kChain>
    HWY_INLINE void add(Token& token, int64_t block) const {
        token.addBlock<kChain>(block, fullProducts(codes, load32(token.codes + 32 * block)), scale);
    }
};

template <bool kHighBits>
struct AffineKDot {
    static constexpr int64_t kColumns = 256, kBytes = kHighBits ? 176 : 144;
    static constexpr float kOffset = 0.0f;
    __m256i codes[8];
    AffineScales factors;
    HWY_INLINE explicit AffineKDot(const uint8_t* block) : factors(block) {
        const __m256i low = _mm256_set1_epi8(15);
        const __m256i high = kHighBits ? load32(block + 16) : _mm256_setzero_si256();
        const uint8_t* nibbles = block + (kHighBits ? 48 : 16);
        const auto fifth = [&](__m256i bits)
                               HWY_ATTR { return _mm256_and_si256(_mm256_slli_epi16(bits, 4), _mm256_set1_epi8(16)); };
        for (int pair = 0; pair < 4; ++pair) {
            const __m256i both = load32(nibbles + 32 * pair);
            codes[2 * pair] = _mm256_and_si256(both, low);
            codes[2 * pair + 1] = _mm256_and_si256(_mm256_srli_epi16(both, 4), low);
            if constexpr (kHighBits) {
                codes[2 * pair] = _mm256_or_si256(codes[2 * pair], fifth(_mm256_srli_epi16(high, 2 * pair)));
                codes[2 * pair + 1] =
                    _mm256_or_si256(codes[2 * pair + 1], fifth(_mm256_srli_epi16(high, 2 * pair + 1)));
            }
        }
    }
    template <int kChain>
    HWY_INLINE void add(Token& token, int64_t block) const {
        alignas(32) float scales[8];
        _mm256_store_ps(scales,
                        _mm256_mul_ps(_mm256_load_ps(factors.scales), _mm256_loadu_ps(token.scales + 8 * block)));
        token.taken =
            _mm256_fmadd_ps(_mm256_load_ps(factors.minima), _mm256_loadu_ps(token.sums + 8 * block), token.taken);
        const int8_t* x = token.codes + 256 * block;
#pragma GCC unroll 4
        for (int j = 0; j < 8; j += 2) {
            const __m256i first = addProducts(_mm256_setzero_si256(), codes[j], load32(x + 32 * j));
            const __m256i second = addProducts(_mm256_setzero_si256(), codes[j + 1], load32(x + 32 * j + 32));
            token.add<0>(first, _mm256_set1_ps(scales[j]));
            token.add<1>(second, _mm256_set1_ps(scales[j + 1]));
        }
    }
};

struct Q6_KDot {
    static constexpr int64_t kColumns = 256, kBytes = 210;
    static constexpr float kOffset = 0.0f;
    __m256i codes[8];
    __m256 scales[2];
    HWY_INLINE explicit Q6_KDot(const uint8_t* block) {
        const __m256 d = _mm256_set1_ps(halfAt(block + 208));
        for (int half = 0; half < 2; ++half) {
            const __m128i eight = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(block + 192 + 8 * half));
            scales[half] = _mm256_mul_ps(d, _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(eight)));
            decodeHalf(block + 64 * half, block + 128 + 32 * half, codes + 4 * half);
        }
    }
    static HWY_INLINE void decodeHalf(const uint8_t* low, const uint8_t* high, __m256i* out) {
        const __m256i nibble = _mm256_set1_epi8(15), bits = _mm256_set1_epi8(48);
        const __m256i low0 = load32(low), low1 = load32(low + 32), top = load32(high);
        const auto join = [&](__m256i four, __m256i two) HWY_ATTR {
            return _mm256_or_si256(_mm256_and_si256(four, nibble), _mm256_and_si256(two, bits));
        };
        out[0] = join(low0, _mm256_slli_epi16(top, 4));
        out[1] = join(low1, _mm256_slli_epi16(top, 2));
        out[2] = join(_mm256_srli_epi16(low0, 4), top);
        out[3] = join(_mm256_srli_epi16(low1, 4), _mm256_srli_epi16(top, 2));
    }
    template <int kChain>
    HWY_INLINE void add(Token& token, int64_t block) const {
        const int8_t* x = token.codes + 256 * block;
        const float* halfSums = token.halfSums + 16 * block;
#pragma GCC unroll 2
        for (int half = 0; half < 2; ++half) {
            const __m256 minima = _mm256_mul_ps(scales[half], _mm256_set1_ps(32.0f));
            token.taken = _mm256_fmadd_ps(minima, _mm256_loadu_ps(halfSums + 8 * half), token.taken);
#pragma GCC unroll 4
            for (int j = 0; j < 4; ++j) {
                // A block of 32 has two scales: one for each half of the products.
                const __m256i pair =
                    _mm256_add_epi32(_mm256_set_epi32(1, 1, 1, 1, 0, 0, 0, 0), _mm256_set1_epi32(2 * j));
                const int64_t index = 4 * half + j;
                const __m256 factor = _mm256_mul_ps(_mm256_permutevar8x32_ps(scales[half], pair),
                                                    _mm256_set1_ps(token.scales[8 * block + index]));
                const __m256i products = addProducts(_mm256_setzero_si256(), codes[index], load32(x + 32 * index));
                if (j % 2 == 0) {
                    token.add<0>(products, factor);
                } else {
                    token.add<1>(products, factor);
                }
            }
        }
    }
};

/// The sums of up to four tokens. Slots without a token repeat the last one; their results are dropped.
template <int kTokens>
struct Tokens {
    Token t0, t1, t2, t3;
    HWY_INLINE explicit Tokens(const IntegerMatvecJob& job)
        : t0(job.input, 0), t1(job.input, slot(job, 1)), t2(job.input, slot(job, 2)), t3(job.input, slot(job, 3)) {}
    static HWY_INLINE int64_t slot(const IntegerMatvecJob& job, int64_t token) {
        return token < job.tokens ? token : job.tokens - 1;
    }
    template <int kChain, class Dot>
    HWY_INLINE void add(const Dot& dot, int64_t block) {
        dot.template add<kChain>(t0, block);
        if constexpr (kTokens > 1) dot.template add<kChain>(t1, block);
        if constexpr (kTokens > 2) {
            dot.template add<kChain>(t2, block);
            dot.template add<kChain>(t3, block);
        }
    }
    HWY_INLINE void store(const IntegerMatvecJob& job, int64_t row, float unit) const {
        const float bias = job.bias ? job.bias[row] : 0.0f;
        float* out = job.out + row;
        out[0] = t0.total(unit) + bias;
        if (kTokens > 1 && job.tokens > 1) out[job.outStride] = t1.total(unit) + bias;
        if (kTokens > 2 && job.tokens > 2) out[2 * job.outStride] = t2.total(unit) + bias;
        if (kTokens > 2 && job.tokens > 3) out[3 * job.outStride] = t3.total(unit) + bias;
    }
};

template <class Dot, int kTokens>
HWY_NOINLINE void multiplyBlocks(const IntegerMatvecJob& job) {
    const int64_t blocks = job.layout->cols / Dot::kColumns;
    for (int64_t r = job.rowBegin; r < job.rowEnd; ++r) {
        Tokens<kTokens> tokens(job);
        const uint8_t* bytes = job.weights + r * job.layout->rowBytes;
        int64_t block = 0;
        for (; block + 2 <= blocks; block += 2, bytes += 2 * Dot::kBytes) {
            tokens.template add<0>(Dot(bytes), block);
            tokens.template add<1>(Dot(bytes + Dot::kBytes), block + 1);
        }
        if (block < blocks) tokens.template add<0>(Dot(bytes), block);
        tokens.store(job, r, Dot::kOffset);
    }
}

#if HT_HAS_VNNI
/// Q4_0 with one token, where unpacking is what takes time: two blocks to a vector, eight to a vector of scales. High
/// nibbles stay where they are, as sixteen times their value, and their products are multiplied by a sixteenth.
class WideQ4_0 {
  public:
    static constexpr int64_t kBlocks = 8;

    // Said in words, because a constructor that the compiler makes lacks the instruction set.
    HWY_INLINE WideQ4_0() : m_even(_mm512_setzero_ps()), m_odd(_mm512_setzero_ps()) {}

    /// Adds blocks [block, block + kBlocks), which begin at `bytes`.
    HWY_INLINE void add(const uint8_t* bytes, int64_t block, Token& token) {
        const __m256 scales = scalesOf(bytes);
        const __m256 low = _mm256_mul_ps(scales, _mm256_loadu_ps(token.scales + block));
        const __m256 high = _mm256_mul_ps(low, _mm256_set1_ps(0.0625f));
        const __m512 factors = _mm512_insertf32x8(_mm512_castps256_ps512(low), high, 1);
        const __m256 minima = _mm256_mul_ps(scales, _mm256_set1_ps(Q4_0Dot::kOffset));
        token.taken = _mm256_fmadd_ps(minima, _mm256_loadu_ps(token.sums + block), token.taken);
        const int8_t* x = token.codes + 32 * block;
        addPair<0>(bytes, x, factors, m_even);
        addPair<1>(bytes, x, factors, m_odd);
        addPair<2>(bytes, x, factors, m_even);
        addPair<3>(bytes, x, factors, m_odd);
    }
    HWY_INLINE void moveTo(Token& token) const {
        const __m512 sum = _mm512_add_ps(m_even, m_odd);
        token.even =
            _mm256_add_ps(token.even, _mm256_add_ps(_mm512_castps512_ps256(sum), _mm512_extractf32x8_ps(sum, 1)));
    }

  private:
    static HWY_INLINE int16_t bitsAt(const uint8_t* bytes) {
        int16_t bits;
        std::memcpy(&bits, bytes, sizeof(bits));
        return bits;
    }
    static HWY_INLINE __m256 scalesOf(const uint8_t* bytes) {
        constexpr int64_t kStep = Q4_0Dot::kBytes;
        return _mm256_cvtph_ps(_mm_set_epi16(
            bitsAt(bytes + 7 * kStep), bitsAt(bytes + 6 * kStep), bitsAt(bytes + 5 * kStep), bitsAt(bytes + 4 * kStep),
            bitsAt(bytes + 3 * kStep), bitsAt(bytes + 2 * kStep), bitsAt(bytes + kStep), bitsAt(bytes)));
    }
    /// Blocks 2 kPair and 2 kPair + 1: lanes of four products are low and high nibbles of one, then of the other.
    template <int kPair>
    static HWY_INLINE void addPair(const uint8_t* bytes, const int8_t* x, __m512 factors, __m512& sum) {
        const uint8_t* block = bytes + 2 * kPair * Q4_0Dot::kBytes + 2;
        const auto load = [](const uint8_t* at)
                              HWY_ATTR { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at)); };
        const __m512i both =
            _mm512_mask_broadcast_i32x4(_mm512_broadcast_i32x4(load(block)), 0xFF00, load(block + Q4_0Dot::kBytes));
        const __m512i nibbles = _mm512_broadcast_i64x4(_mm256_set_epi64x(
            int64_t(0xF0F0F0F0F0F0F0F0u), int64_t(0xF0F0F0F0F0F0F0F0u), 0x0F0F0F0F0F0F0F0F, 0x0F0F0F0F0F0F0F0F));
        const __m512i products = _mm512_dpbusd_epi32(_mm512_setzero_si512(), _mm512_and_si512(both, nibbles),
                                                     _mm512_loadu_si512(x + 64 * kPair));
        const __m512i lanes = _mm512_add_epi32(_mm512_setr_epi32(0, 0, 0, 0, 8, 8, 8, 8, 1, 1, 1, 1, 9, 9, 9, 9),
                                               _mm512_set1_epi32(2 * kPair));
        sum = _mm512_fmadd_ps(_mm512_cvtepi32_ps(products), _mm512_permutexvar_ps(lanes, factors), sum);
    }

    __m512 m_even, m_odd;
};

HWY_NOINLINE void multiplyWideQ4_0(const IntegerMatvecJob& job) {
    const int64_t blocks = job.layout->cols / Q4_0Dot::kColumns;
    for (int64_t r = job.rowBegin; r < job.rowEnd; ++r) {
        Token token(job.input, 0);
        WideQ4_0 wide;
        const uint8_t* bytes = job.weights + r * job.layout->rowBytes;
        int64_t block = 0;
        for (; block + WideQ4_0::kBlocks <= blocks; block += WideQ4_0::kBlocks)
            wide.add(bytes + block * Q4_0Dot::kBytes, block, token);
        wide.moveTo(token);
        for (; block < blocks; ++block) Q4_0Dot(bytes + block * Q4_0Dot::kBytes).add<1>(token, block);
        job.out[r] = token.total(Q4_0Dot::kOffset) + (job.bias ? job.bias[r] : 0.0f);
    }
}
#endif

/// The integer family: scales and zero points lie behind the codes.
template <int kBits>
HWY_NOINLINE void multiplyGroups(const IntegerMatvecJob& job) {
    const PackedLayout& layout = *job.layout;
    const IntegerFormat& format = layout.format.integer();
    // What the products count as codes less what the stored codes count.
    constexpr float kShift = kBits == 8 ? 128.0f - kFullOffset : 0.0f;
    for (int64_t r = job.rowBegin; r < job.rowEnd; ++r) {
        const uint8_t* row = job.weights + r * layout.rowBytes;
        for (int64_t t = 0; t < job.tokens; ++t) {
            Token token(job.input, t);
            for (int64_t group = 0, block = 0; group < layout.groupsPerRow; ++group) {
                const float scale = halfAt(row + layout.scaleOffset + 2 * group);
                float minimum;
                if (format.floatZero) {
                    minimum = -halfAt(row + layout.zeroOffset + 2 * group) - scale * kShift;
                } else {
                    const int zero = format.symmetric ? 1 << (kBits - 1) : row[layout.zeroOffset + group];
                    minimum = scale * (static_cast<float>(zero) - kShift);
                }
                for (const int64_t end = std::min(block + layout.groupSize / 32, layout.cols / 32); block < end;
                     ++block) {
                    const __m256i x = load32(token.codes + 32 * block);
                    __m256i products;
                    if constexpr (kBits == 8) {
                        products = fullProducts(load32(row + 32 * block), x);
                    } else {
                        const __m256i nibbles = nibblesOf(row + 16 * block);
                        const __m128i even = _mm256_castsi256_si128(nibbles),
                                      odd = _mm256_extracti128_si256(nibbles, 1);
                        const __m256i codes =
                            _mm256_set_m128i(_mm_unpackhi_epi8(even, odd), _mm_unpacklo_epi8(even, odd));
                        products = addProducts(_mm256_setzero_si256(), codes, x);
                    }
                    token.add<0>(products, _mm256_set1_ps(scale * token.scales[block]));
                    token.offset += minimum * token.sums[block];
                }
            }
            job.out[t * job.outStride + r] = token.total(1.0f) + (job.bias ? job.bias[r] : 0.0f);
        }
    }
}

template <class Dot>
void multiplyTokens(const IntegerMatvecJob& job) {
    if (job.tokens == 1) return multiplyBlocks<Dot, 1>(job);
    if (job.tokens == 2) return multiplyBlocks<Dot, 2>(job);
    return multiplyBlocks<Dot, 4>(job);
}

void multiply(const IntegerMatvecJob& job) {
    if (job.layout->format.isInteger())
        return job.layout->format.integer().bits == 8 ? multiplyGroups<8>(job) : multiplyGroups<4>(job);
    switch (job.layout->format.storage()) {
        case DType::kQ4_0:
#if HT_HAS_VNNI
            if (job.tokens == 1) return multiplyWideQ4_0(job);
#endif
            return multiplyTokens<Q4_0Dot>(job);
        case DType::kQ8_0:
            return multiplyTokens<Q8_0Dot>(job);
        case DType::kQ4_K:
            return multiplyTokens<AffineKDot<false>>(job);
        case DType::kQ5_K:
            return multiplyTokens<AffineKDot<true>>(job);
        case DType::kQ6_K:
            return multiplyTokens<Q6_KDot>(job);
        default:
            HT_CHECK(false);
    }
}
bool hasByteProducts() {
#if HT_HAS_VNNI
    return __builtin_cpu_supports("avx512vnni") != 0;
#else
    return true;
#endif
}

#else

void multiply(const IntegerMatvecJob&) {
    HT_CHECK(false);
}
bool hasByteProducts() {
    return false;
}

#endif

}  // namespace
}  // namespace halftone::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace halftone::cpu {

HWY_EXPORT(quantizeTokens);
HWY_EXPORT(multiply);
HWY_EXPORT(hasByteProducts);

void quantizeInput(const IntegerInput& target, const InputRows& rows, int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(quantizeTokens)(target, rows, begin, end);
}

bool hasIntegerMatvec(const PackedLayout& layout) {
    return integerGroup(layout) > 0 && HWY_DYNAMIC_DISPATCH(hasByteProducts)();
}

void integerMatvecRows(const IntegerMatvecJob& job) {
    HWY_DYNAMIC_DISPATCH(multiply)(job);
}

}  // namespace halftone::cpu
#endif
