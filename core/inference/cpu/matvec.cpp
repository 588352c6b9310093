// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/inference/cpu/simd_kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/inference/cpu/matvec.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "core/inference/cpu/block_decoders-inl.h"
#include "core/inference/cpu/coded_decoder-inl.h"

HWY_BEFORE_NAMESPACE();
namespace halftone::cpu::HWY_NAMESPACE {
namespace {

/// One running vector per token; named members stay in registers where an array might not.
template <int kTokens>
struct TokenSums {
    FloatVec s0, s1, s2, s3;
    HWY_INLINE TokenSums() : s0(hn::Zero(FloatTag())), s1(s0), s2(s0), s3(s0) {}

    template <class Load>
    HWY_INLINE void add(FloatVec w, const Load& x) {
        s0 = hn::MulAdd(w, x(0), s0);
        if constexpr (kTokens > 1) s1 = hn::MulAdd(w, x(1), s1);
        if constexpr (kTokens > 2) {
            s2 = hn::MulAdd(w, x(2), s2);
            s3 = hn::MulAdd(w, x(3), s3);
        }
    }
    HWY_INLINE void store(const TokenSums& other, float* out) const {
        out[0] = sumOf(hn::Add(s0, other.s0));
        if constexpr (kTokens > 1) out[1] = sumOf(hn::Add(s1, other.s1));
        if constexpr (kTokens > 2) {
            out[2] = sumOf(hn::Add(s2, other.s2));
            out[3] = sumOf(hn::Add(s3, other.s3));
        }
    }
};

/// Multiplies decoded weights with the inputs of up to kTokens tokens.
template <int kTokens>
struct DotSink {
    const float* const* x;
    TokenSums<kTokens> even, odd;

    template <int kChain>
    HWY_INLINE void add(int64_t column, FloatVec weights) {
        const auto load = [this, column](int token) HWY_ATTR { return hn::LoadU(FloatTag(), x[token] + column); };
        if constexpr (kChain == 0) {
            even.add(weights, load);
        } else {
            odd.add(weights, load);
        }
    }
    HWY_INLINE void addTail(int64_t column, FloatVec weights, int64_t count) {
        even.add(weights, [this, column, count](int token) HWY_ATTR { return loadFirst(x[token] + column, count); });
    }
};

template <class Row, int kTokens>
HWY_NOINLINE void multiplyRows(const MatvecJob& job, const Row& decoder) {
    // Slots without a token repeat the last one; their results are dropped.
    const float* x[kTokens];
    for (int token = 0; token < kTokens; ++token)
        x[token] = job.x + (token < job.tokens ? token : job.tokens - 1) * job.xStride;
    for (int64_t r = job.rowBegin; r < job.rowEnd; ++r) {
        DotSink<kTokens> sink{x, {}, {}};
        decoder.decode(job.weights + r * job.rowBytes, job.cols, sink);
        float sums[kTokens];
        sink.even.store(sink.odd, sums);
        const float bias = job.bias ? job.bias[r] : 0.0f;
        for (int64_t token = 0; token < job.tokens; ++token) job.out[token * job.outStride + r] = sums[token] + bias;
    }
}

template <class Row>
void multiplyFormat(const MatvecJob& job, const Row& decoder = Row()) {
    if (job.tokens == 1) return multiplyRows<Row, 1>(job, decoder);
    if (job.tokens == 2) return multiplyRows<Row, 2>(job, decoder);
    return multiplyRows<Row, 4>(job, decoder);
}

/// The parametric families.
void multiplyCodes(const MatvecJob& job) {
    const PackedLayout& layout = *job.layout;
    if (layout.format.isInteger()) return multiplyFormat(job, CodedRow<IntegerValues>(layout));
    if (layout.format.isCodebook()) return multiplyFormat(job, CodedRow<CodebookValues>(layout));
    if (layout.format.codeBits() <= 4) return multiplyFormat(job, CodedRow<SmallLevelValues>(layout));
    multiplyFormat(job, CodedRow<FloatLevelValues>(layout));
}

void matvec(const MatvecJob& job) {
    if (!job.layout->format.isStorage()) return multiplyCodes(job);
    switch (job.layout->format.storage()) {
        case DType::kF32:
            return multiplyFormat<F32Row>(job);
        case DType::kF16:
            return multiplyFormat<HalfRow<hwy::float16_t>>(job);
        case DType::kBF16:
            return multiplyFormat<HalfRow<hwy::bfloat16_t>>(job);
        case DType::kQ4_0:
            return multiplyFormat<NibbleRow<false, false>>(job);
        case DType::kQ4_1:
            return multiplyFormat<NibbleRow<false, true>>(job);
        case DType::kQ5_0:
            return multiplyFormat<NibbleRow<true, false>>(job);
        case DType::kQ5_1:
            return multiplyFormat<NibbleRow<true, true>>(job);
        case DType::kQ8_0:
            return multiplyFormat<Q8_0Row>(job);
        case DType::kQ4_K:
            return multiplyFormat<AffineKRow<false>>(job);
        case DType::kQ5_K:
            return multiplyFormat<AffineKRow<true>>(job);
        case DType::kQ6_K:
            return multiplyFormat<Q6_KRow>(job);
        default:
            HT_CHECK(false);
    }
}

}  // namespace
}  // namespace halftone::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace halftone::cpu {

HWY_EXPORT(matvec);

bool hasMatvec(const Format& format) {
    if (!format.isStorage()) return true;
    switch (format.storage()) {
        case DType::kF32:
        case DType::kF16:
        case DType::kBF16:
        case DType::kQ4_0:
        case DType::kQ4_1:
        case DType::kQ5_0:
        case DType::kQ5_1:
        case DType::kQ8_0:
        case DType::kQ4_K:
        case DType::kQ5_K:
        case DType::kQ6_K:
            return true;
        default:
            return false;
    }
}

void matvecRows(const MatvecJob& job) {
    HWY_DYNAMIC_DISPATCH(matvec)(job);
}

}  // namespace halftone::cpu
#endif
