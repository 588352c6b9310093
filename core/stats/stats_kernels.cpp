// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/stats/stats_kernels.h"

#include <algorithm>
#include <bit>
#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/stats/stats_kernels.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace halftone {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

constexpr uint32_t kMagnitudeMask = 0x7FFFFFFFu;

using FloatTag = hn::ScalableTag<float>;
using BitsTag = hn::RebindToUnsigned<FloatTag>;
using SignedTag = hn::RebindToSigned<FloatTag>;
using DoubleTag = hn::ScalableTag<double>;
using NarrowTag = hn::Rebind<float, DoubleTag>;  // as many floats as there are doubles in a vector

void addToSummary(float value, BlockSummary& summary) {
    const uint32_t magnitude = std::bit_cast<uint32_t>(value) & kMagnitudeMask;
    summary.largestMagnitude = std::max(summary.largestMagnitude, magnitude);
    if (magnitude == 0) {
        ++summary.zeroCount;
    } else {
        summary.smallestMagnitude = std::min(summary.smallestMagnitude, magnitude);
    }
    summary.min = std::min(summary.min, value);
    summary.max = std::max(summary.max, value);
    summary.sum += static_cast<double>(value);
}

/// Everything but the sum.
size_t summarizeBits(const float* HWY_RESTRICT values, size_t count, BlockSummary& summary) {
    const FloatTag df;
    const BitsTag du;
    const SignedTag di;
    const size_t lanes = hn::Lanes(df);
    const auto mask = hn::Set(du, kMagnitudeMask);
    const auto one = hn::Set(du, 1u);
    auto largest = hn::Zero(du);
    auto smallest = hn::Set(du, 0xFFFFFFFFu);  // of magnitude - 1, so that a zero wraps to the largest
    auto zeros = hn::Zero(di);
    auto low = hn::Set(df, values[0]), high = low;
    size_t i = 0;
    for (; i + lanes <= count; i += lanes) {
        const auto v = hn::LoadU(df, values + i);
        const auto magnitude = hn::And(hn::BitCast(du, v), mask);
        largest = hn::Max(largest, magnitude);
        smallest = hn::Min(smallest, hn::Sub(magnitude, one));
        const auto isZero = hn::Eq(hn::BitCast(di, magnitude), hn::Zero(di));
        zeros = hn::Sub(zeros, hn::VecFromMask(di, isZero));
        low = hn::Min(low, v);
        high = hn::Max(high, v);
    }
    summary.largestMagnitude = hn::GetLane(hn::MaxOfLanes(du, largest));
    const uint32_t smallestLess1 = hn::GetLane(hn::MinOfLanes(du, smallest));
    summary.smallestMagnitude = smallestLess1 == 0xFFFFFFFFu ? smallestLess1 : smallestLess1 + 1;
    summary.zeroCount = static_cast<uint32_t>(hn::GetLane(hn::SumOfLanes(di, zeros)));
    summary.min = hn::GetLane(hn::MinOfLanes(df, low));
    summary.max = hn::GetLane(hn::MaxOfLanes(df, high));
    return i;
}

double sumOf(const float* HWY_RESTRICT values, size_t count) {
    const DoubleTag dd;
    const NarrowTag dn;
    const size_t lanes = hn::Lanes(dd);
    auto sum0 = hn::Zero(dd), sum1 = hn::Zero(dd);
    size_t i = 0;
    for (; i + 2 * lanes <= count; i += 2 * lanes) {
        sum0 = hn::Add(sum0, hn::PromoteTo(dd, hn::LoadU(dn, values + i)));
        sum1 = hn::Add(sum1, hn::PromoteTo(dd, hn::LoadU(dn, values + i + lanes)));
    }
    double sum = hn::GetLane(hn::SumOfLanes(dd, hn::Add(sum0, sum1)));
    for (; i < count; ++i) sum += static_cast<double>(values[i]);
    return sum;
}

BlockSummary summarizeVectors(const float* HWY_RESTRICT values, size_t count) {
    BlockSummary summary;
    summary.smallestMagnitude = 0xFFFFFFFFu;
    const size_t done = summarizeBits(values, count, summary);
    summary.sum = sumOf(values, done);
    for (size_t i = done; i < count; ++i) addToSummary(values[i], summary);
    return summary;
}

CentralSums centralVectors(const float* HWY_RESTRICT values, size_t count, double mean) {
    const DoubleTag dd;
    const NarrowTag dn;
    const size_t lanes = hn::Lanes(dd);
    const auto center = hn::Set(dd, mean);
    auto m2a = hn::Zero(dd), m3a = hn::Zero(dd), m4a = hn::Zero(dd);
    auto m2b = hn::Zero(dd), m3b = hn::Zero(dd), m4b = hn::Zero(dd);
    size_t i = 0;
    for (; i + 2 * lanes <= count; i += 2 * lanes) {
        const auto xa = hn::Sub(hn::PromoteTo(dd, hn::LoadU(dn, values + i)), center);
        const auto xb = hn::Sub(hn::PromoteTo(dd, hn::LoadU(dn, values + i + lanes)), center);
        const auto qa = hn::Mul(xa, xa), qb = hn::Mul(xb, xb);
        m2a = hn::Add(m2a, qa);
        m2b = hn::Add(m2b, qb);
        m3a = hn::MulAdd(qa, xa, m3a);
        m3b = hn::MulAdd(qb, xb, m3b);
        m4a = hn::MulAdd(qa, qa, m4a);
        m4b = hn::MulAdd(qb, qb, m4b);
    }
    CentralSums sums{hn::GetLane(hn::SumOfLanes(dd, hn::Add(m2a, m2b))),
                     hn::GetLane(hn::SumOfLanes(dd, hn::Add(m3a, m3b))),
                     hn::GetLane(hn::SumOfLanes(dd, hn::Add(m4a, m4b)))};
    for (; i < count; ++i) {
        const double x = static_cast<double>(values[i]) - mean;
        sums.m2 += x * x;
        sums.m3 += x * x * x;
        sums.m4 += (x * x) * (x * x);
    }
    return sums;
}

