// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/bench/plain_read.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tests/bench/plain_read.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace halftone::bench::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

uint64_t sumWords(const uint64_t* words, size_t count) {
    const hn::ScalableTag<uint64_t> d;
    const size_t lanes = hn::Lanes(d);
    auto a = hn::Zero(d), b = a, c = a, e = a;
    size_t i = 0;
    for (; i + 4 * lanes <= count; i += 4 * lanes) {
        a = hn::Add(a, hn::LoadU(d, words + i));
        b = hn::Add(b, hn::LoadU(d, words + i + lanes));
        c = hn::Add(c, hn::LoadU(d, words + i + 2 * lanes));
        e = hn::Add(e, hn::LoadU(d, words + i + 3 * lanes));
    }
    uint64_t sum = hn::GetLane(hn::SumOfLanes(d, hn::Add(hn::Add(a, b), hn::Add(c, e))));
    for (; i < count; ++i) sum += words[i];
    return sum;
}

}  // namespace halftone::bench::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace halftone::bench {

HWY_EXPORT(sumWords);

uint64_t readBytes(std::span<const std::byte> bytes) {
    return HWY_DYNAMIC_DISPATCH(sumWords)(reinterpret_cast<const uint64_t*>(bytes.data()), bytes.size() / 8);
}

}  // namespace halftone::bench
#endif
