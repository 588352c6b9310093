// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/inference/cpu/multiply_adds.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/inference/cpu/multiply_adds.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "core/inference/cpu/vector_math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace halftone::cpu::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
/// Twelve independent chains, enough to hide the latency of two units.
double multiplyAdds(int64_t rounds, float* sink) {
    const FloatTag d;
    const auto a = hn::Set(d, 0.999999f), b = hn::Set(d, 1e-7f);
    // Different starts, or the compiler would see that the chains are all the same.
    auto c0 = hn::Set(d, 0.00f), c1 = hn::Set(d, 0.01f), c2 = hn::Set(d, 0.02f), c3 = hn::Set(d, 0.03f);
    auto c4 = hn::Set(d, 0.04f), c5 = hn::Set(d, 0.05f), c6 = hn::Set(d, 0.06f), c7 = hn::Set(d, 0.07f);
    auto c8 = hn::Set(d, 0.08f), c9 = hn::Set(d, 0.09f), c10 = hn::Set(d, 0.10f), c11 = hn::Set(d, 0.11f);
    for (int64_t i = 0; i < rounds; ++i) {
        c0 = hn::MulAdd(c0, a, b);
        c1 = hn::MulAdd(c1, a, b);
        c2 = hn::MulAdd(c2, a, b);
        c3 = hn::MulAdd(c3, a, b);
        c4 = hn::MulAdd(c4, a, b);
        c5 = hn::MulAdd(c5, a, b);
        c6 = hn::MulAdd(c6, a, b);
        c7 = hn::MulAdd(c7, a, b);
        c8 = hn::MulAdd(c8, a, b);
        c9 = hn::MulAdd(c9, a, b);
        c10 = hn::MulAdd(c10, a, b);
        c11 = hn::MulAdd(c11, a, b);
    }
    const auto sum = hn::Add(hn::Add(hn::Add(c0, c1), hn::Add(c2, c3)), hn::Add(hn::Add(c4, c5), hn::Add(c6, c7)));
    *sink = hn::GetLane(hn::SumOfLanes(d, hn::Add(sum, hn::Add(hn::Add(c8, c9), hn::Add(c10, c11)))));
    return 2.0 * 12.0 * double(kLanes) * double(rounds);
}

}  // namespace halftone::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace halftone::cpu {

HWY_EXPORT(multiplyAdds);

double runMultiplyAdds(int64_t rounds, float* sink) {
    return HWY_DYNAMIC_DISPATCH(multiplyAdds)(rounds, sink);
}

}  // namespace halftone::cpu
#endif
