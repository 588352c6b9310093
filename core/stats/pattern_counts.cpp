// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/stats/pattern_counts.h"

#include <algorithm>
#include <bit>
#include <limits>

#include "core/base/error.h"
#include "core/stats/stats_kernels.h"
#include "core/stats/stats_summary.h"
#include "core/tensor/float16.h"

namespace halftone {
namespace {

constexpr size_t kNegative = kPatternCount / 2;  // patterns from here on have the sign bit

/// What the 16-bit patterns of one type stand for.
class PatternValues {
  public:
    explicit PatternValues(DType type) : m_isHalf(type == DType::kF16) { HT_CHECK(m_isHalf || type == DType::kBF16); }
    [[nodiscard]] size_t firstNonFinite() const { return m_isHalf ? kFirstNonFiniteHalf : kFirstNonFiniteBfloat; }
    [[nodiscard]] float at(size_t pattern) const {
        const auto bits = static_cast<uint16_t>(pattern);
        return m_isHalf ? halfToFloat(bits) : bfloatToFloat(bits);
    }
    /// Calls visit(pattern, count) for the patterns that occur and are finite, by ascending magnitude.
    template <typename Visit>
    void visit(std::span<const uint64_t> counts, const Visit& visit) const {
        for (size_t magnitude = 0; magnitude < firstNonFinite(); ++magnitude) {
            if (counts[magnitude] != 0) visit(magnitude, counts[magnitude]);
            if (counts[magnitude + kNegative] != 0) visit(magnitude + kNegative, counts[magnitude + kNegative]);
        }
    }

  private:
    bool m_isHalf;
};

Moments momentsOf(std::span<const uint64_t> counts, const PatternValues& values) {
    uint64_t total = 0;
    double sum = 0;
    values.visit(counts, [&](size_t pattern, uint64_t count) {
        total += count;
        sum += static_cast<double>(count) * static_cast<double>(values.at(pattern));
    });
    if (total == 0) return {};
    const double mean = sum / static_cast<double>(total);
    std::array<double, 3> central{};
    values.visit(counts, [&](size_t pattern, uint64_t count) {
        const double x = static_cast<double>(values.at(pattern)) - mean;
        const double weight = static_cast<double>(count);
        central[0] += weight * (x * x);
        central[1] += weight * (x * x * x);
        central[2] += weight * ((x * x) * (x * x));
    });
    return Moments::fromCentralSums(static_cast<int64_t>(total), mean, central);
}

FiniteFigures finiteFigures(std::span<const uint64_t> counts, const PatternValues& values) {
    FiniteFigures figures;
    figures.moments = momentsOf(counts, values);
    figures.zeroCount = static_cast<int64_t>(counts[0] + counts[kNegative]);
    figures.min = std::numeric_limits<float>::infinity();
    figures.max = -figures.min;
    values.visit(counts, [&](size_t pattern, uint64_t) {
        figures.min = std::min(figures.min, values.at(pattern));
        figures.max = std::max(figures.max, values.at(pattern));
    });
    return figures;
}

}  // namespace

void PatternCounts::addTo(std::span<uint64_t> totals) const {
    HT_CHECK(totals.size() == kPatternCount);
    for (size_t i = 0; i < kPatternCount; ++i) totals[i] += (uint64_t{m_wraps[i]} << 16) + m_low[i];
}

void fillFromLeadingHalves(TensorStats& stats, std::span<const uint64_t> counts, const FiniteFigures& figures) {
    uint64_t nonFinite = 0;
    for (size_t magnitude = kFirstNonFiniteBfloat; magnitude < kNegative; ++magnitude) {
        nonFinite += counts[magnitude] + counts[magnitude + kNegative];
    }
    stats.nonFiniteCount = static_cast<int64_t>(nonFinite);
    stats.count = figures.moments.count() + stats.nonFiniteCount;
    stats.zeroCount = figures.zeroCount;
    if (figures.moments.count() > 0) {  // adding 0 turns -0 into 0
        stats.min = static_cast<double>(figures.min) + 0.0;
        stats.max = static_cast<double>(figures.max) + 0.0;
    }
    stats.histogram = FloatHistogram::ofLeadingHalves(counts);
    fillDerivedFigures(stats, figures.moments);
}

void fillFromPatterns(TensorStats& stats, std::span<const uint64_t> counts, DType type) {
    const PatternValues values(type);
    const FiniteFigures figures = finiteFigures(counts, values);
    if (type == DType::kBF16) return fillFromLeadingHalves(stats, counts, figures);
    std::vector<uint64_t> halves(kPatternCount);
    for (size_t pattern = 0; pattern < kPatternCount; ++pattern) {
        halves[std::bit_cast<uint32_t>(values.at(pattern)) >> 16] += counts[pattern];
    }
    fillFromLeadingHalves(stats, halves, figures);
}

}  // namespace halftone
