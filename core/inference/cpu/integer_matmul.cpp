// SPDX-License-Identifier: GPL-3.0-or-later
// A panel of 16 rows of codes times many tokens: each lane of a vector is a row, four columns at a time. AVX-512 with
// VNNI only: without a byte product that accumulates, F32 is as fast and more exact.
#include <cstring>

#include "core/inference/cpu/integer_product.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/inference/cpu/integer_matmul.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

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

#if HT_HAS_VNNI

/// Tokens whose sums stay in registers: two vectors each, and a few operands.
constexpr int kTileTokens = 8;

/// Sums of one token; named members stay in registers where an array might not.
struct Sums {
    __m512i products;
    __m512 total;
    HWY_INLINE Sums() : products(_mm512_setzero_si512()), total(_mm512_setzero_ps()) {}
    HWY_INLINE void begin() { products = _mm512_setzero_si512(); }
    HWY_INLINE void add(__m512i codes, const int8_t* x) {
        int32_t four;
        std::memcpy(&four, x, sizeof(four));
        products = _mm512_dpbusd_epi32(products, codes, _mm512_set1_epi32(four));
    }
    HWY_INLINE void finish(__m512 scale, __m512 minimum, float inputScale, float inputSum) {
        const __m512 factor = _mm512_mul_ps(scale, _mm512_set1_ps(inputScale));
        total = _mm512_fmadd_ps(_mm512_cvtepi32_ps(products), factor, total);
        total = _mm512_fnmadd_ps(minimum, _mm512_set1_ps(inputSum), total);
    }
};

/// Where the inputs of a tile's tokens lie.
struct TileInput {
    const int8_t* codes;
    const float *scales, *sums;
    int64_t codeStride, scaleStride, sumStride;
};

/// What a tile adds to the results of one token.
HWY_INLINE void storeToken(const IntegerMatmulJob& job, int64_t token, __m512 total) {
    const auto mask = static_cast<__mmask16>((1u << job.rows) - 1u);
    float* out = job.out + token * job.outStride;
    if (job.accumulate) {
        total = _mm512_add_ps(total, _mm512_maskz_loadu_ps(mask, out));
    } else if (job.bias) {
        total = _mm512_add_ps(total, _mm512_maskz_loadu_ps(mask, job.bias));
    }
    _mm512_mask_storeu_ps(out, mask, total);
}

/// Calls body(n) for the tokens of a tile; resolved when compiled.
template <int kTokens, class Body>
HWY_INLINE void forTokens(Sums* t, const Body& body) {
#pragma GCC unroll 8
    for (int n = 0; n < kTokens; ++n) body(t[n], n);
}

template <int kTokens, int kGroup>
HWY_NOINLINE void multiplyTile(const IntegerMatmulJob& job, int64_t firstToken) {
    const IntegerInput& input = job.input;
    constexpr int64_t kSums = kGroup == 32 ? 32 : 16;
    const TileInput x{
        input.codes + firstToken * input.cols + job.col,
        input.scales + firstToken * (input.cols / 32) + job.col / 32,
        (kGroup == 32 ? input.sums : input.halfSums) + firstToken * (input.cols / kSums) + job.col / kSums,
        input.cols,
        input.cols / 32,
        input.cols / kSums};
    Sums t[kTokens];
    const uint8_t* codes = job.panel.codes;
    for (int64_t group = 0; group < job.cols / kGroup; ++group) {
        forTokens<kTokens>(t, [](Sums& sums, int) { sums.begin(); });
#pragma GCC unroll 8
        for (int64_t quad = 0; quad < kGroup / 4; ++quad, codes += 64) {
            const __m512i w = _mm512_loadu_si512(codes);
            const int8_t* at = x.codes + group * kGroup + 4 * quad;
            forTokens<kTokens>(t, [&](Sums& sums, int n) { sums.add(w, at + n * x.codeStride); });
        }
        const __m512 scale = _mm512_loadu_ps(job.panel.scales + group * kPanelLanes);
        const __m512 minimum = _mm512_loadu_ps(job.panel.minima + group * kPanelLanes);
        const float* scales = x.scales + group * kGroup / 32;
        forTokens<kTokens>(t, [&](Sums& sums, int n) {
            sums.finish(scale, minimum, scales[n * x.scaleStride], x.sums[group + n * x.sumStride]);
        });
    }
    forTokens<kTokens>(t, [&](Sums& sums, int n) { storeToken(job, firstToken + n, sums.total); });
}

