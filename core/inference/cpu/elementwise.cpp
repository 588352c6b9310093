// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>

#include "core/inference/cpu/simd_kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/inference/cpu/elementwise.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "core/inference/cpu/vector_math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace halftone::cpu::HWY_NAMESPACE {
namespace {

/// Calls body(index, count) for whole vectors (count == kLanes) and once for the rest.
template <class Body>
HWY_INLINE void overVectors(int64_t size, const Body& body) {
    int64_t i = 0;
    for (; i + kLanes <= size; i += kLanes) body(i, kLanes);
    if (i < size) body(i, size - i);
}

HWY_INLINE FloatVec loadSome(const float* values, int64_t count) {
    return count == kLanes ? hn::LoadU(FloatTag(), values) : loadFirst(values, count);
}

/// Sum of f(x) over a row; zeros beyond the row must give f = 0.
template <class Function>
HWY_INLINE float sumOver(const float* row, int64_t width, const Function& f) {
    FloatVec even = hn::Zero(FloatTag()), odd = even;
    int64_t i = 0;
    for (; i + 2 * kLanes <= width; i += 2 * kLanes) {
        even = hn::Add(even, f(hn::LoadU(FloatTag(), row + i)));
        odd = hn::Add(odd, f(hn::LoadU(FloatTag(), row + i + kLanes)));
    }
    float rest = 0;
    alignas(64) float lanes[16];
    for (; i < width; i += kLanes) {
        const int64_t count = width - i < kLanes ? width - i : kLanes;
        hn::Store(f(loadFirst(row + i, count)), FloatTag(), lanes);
        for (int64_t lane = 0; lane < count; ++lane) rest += lanes[lane];
    }
    return sumOf(hn::Add(even, odd)) + rest;
}

void rmsNorm(const NormCall& call) {
    for (int64_t row = 0; row < call.rows; ++row) {
        const float* in = call.in + row * call.width;
        float* out = call.out + row * call.width;
        const float squares = sumOver(in, call.width, [](FloatVec x) HWY_ATTR { return hn::Mul(x, x); });
        const FloatVec scale = broadcast(1.0f / std::sqrt(squares / static_cast<float>(call.width) + call.epsilon));
        overVectors(call.width, [&](int64_t i, int64_t count) HWY_ATTR {
            const FloatVec normed = hn::Mul(loadSome(in + i, count), scale);
            storeFirst(hn::Mul(normed, loadSome(call.weight + i, count)), out + i, count);
        });
    }
}

void layerNorm(const NormCall& call) {
    for (int64_t row = 0; row < call.rows; ++row) {
        const float* in = call.in + row * call.width;
        float* out = call.out + row * call.width;
        const float mean =
            sumOver(in, call.width, [](FloatVec x) HWY_ATTR { return x; }) / static_cast<float>(call.width);
        const FloatVec means = broadcast(mean);
        const float squares = sumOver(in, call.width, [means](FloatVec x) HWY_ATTR {
            const FloatVec centred = hn::Sub(x, means);
            return hn::Mul(centred, centred);
        });
        const FloatVec scale = broadcast(1.0f / std::sqrt(squares / static_cast<float>(call.width) + call.epsilon));
        overVectors(call.width, [&](int64_t i, int64_t count) HWY_ATTR {
            const FloatVec normed = hn::Mul(hn::Sub(loadSome(in + i, count), means), scale);
            storeFirst(hn::MulAdd(normed, loadSome(call.weight + i, count), loadSome(call.bias + i, count)), out + i,
                       count);
        });
    }
}

struct Rotated {
    FloatVec first, second;
};
HWY_INLINE Rotated rotate(FloatVec x, FloatVec y, FloatVec cosine, FloatVec sine) {
    return {hn::NegMulAdd(y, sine, hn::Mul(x, cosine)), hn::MulAdd(x, sine, hn::Mul(y, cosine))};
}

/// Pairs (j, j + rotaryDim / 2).
HWY_INLINE void rotateHalves(const RopeJob& job, const float* in, float* out) {
    const int64_t half = job.rotaryDim / 2;
    overVectors(half, [&](int64_t i, int64_t count) HWY_ATTR {
        const Rotated r = rotate(loadSome(in + i, count), loadSome(in + half + i, count),
                                 loadSome(job.cosines + i, count), loadSome(job.sines + i, count));
        storeFirst(r.first, out + i, count);
        storeFirst(r.second, out + half + i, count);
    });
}

/// Pairs (2 j, 2 j + 1).
HWY_INLINE void rotateNeighbours(const RopeJob& job, const float* in, float* out) {
    const FloatTag d;
    const int64_t pairs = job.rotaryDim / 2;
    int64_t i = 0;
    for (; i + kLanes <= pairs; i += kLanes) {
        FloatVec x, y;
        hn::LoadInterleaved2(d, in + 2 * i, x, y);
        const Rotated r = rotate(x, y, hn::LoadU(d, job.cosines + i), hn::LoadU(d, job.sines + i));
        hn::StoreInterleaved2(r.first, r.second, d, out + 2 * i);
    }
    for (; i < pairs; ++i) {
        const float x = in[2 * i], y = in[2 * i + 1];
        out[2 * i] = x * job.cosines[i] - y * job.sines[i];
        out[2 * i + 1] = x * job.sines[i] + y * job.cosines[i];
    }
}

void rope(const RopeJob& job) {
    for (int64_t head = 0; head < job.heads; ++head) {
        const float* in = job.in + head * job.headDim;
        float* out = job.out + head * job.headDim;
        if (job.interleaved) {
            rotateNeighbours(job, in, out);
        } else {
            rotateHalves(job, in, out);
        }
        if (in == out) continue;
        for (int64_t i = job.rotaryDim; i < job.headDim; ++i) out[i] = in[i];
    }
}

template <class Function>
HWY_INLINE void applyUnary(const ElementwiseCall& call, const Function& f) {
    overVectors(call.count, [&](int64_t i, int64_t count)
                                HWY_ATTR { storeFirst(f(loadSome(call.in + i, count)), call.out + i, count); });
}
template <class Function>
HWY_INLINE void applyGated(const ElementwiseCall& call, const Function& f) {
    overVectors(call.count, [&](int64_t i, int64_t count) HWY_ATTR {
        storeFirst(hn::Mul(f(loadSome(call.in + i, count)), loadSome(call.in2 + i, count)), call.out + i, count);
    });
}

void activate(Activation activation, const ElementwiseCall& call) {
    switch (activation) {
        case Activation::kSilu:
            return applyUnary(call, [](FloatVec x) HWY_ATTR { return silu(x); });
        case Activation::kGeluErf:
            return applyUnary(call, [](FloatVec x) HWY_ATTR { return geluErf(x); });
        case Activation::kGeluTanh:
            return applyUnary(call, [](FloatVec x) HWY_ATTR { return geluTanh(x); });
    }
}

void activateGated(Activation activation, const ElementwiseCall& call) {
    switch (activation) {
        case Activation::kSilu:
            return applyGated(call, [](FloatVec x) HWY_ATTR { return silu(x); });
        case Activation::kGeluErf:
            return applyGated(call, [](FloatVec x) HWY_ATTR { return geluErf(x); });
        case Activation::kGeluTanh:
            return applyGated(call, [](FloatVec x) HWY_ATTR { return geluTanh(x); });
    }
}

void addVectors(const ElementwiseCall& call) {
    overVectors(call.count, [&](int64_t i, int64_t count) HWY_ATTR {
        storeFirst(hn::Add(loadSome(call.in + i, count), loadSome(call.in2 + i, count)), call.out + i, count);
    });
}

void logSumExp(const float* logits, int64_t width, LogSumExp& sum) {
    const FloatTag d;
    FloatVec maxima = broadcast(logits[0]);
    int64_t i = 0;
    for (; i + kLanes <= width; i += kLanes) maxima = hn::Max(maxima, hn::LoadU(d, logits + i));
    float maximum = maxOf(maxima);
    for (; i < width; ++i) maximum = logits[i] > maximum ? logits[i] : maximum;
    const FloatVec shift = broadcast(maximum);
    FloatVec totals = hn::Zero(d);
    for (i = 0; i + kLanes <= width; i += kLanes)
        totals = hn::Add(totals, exponential(hn::Sub(hn::LoadU(d, logits + i), shift)));
    auto total = double(sumOf(totals));
    for (; i < width; ++i) total += std::exp(double(logits[i]) - double(maximum));
    const double newMaximum = double(maximum) > sum.maximum ? double(maximum) : sum.maximum;
    sum.sum = sum.sum * std::exp(sum.maximum - newMaximum) + total * std::exp(double(maximum) - newMaximum);
    sum.maximum = newMaximum;
}

const char* targetName() {
    return hwy::TargetName(HWY_TARGET);
}

}  // namespace
}  // namespace halftone::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace halftone::cpu {

