// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/stats/float_histogram.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>

#include "core/base/error.h"
#include "core/stats/stats_kernels.h"

namespace halftone {
namespace {

constexpr uint32_t kMagnitudeMask = 0x7FFFFFFFu;
constexpr int kMostMantissaBits = 12;
constexpr uint32_t kGrowth = 64;  // slots are added in steps of this many

}  // namespace

FloatHistogram::FloatHistogram(int mantissaBits) : m_mantissaBits(mantissaBits) {
    HT_CHECK(mantissaBits >= 0 && mantissaBits <= kMostMantissaBits);
}

double FloatHistogram::magnitudeOf(uint32_t index) const {
    const uint32_t bits = index << shift();
    if (bits >= kFirstNonFinite) return 0x1p128;  // upper end of the last finite bin
    return static_cast<double>(std::bit_cast<float>(bits));
}

void FloatHistogram::cover(uint32_t lo, uint32_t hi) {
    if (m_slots > 0 && lo >= m_first && hi < m_first + m_slots) return;
    if (m_slots > 0) {
        lo = std::min(lo, m_first);
        hi = std::max(hi, m_first + m_slots - 1);
    }
    const uint32_t limit = (kFirstNonFinite >> shift()) - 1;  // last finite index
    lo = std::max(1u, lo / kGrowth * kGrowth);
    hi = std::min(limit, (hi / kGrowth + 1) * kGrowth - 1);
    const uint32_t slots = hi - lo + 1, stride = slots + kSpareSlots;
    std::vector<uint64_t> counts(2 * size_t{stride});
    const uint32_t oldStride = m_slots + kSpareSlots;
    for (uint32_t sign = 0; sign < 2 && m_slots > 0; ++sign) {
        const auto from = m_counts.begin() + sign * oldStride;
        std::copy(from, from + m_slots, counts.begin() + sign * stride + (m_first - lo));
    }
    m_counts = std::move(counts);
    m_first = lo;
    m_slots = slots;
}

void FloatHistogram::addBlock(std::span<const float> values, const BlockSummary& summary) {
    const uint32_t lo = std::max(1u, summary.smallestMagnitude >> shift());
    const uint32_t hi = summary.largestMagnitude >> shift();
    if (hi == 0) {  // zeros, or too small to tell from zero
        m_zeroCount += values.size();
        return;
    }
    if (std::bit_cast<uint32_t>(summary.min) == std::bit_cast<uint32_t>(summary.max) && summary.zeroCount == 0) {
        add(summary.min, values.size());  // one counter would be waited for again and again
        return;
    }
    cover(lo, hi);
    std::array<uint32_t, kStatsBlock> slots;
    histogramSlots(values, {shift(), m_first, m_slots, m_slots + kSpareSlots}, slots.data());
    uint64_t* counts = m_counts.data();
    for (size_t i = 0; i < values.size(); ++i) ++counts[slots[i]];
    if (summary.zeroCount == 0 && summary.smallestMagnitude >> shift() != 0) return;
    m_zeroCount += static_cast<uint64_t>(std::ranges::count_if(
        values, [this](float v) { return ((std::bit_cast<uint32_t>(v) & kMagnitudeMask) >> shift()) == 0; }));
}

void FloatHistogram::add(std::span<const float> values) {
    for (size_t start = 0; start < values.size(); start += kStatsBlock) {
        const auto block = values.subspan(start, std::min(kStatsBlock, values.size() - start));
        const BlockSummary summary = summarizeBlock(block);
        if (summary.largestMagnitude < kFirstNonFinite) {
            addBlock(block, summary);
        } else {
            for (const float value : block) add(value, 1);
        }
    }
}

void FloatHistogram::add(float value, uint64_t count) {
    if (!std::isfinite(value) || count == 0) return;
    const uint32_t bits = std::bit_cast<uint32_t>(value);
    const uint32_t index = (bits & kMagnitudeMask) >> shift();
    if (index == 0) {
        m_zeroCount += count;
        return;
    }
    cover(index, index);
    const bool isNegative = (bits >> 31) != 0;
    m_counts[index - m_first + (isNegative ? 0 : m_slots + kSpareSlots)] += count;
}

void FloatHistogram::merge(const FloatHistogram& other) {
    HT_CHECK(m_mantissaBits == other.m_mantissaBits);
    m_zeroCount += other.m_zeroCount;
    if (other.m_slots == 0) return;
    cover(other.m_first, other.m_first + other.m_slots - 1);
    for (uint32_t sign = 0; sign < 2; ++sign) {
        const uint64_t* from = other.m_counts.data() + sign * (other.m_slots + kSpareSlots);
        uint64_t* to = m_counts.data() + sign * (m_slots + kSpareSlots) + (other.m_first - m_first);
        for (uint32_t i = 0; i < other.m_slots; ++i) to[i] += from[i];
    }
}

FloatHistogram FloatHistogram::ofLeadingHalves(std::span<const uint64_t> counts) {
    constexpr uint32_t kSign = 0x8000;
    HT_CHECK(counts.size() == 2 * size_t{kSign});
    FloatHistogram result(7);
    result.m_zeroCount = counts[0] + counts[kSign];
    const auto isOccupied = [&](uint32_t index) { return (counts[index] | counts[index + kSign]) != 0; };
    uint32_t lo = 1, hi = (kFirstNonFinite >> result.shift()) - 1;
    while (lo <= hi && !isOccupied(lo)) ++lo;
    while (hi > lo && !isOccupied(hi)) --hi;
    if (lo > hi) return result;
    result.cover(lo, hi);
    for (uint32_t index = lo; index <= hi; ++index) {
        const uint32_t slot = index - result.m_first;
        result.m_counts[slot] = counts[index + kSign];
        result.m_counts[slot + result.m_slots + kSpareSlots] = counts[index];
    }
    return result;
}

/// Calls visit(lower, upper, count) for the non-empty bins by ascending value; stops when it returns false.
template <typename Visit>
void FloatHistogram::visitAscending(const Visit& visit) const {
    for (uint32_t i = m_slots; i-- > 0;) {
        const uint64_t count = m_counts[i];
        if (count != 0 && !visit(-magnitudeOf(m_first + i + 1), -magnitudeOf(m_first + i), count)) return;
    }
    if (m_zeroCount != 0 && !visit(0.0, magnitudeOf(1), m_zeroCount)) return;
    for (uint32_t i = 0; i < m_slots; ++i) {
        const uint64_t count = m_counts[m_slots + kSpareSlots + i];
        if (count != 0 && !visit(magnitudeOf(m_first + i), magnitudeOf(m_first + i + 1), count)) return;
    }
}

uint64_t FloatHistogram::total() const {
    uint64_t total = 0;
    visitAscending([&](double, double, uint64_t count) {
        total += count;
        return true;
    });
    return total;
}

double FloatHistogram::quantile(double q) const {
    const double target = std::clamp(q, 0.0, 1.0) * static_cast<double>(total());
    double below = 0, result = std::numeric_limits<double>::quiet_NaN();
    visitAscending([&](double lower, double upper, uint64_t count) {
        const double inBin = static_cast<double>(count);
        result = lower + (upper - lower) * std::clamp((target - below) / inBin, 0.0, 1.0);
        below += inBin;
        return below < target;
    });
    return result;
}

double FloatHistogram::countBelow(double value) const {
    double below = 0;
    visitAscending([&](double lower, double upper, uint64_t count) {
        if (value <= lower) return false;
        below += static_cast<double>(count) * std::min(1.0, (value - lower) / (upper - lower));
        return true;
    });
    return below;
}

std::vector<FloatHistogram::Bin> FloatHistogram::bins() const {
    std::vector<Bin> result;
    visitAscending([&](double lower, double upper, uint64_t count) {
        result.push_back({lower, upper, count});
        return true;
    });
    return result;
}

FloatHistogram::Resampled FloatHistogram::resample(double lower, double upper, int binCount) const {
    HT_CHECK(lower < upper && binCount > 0);
    Resampled result;
    result.lower = lower;
    result.upper = upper;
    result.counts.assign(static_cast<size_t>(binCount), 0.0);
    const double width = (upper - lower) / binCount;
    visitAscending([&](double from, double to, uint64_t count) {
        const double density = static_cast<double>(count) / (to - from);
        if (from < lower) result.underflow += density * (std::min(to, lower) - from);
        if (to > upper) result.overflow += density * (to - std::max(from, upper));
        const double start = std::max(from, lower), end = std::min(to, upper);
        if (!(start < end)) return true;
        const auto firstBin = std::clamp(static_cast<int>((start - lower) / width), 0, binCount - 1);
        const auto lastBin = std::clamp(static_cast<int>((end - lower) / width), firstBin, binCount - 1);
        if (firstBin == lastBin) {
            result.counts[static_cast<size_t>(firstBin)] += density * (end - start);
            return true;
        }
        for (int bin = firstBin; bin <= lastBin; ++bin) {
            const double binStart = std::max(start, lower + bin * width),
                         binEnd = std::min(end, lower + (bin + 1) * width);
            if (binStart < binEnd) result.counts[static_cast<size_t>(bin)] += density * (binEnd - binStart);
        }
        return true;
    });
    return result;
}

}  // namespace halftone
