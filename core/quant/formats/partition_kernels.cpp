// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quant/formats/partition_kernels.h"

#include <array>
#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/quant/formats/partition_kernels.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace halftone {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

/// Continues a search one border at a time.
void searchSlowly(const BorderSums& sums, std::span<const double> before, BorderRange range, size_t end, Split& best) {
    for (size_t begin = range.first; begin <= range.last; ++begin) {
        const double cost = before[begin] + clusterCost(sums, begin, end);
        if (cost < best.cost) best = {cost, begin};
    }
}

Split findSplit(const BorderSums& sums, std::span<const double> before, BorderRange range, size_t end) {
    Split best{INFINITY, range.first};
#if HWY_HAVE_FLOAT64
    const hn::CappedTag<double, 8> d;
    const size_t lanes = hn::Lanes(d);
    const auto zero = hn::Zero(d), step = hn::Set(d, static_cast<double>(lanes));
    const auto weightEnd = hn::Set(d, sums.weight[end]), firstEnd = hn::Set(d, sums.first[end]),
               secondEnd = hn::Set(d, sums.second[end]);
    auto least = hn::Set(d, INFINITY), at = hn::Set(d, static_cast<double>(range.first));
    auto index = hn::Iota(d, static_cast<double>(range.first));
    for (; range.first + lanes <= range.last + 1; range.first += lanes) {
        const auto weight = hn::Sub(weightEnd, hn::LoadU(d, sums.weight.data() + range.first));
        const auto first = hn::Sub(firstEnd, hn::LoadU(d, sums.first.data() + range.first));
        const auto second = hn::Sub(secondEnd, hn::LoadU(d, sums.second.data() + range.first));
        const auto error = hn::Sub(second, hn::Div(hn::Mul(first, first), weight));
        const auto counts = hn::And(hn::Gt(weight, zero), hn::Gt(error, zero));
        const auto cost = hn::Add(hn::LoadU(d, before.data() + range.first), hn::IfThenElseZero(counts, error));
        const auto isLess = hn::Lt(cost, least);
        least = hn::IfThenElse(isLess, cost, least);
        at = hn::IfThenElse(isLess, index, at);
        index = hn::Add(index, step);
    }
    alignas(64) std::array<double, 8> costs, places;
    hn::Store(least, d, costs.data());
    hn::Store(at, d, places.data());
    for (size_t lane = 0; lane < lanes; ++lane) {
        const Split own{costs[lane], static_cast<size_t>(places[lane])};
        if (own.cost < best.cost || (own.cost == best.cost && own.at < best.at)) best = own;
    }
#endif
    searchSlowly(sums, before, range, end, best);
    return best;
}

}  // namespace
// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace halftone
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace halftone {

HWY_EXPORT(findSplit);

Split bestSplit(const BorderSums& sums, std::span<const double> before, BorderRange range, size_t end) {
    return HWY_DYNAMIC_DISPATCH(findSplit)(sums, before, range, end);
}

}  // namespace halftone
#endif