HWY_EXPORT(rmsNorm);
HWY_EXPORT(layerNorm);
HWY_EXPORT(rope);
HWY_EXPORT(activate);
HWY_EXPORT(activateGated);
HWY_EXPORT(addVectors);
HWY_EXPORT(logSumExp);
HWY_EXPORT(targetName);

void rmsNormRows(const NormCall& call) {
    HWY_DYNAMIC_DISPATCH(rmsNorm)(call);
}
void layerNormRows(const NormCall& call) {
    HWY_DYNAMIC_DISPATCH(layerNorm)(call);
}
void ropeToken(const RopeJob& job) {
    HWY_DYNAMIC_DISPATCH(rope)(job);
}
void activationRange(Activation activation, const ElementwiseCall& call) {
    HWY_DYNAMIC_DISPATCH(activate)(activation, call);
}
void gatedActivationRange(Activation activation, const ElementwiseCall& call) {
    HWY_DYNAMIC_DISPATCH(activateGated)(activation, call);
}
void addRange(const ElementwiseCall& call) {
    HWY_DYNAMIC_DISPATCH(addVectors)(call);
}
void logSumExpRow(const float* logits, int64_t width, LogSumExp& sum) {
    HWY_DYNAMIC_DISPATCH(logSumExp)(logits, width, sum);
}

std::string instructionSetName() {
    const std::string name = HWY_DYNAMIC_DISPATCH(targetName)();
    return name == "AVX3" ? "AVX-512" : name;
}

}  // namespace halftone::cpu
#endif