void slotVectors(const float* HWY_RESTRICT values, size_t count, const HistogramIndexing& indexing,
                 uint32_t* HWY_RESTRICT slots) {
    const FloatTag df;
    const BitsTag du;
    const SignedTag di;
    const size_t lanes = hn::Lanes(df);
    const auto mask = hn::Set(du, kMagnitudeMask);
    const auto first = hn::Set(du, indexing.firstIndex);
    const auto stride = hn::Set(du, indexing.stride);
    const auto spare = hn::Add(hn::Set(du, indexing.slotCount), hn::And(hn::Iota(du, 0), hn::Set(du, kSpareSlots - 1)));
    size_t i = 0;
    for (; i + lanes <= count; i += lanes) {
        const auto bits = hn::BitCast(du, hn::LoadU(df, values + i));
        const auto index = hn::Sub(hn::ShiftRightSame(hn::And(bits, mask), indexing.shift), first);
        const auto isNegative = hn::BitCast(du, hn::BroadcastSignBit(hn::BitCast(di, bits)));
        hn::StoreU(hn::Add(hn::Min(index, spare), hn::AndNot(isNegative, stride)), du, slots + i);
    }
    for (; i < count; ++i) {
        const uint32_t bits = std::bit_cast<uint32_t>(values[i]);
        const uint32_t index = ((bits & kMagnitudeMask) >> indexing.shift) - indexing.firstIndex;
        slots[i] = std::min(index, indexing.slotCount) + ((bits >> 31) ? 0 : indexing.stride);
    }
}

float absMaxVectors(const float* HWY_RESTRICT row, size_t count, float* HWY_RESTRICT columns) {
    const FloatTag df;
    const size_t lanes = hn::Lanes(df);
    // Ordered comparison: false for infinities and for NaN, whose magnitudes are then replaced by 0.
    const auto limit = hn::Set(df, HUGE_VALF);
    auto best = hn::Zero(df);
    size_t i = 0;
    for (; i + lanes <= count; i += lanes) {
        const auto raw = hn::Abs(hn::LoadU(df, row + i));
        const auto magnitude = hn::IfThenElseZero(hn::Lt(raw, limit), raw);
        hn::StoreU(hn::Max(hn::LoadU(df, columns + i), magnitude), df, columns + i);
        best = hn::Max(best, magnitude);
    }
    float result = hn::GetLane(hn::MaxOfLanes(df, best));
    for (; i < count; ++i) {
        const float magnitude = std::isfinite(row[i]) ? std::fabs(row[i]) : 0.0f;
        columns[i] = std::max(columns[i], magnitude);
        result = std::max(result, magnitude);
    }
    return result;
}

void squareVectors(const float* HWY_RESTRICT row, size_t count, double* HWY_RESTRICT sums) {
    const DoubleTag dd;
    const NarrowTag dn;
    const size_t lanes = hn::Lanes(dd);
    const auto limit = hn::Set(dd, HUGE_VAL);
    size_t i = 0;
    for (; i + lanes <= count; i += lanes) {
        const auto raw = hn::PromoteTo(dd, hn::LoadU(dn, row + i));
        const auto x = hn::IfThenElseZero(hn::Lt(hn::Abs(raw), limit), raw);
        hn::StoreU(hn::Add(hn::LoadU(dd, sums + i), hn::Mul(x, x)), dd, sums + i);
    }
    for (; i < count; ++i) {
        const double x = std::isfinite(row[i]) ? static_cast<double>(row[i]) : 0.0;
        sums[i] += x * x;
    }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace halftone
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace halftone {

HWY_EXPORT(summarizeVectors);
HWY_EXPORT(centralVectors);
HWY_EXPORT(slotVectors);
HWY_EXPORT(absMaxVectors);
HWY_EXPORT(squareVectors);

BlockSummary summarizeBlock(std::span<const float> values) {
    return HWY_DYNAMIC_DISPATCH(summarizeVectors)(values.data(), values.size());
}

std::span<const float> copyFinite(std::span<const float> block, std::span<float> buffer) {
    const auto end = std::ranges::copy_if(block, buffer.begin(), [](float value) { return std::isfinite(value); }).out;
    return buffer.first(static_cast<size_t>(end - buffer.begin()));
}

CentralSums centralSums(std::span<const float> values, double mean) {
    return HWY_DYNAMIC_DISPATCH(centralVectors)(values.data(), values.size(), mean);
}

void histogramSlots(std::span<const float> values, const HistogramIndexing& indexing, uint32_t* slots) {
    HWY_DYNAMIC_DISPATCH(slotVectors)(values.data(), values.size(), indexing, slots);
}

float updateAbsMax(std::span<const float> row, float* columnAbsMax) {
    return HWY_DYNAMIC_DISPATCH(absMaxVectors)(row.data(), row.size(), columnAbsMax);
}

void addSquares(std::span<const float> row, double* sums) {
    HWY_DYNAMIC_DISPATCH(squareVectors)(row.data(), row.size(), sums);
}

}  // namespace halftone
#endif