template <int kGroup>
void multiplyGroup(const IntegerMatmulJob& job) {
    int64_t token = 0;
    for (; token + kTileTokens <= job.tokens; token += kTileTokens) multiplyTile<kTileTokens, kGroup>(job, token);
    if (token + 4 <= job.tokens) {
        multiplyTile<4, kGroup>(job, token);
        token += 4;
    }
    for (; token < job.tokens; ++token) multiplyTile<1, kGroup>(job, token);
}

void multiplyPanel(const IntegerMatmulJob& job) {
    if (job.panel.group == 32) return multiplyGroup<32>(job);
    multiplyGroup<16>(job);
}
/// The k-th column of quads of each 128-bit part, of four rows: a part holds the four rows side by side.
HWY_INLINE void joinFour(const __m512i* rows, __m512i* joined) {
    const __m512i low01 = _mm512_unpacklo_epi32(rows[0], rows[1]), high01 = _mm512_unpackhi_epi32(rows[0], rows[1]);
    const __m512i low23 = _mm512_unpacklo_epi32(rows[2], rows[3]), high23 = _mm512_unpackhi_epi32(rows[2], rows[3]);
    joined[0] = _mm512_unpacklo_epi64(low01, low23);
    joined[4] = _mm512_unpackhi_epi64(low01, low23);
    joined[8] = _mm512_unpacklo_epi64(high01, high23);
    joined[12] = _mm512_unpackhi_epi64(high01, high23);
}

/// Transposes 16 rows of 16 quads.
HWY_INLINE void weaveTile(const uint8_t* rows, int64_t stride, uint8_t* out) {
    __m512i line[16], joined[16];
#pragma GCC unroll 16
    for (int row = 0; row < 16; ++row) line[row] = _mm512_loadu_si512(rows + row * stride);
#pragma GCC unroll 4
    for (int four = 0; four < 4; ++four) joinFour(line + 4 * four, joined + four);
#pragma GCC unroll 4
    for (int k = 0; k < 4; ++k) {
        const __m512i* v = joined + 4 * k;
        const __m512i even01 = _mm512_shuffle_i32x4(v[0], v[1], 0x88), odd01 = _mm512_shuffle_i32x4(v[0], v[1], 0xDD);
        const __m512i even23 = _mm512_shuffle_i32x4(v[2], v[3], 0x88), odd23 = _mm512_shuffle_i32x4(v[2], v[3], 0xDD);
        _mm512_storeu_si512(out + 64 * k, _mm512_shuffle_i32x4(even01, even23, 0x88));
        _mm512_storeu_si512(out + 64 * (4 + k), _mm512_shuffle_i32x4(odd01, odd23, 0x88));
        _mm512_storeu_si512(out + 64 * (8 + k), _mm512_shuffle_i32x4(even01, even23, 0xDD));
        _mm512_storeu_si512(out + 64 * (12 + k), _mm512_shuffle_i32x4(odd01, odd23, 0xDD));
    }
}

void weave(const uint8_t* rows, int64_t cols, uint8_t* codes) {
    int64_t col = 0;
    for (; col + 64 <= cols; col += 64) weaveTile(rows + col, cols, codes + col * kPanelLanes);
    for (; col < cols; col += 4) {
        for (int64_t row = 0; row < kPanelLanes; ++row)
            std::memcpy(codes + col * kPanelLanes + 4 * row, rows + row * cols + col, 4);
    }
}
bool hasFastPanels() {
    return __builtin_cpu_supports("avx512vnni") != 0;
}

#else

void multiplyPanel(const IntegerMatmulJob&) {
    HT_CHECK(false);
}
void weave(const uint8_t*, int64_t, uint8_t*) {
    HT_CHECK(false);
}
bool hasFastPanels() {
    return false;
}

#endif

}  // namespace
}  // namespace halftone::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace halftone::cpu {

HWY_EXPORT(multiplyPanel);
HWY_EXPORT(weave);
HWY_EXPORT(hasFastPanels);

bool hasIntegerMatmul() {
    return HWY_DYNAMIC_DISPATCH(hasFastPanels)();
}

void weavePanel(const uint8_t* rows, int64_t cols, uint8_t* codes) {
    HWY_DYNAMIC_DISPATCH(weave)(rows, cols, codes);
}

void integerMatmulPanel(const IntegerMatmulJob& job) {
    HWY_DYNAMIC_DISPATCH(multiplyPanel)(job);
}

}  // namespace halftone::cpu
#endif
