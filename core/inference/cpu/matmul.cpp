// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/inference/cpu/simd_kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/inference/cpu/matmul.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "core/inference/cpu/vector_math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace halftone::cpu::HWY_NAMESPACE {
namespace {

/// Rows of weights times tokens that stay in registers: 4 x 6 sums and 5 operands of 32 registers, 4 x 2 and 5 of 16.
constexpr int kTileRows = 4;
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_NEON
constexpr int kTileTokens = 6;
#else
constexpr int kTileTokens = 2;
#endif

/// Writes the sums of the lanes of four vectors. A template so that the branches for other vector lengths are not
/// compiled.
template <class V>
HWY_INLINE void storeSums(V a, V b, V c, V d, float* four) {
    const FloatTag tag;
#if HWY_TARGET == HWY_SCALAR
    const V vectors[] = {a, b, c, d};
    for (int i = 0; i < 4; ++i) four[i] = hn::GetLane(vectors[i]);
    (void)tag;
#else
    const hn::RepartitionToWide<FloatTag> wide;
    // Within 128 bits: {a0 + a2, b0 + b2, a1 + a3, b1 + b3}, the same of c and d, then {a, b, c, d}.
    const auto ab = hn::BitCast(wide, hn::Add(hn::InterleaveLower(tag, a, b), hn::InterleaveUpper(tag, a, b)));
    const auto cd = hn::BitCast(wide, hn::Add(hn::InterleaveLower(tag, c, d), hn::InterleaveUpper(tag, c, d)));
    const auto lower = hn::BitCast(tag, hn::InterleaveLower(wide, ab, cd));
    const V sums = hn::Add(lower, hn::BitCast(tag, hn::InterleaveUpper(wide, ab, cd)));
    if constexpr (kLanes == 4) {
        hn::Store(sums, tag, four);
    } else {
        const hn::Half<FloatTag> half;
        const auto folded = hn::Add(hn::LowerHalf(half, sums), hn::UpperHalf(half, sums));
        if constexpr (kLanes == 8) {
            hn::Store(folded, half, four);
        } else {
            const hn::Half<hn::Half<FloatTag> > quarter;
            hn::Store(hn::Add(hn::LowerHalf(quarter, folded), hn::UpperHalf(quarter, folded)), quarter, four);
        }
    }
#endif
}

/// Running sums of one token against four rows.
struct RowSums {
    FloatVec r0, r1, r2, r3;
    HWY_INLINE RowSums() : r0(hn::Zero(FloatTag())), r1(r0), r2(r0), r3(r0) {}
    HWY_INLINE void add(FloatVec w0, FloatVec w1, FloatVec w2, FloatVec w3, FloatVec x) {
        r0 = hn::MulAdd(w0, x, r0);
        r1 = hn::MulAdd(w1, x, r1);
        r2 = hn::MulAdd(w2, x, r2);
        r3 = hn::MulAdd(w3, x, r3);
    }
};

/// Where a tile's results go.
struct TileTarget {
    float* out;
    const float* bias;
    int64_t rows;  ///< how many of the four are real
    bool accumulate;
    HWY_INLINE void store(const RowSums& sums) const {
        alignas(16) float four[4];
        storeSums(sums.r0, sums.r1, sums.r2, sums.r3, four);
        for (int64_t r = 0; r < rows; ++r) out[r] = four[r] + (accumulate ? out[r] : bias ? bias[r] : 0.0f);
    }
};

/// kTokens tokens against four rows over the whole depth.
template <int kTokens>
HWY_INLINE void multiplyTile(const float* const w[kTileRows], const float* x, const MatmulJob& job,
                             const TileTarget& target) {
    const FloatTag d;
    RowSums t0, t1, t2, t3, t4, t5;
    const auto step = [&](FloatVec w0, FloatVec w1, FloatVec w2, FloatVec w3, const auto& load) HWY_ATTR {
        t0.add(w0, w1, w2, w3, load(x));
        if constexpr (kTokens > 1) t1.add(w0, w1, w2, w3, load(x + job.xStride));
        if constexpr (kTokens > 2) t2.add(w0, w1, w2, w3, load(x + 2 * job.xStride));
        if constexpr (kTokens > 3) t3.add(w0, w1, w2, w3, load(x + 3 * job.xStride));
        if constexpr (kTokens > 4) t4.add(w0, w1, w2, w3, load(x + 4 * job.xStride));
        if constexpr (kTokens > 5) t5.add(w0, w1, w2, w3, load(x + 5 * job.xStride));
    };
    int64_t k = 0;
    for (; k + kLanes <= job.depth; k += kLanes) {
        step(hn::LoadU(d, w[0] + k), hn::LoadU(d, w[1] + k), hn::LoadU(d, w[2] + k), hn::LoadU(d, w[3] + k),
             [&](const float* values) HWY_ATTR { return hn::LoadU(d, values + k); });
    }
    if (const int64_t rest = job.depth - k; rest > 0) {
        step(loadFirst(w[0] + k, rest), loadFirst(w[1] + k, rest), loadFirst(w[2] + k, rest), loadFirst(w[3] + k, rest),
             [&](const float* values) HWY_ATTR { return loadFirst(values + k, rest); });
    }
    TileTarget row = target;
    const auto store = [&](const RowSums& sums) HWY_ATTR {
        row.store(sums);
        row.out += job.outStride;
    };
    store(t0);
    if constexpr (kTokens > 1) store(t1);
    if constexpr (kTokens > 2) store(t2);
    if constexpr (kTokens > 3) store(t3);
    if constexpr (kTokens > 4) store(t4);
    if constexpr (kTokens > 5) store(t5);
}

/// All rows of the panel for kTokens tokens, whose inputs stay in the first-level cache meanwhile.
template <int kTokens>
HWY_NOINLINE void multiplyTokens(const MatmulJob& job, int64_t firstToken) {
    const float* x = job.x + firstToken * job.xStride;
    for (int64_t r = 0; r < job.rows; r += kTileRows) {
        const int64_t rows = job.rows - r < kTileRows ? job.rows - r : kTileRows;
        const float* w[kTileRows];
        for (int64_t i = 0; i < kTileRows; ++i) w[i] = job.panel + (r + (i < rows ? i : rows - 1)) * job.panelStride;
        const TileTarget target{job.out + firstToken * job.outStride + r, job.bias ? job.bias + r : nullptr, rows,
                                job.accumulate};
        multiplyTile<kTokens>(w, x, job, target);
    }
}

void matmul(const MatmulJob& job) {
    int64_t token = 0;
    for (; token + kTileTokens <= job.tokens; token += kTileTokens) multiplyTokens<kTileTokens>(job, token);
    switch (job.tokens - token) {
        case 1:
            return multiplyTokens<1>(job, token);
        case 2:
            return multiplyTokens<2>(job, token);
        case 3:
            return multiplyTokens<3>(job, token);
        case 4:
            return multiplyTokens<4>(job, token);
        case 5:
            return multiplyTokens<5>(job, token);
        default:
            return;
    }
}

}  // namespace
}  // namespace halftone::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace halftone::cpu {

HWY_EXPORT(matmul);

void matmulPanel(const MatmulJob& job) {
    HWY_DYNAMIC_DISPATCH(matmul)(job);
}

}  // namespace halftone::cpu
#endif
