// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <array>
#include <numeric>

#include "core/base/error.h"
#include "core/stats/stats_kernels.h"
#include "core/stats/stats_summary.h"
#include "core/stats/tensor_stats.h"

namespace halftone {
namespace {

/// Extremes of two streams; a stream without finite values has none.
void mergeExtremes(ActivationStats& stats, float min, float max) {
    const bool isFirst = stats.moments.count() == 0;
    stats.min = isFirst ? min : std::min(stats.min, min);
    stats.max = isFirst ? max : std::max(stats.max, max);
}

}  // namespace

void ActivationStats::addFinite(std::span<const float> block, const BlockSummary& summary) {
    mergeExtremes(*this, summary.min, summary.max);
    zeroCount += summary.zeroCount;
    moments.merge(Moments::ofBlock(block, summary.sum));
    histogram.addBlock(block, summary);
}

void ActivationStats::add(std::span<const float> rows, int64_t rowCount, int64_t channels) {
    const auto width = static_cast<size_t>(channels);
    HT_CHECK(rows.size() == static_cast<size_t>(rowCount) * width);
    HT_CHECK(absMax.empty() || absMax.size() == width);
    sumSquares.resize(width);
    absMax.resize(width);
    tokenCount += rowCount;
    std::array<float, kStatsBlock> buffer;
    for (size_t start = 0; start < rows.size(); start += kStatsBlock) {
        const auto block = rows.subspan(start, std::min(kStatsBlock, rows.size() - start));
        const BlockSummary summary = summarizeBlock(block);
        if (summary.largestMagnitude < kFirstNonFinite) {
            addFinite(block, summary);
            continue;
        }
        const auto finite = copyFinite(block, buffer);
        nonFiniteCount += static_cast<int64_t>(block.size() - finite.size());
        if (!finite.empty()) addFinite(finite, summarizeBlock(finite));
    }
    for (int64_t row = 0; row < rowCount; ++row) {
        const auto values = rows.subspan(static_cast<size_t>(row) * width, width);
        updateAbsMax(values, absMax.data());
        addSquares(values, sumSquares.data());
    }
}

void ActivationStats::merge(const ActivationStats& other) {
    if (other.tokenCount == 0) return;
    HT_CHECK(absMax.empty() || absMax.size() == other.absMax.size());
    sumSquares.resize(other.sumSquares.size());
    absMax.resize(other.absMax.size());
    for (size_t i = 0; i < absMax.size(); ++i) {
        sumSquares[i] += other.sumSquares[i];
        absMax[i] = std::max(absMax[i], other.absMax[i]);
    }
    if (other.moments.count() > 0) mergeExtremes(*this, other.min, other.max);
    tokenCount += other.tokenCount;
    nonFiniteCount += other.nonFiniteCount;
    zeroCount += other.zeroCount;
    moments.merge(other.moments);
    histogram.merge(other.histogram);
}

std::vector<float> ActivationStats::importance() const {
    std::vector<float> result(sumSquares.size());
    const double scale = tokenCount > 0 ? 1.0 / static_cast<double>(tokenCount) : 0.0;
    std::ranges::transform(sumSquares, result.begin(), [scale](double sum) { return static_cast<float>(sum * scale); });
    return result;
}

std::vector<int64_t> ActivationStats::worstChannels(int64_t count) const {
    std::vector<int64_t> channels(absMax.size());
    std::iota(channels.begin(), channels.end(), int64_t{0});
    const auto kept = std::clamp<int64_t>(count, 0, static_cast<int64_t>(channels.size()));
    std::partial_sort(channels.begin(), channels.begin() + kept, channels.end(), [this](int64_t a, int64_t b) {
        const float left = absMax[static_cast<size_t>(a)], right = absMax[static_cast<size_t>(b)];
        return left != right ? left > right : a < b;
    });
    channels.resize(static_cast<size_t>(kept));
    return channels;
}

TensorStats ActivationStats::summary() const {
    TensorStats stats;
    stats.count = moments.count() + nonFiniteCount;
    stats.nonFiniteCount = nonFiniteCount;
    stats.zeroCount = zeroCount;
    stats.min = static_cast<double>(min);
    stats.max = static_cast<double>(max);
    stats.histogram = histogram;
    stats.colAbsMax = absMax;
    fillDerivedFigures(stats, moments);
    return stats;
}

}  // namespace halftone
