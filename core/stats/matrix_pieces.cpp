// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/stats/matrix_pieces.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "core/base/error.h"
#include "core/stats/row_kernels.h"
#include "core/stats/stats_kernels.h"
#include "core/tensor/float16.h"

namespace halftone {
namespace {

static_assert(kLongestRun <= kStatsBlock);

/// Calls body(first column, bytes, row) for the runs of some whole rows.
template <typename Body>
void forEachRun(std::span<const std::byte> values, size_t cols, size_t elementBytes, const Body& body) {
    const size_t rowBytes = cols * elementBytes;
    for (size_t row = 0; row * rowBytes < values.size(); ++row) {
        for (size_t col = 0; col < cols; col += kLongestRun) {
            const size_t count = std::min(kLongestRun, cols - col);
            body(col, values.subspan(row * rowBytes + col * elementBytes, count * elementBytes), row);
        }
    }
}

float firstOf(std::span<const std::byte> values) {
    float first;
    std::memcpy(&first, values.data(), sizeof(first));
    return first;
}

template <typename T>
void keepLarger(std::vector<T>& target, const std::vector<T>& other) {
    HT_CHECK(target.size() == other.size());
    std::ranges::transform(target, other, target.begin(), [](T a, T b) { return std::max(a, b); });
}

}  // namespace

/// Powers of the distances from a value of the data itself, over one or more runs of a few thousand values. Some value
/// deviates from the mean by as much as the center does, so turning the sums into central ones cancels at most
/// log2(count) bits of the 53 for the second order, and as little in practice for the others.
class FloatPiece::PowerSums {
  public:
    [[nodiscard]] double centerFor(float firstValue) {
        if (m_count == 0) m_center = std::isfinite(firstValue) ? static_cast<double>(firstValue) : 0.0;
        return m_center;
    }
    void add(const std::array<double, 4>& sums, size_t count) {
        for (size_t i = 0; i < sums.size(); ++i) m_sums[i] += sums[i];
        m_count += count;
    }
    [[nodiscard]] bool isFull() const { return m_count >= kLongestRun; }
    void flushTo(Moments& moments) {
        if (m_count == 0) return;
        const auto n = static_cast<double>(m_count);
        const auto [s1, s2, s3, s4] = m_sums;
        const double d = s1 / n;
        const std::array<double, 3> central{
            std::max(0.0, s2 - n * d * d), s3 - 3.0 * d * s2 + 2.0 * n * d * d * d,
            std::max(0.0, s4 - 4.0 * d * s3 + 6.0 * d * d * s2 - 3.0 * n * d * d * d * d)};
        moments.merge(Moments::fromCentralSums(static_cast<int64_t>(m_count), m_center + d, central));
        m_sums = {};
        m_count = 0;
    }

  private:
    double m_center = 0;
    std::array<double, 4> m_sums{};
    size_t m_count = 0;
};

FloatPiece::FloatPiece(int64_t cols)
    : m_min(std::numeric_limits<float>::infinity()), m_max(-m_min), m_colAbsMax(static_cast<size_t>(cols)) {}

void FloatPiece::addRows(std::span<const std::byte> values, PatternCounts& counts, std::span<float> rowAbsMax) {
    PowerSums sums;
    forEachRun(values, m_colAbsMax.size(), sizeof(float),
               [&](size_t firstCol, std::span<const std::byte> run, size_t row) {
                   rowAbsMax[row] = std::max(rowAbsMax[row], addRun(run, firstCol, counts, sums));
                   if (sums.isFull()) sums.flushTo(m_moments);
               });
    sums.flushTo(m_moments);
}

float FloatPiece::addRun(std::span<const std::byte> values, size_t firstCol, PatternCounts& counts, PowerSums& sums) {
    const FloatRun run =
        examineFloats(values, {sums.centerFor(firstOf(values)), m_colAbsMax.data() + firstCol, counts.counters()});
    m_zeroCount += run.zeroCount;
    if (run.largestMagnitude < kFirstNonFinite) {
        sums.add(run.sums, values.size() / sizeof(float));
        m_min = std::min(m_min, run.min);
        m_max = std::max(m_max, run.max);
    } else {
        addFiniteOnes(values);
    }
    return std::bit_cast<float>(run.largestFinite);
}

void FloatPiece::addFiniteOnes(std::span<const std::byte> values) {
    std::array<float, kLongestRun> copy, buffer;
    std::memcpy(copy.data(), values.data(), values.size());
    const auto finite = copyFinite(std::span(copy).first(values.size() / sizeof(float)), buffer);
    if (finite.empty()) return;
    const BlockSummary summary = summarizeBlock(finite);
    m_moments.merge(Moments::ofBlock(finite, summary.sum));
    m_min = std::min(m_min, summary.min);
    m_max = std::max(m_max, summary.max);
}

void FloatPiece::merge(const FloatPiece& next) {
    m_moments.merge(next.m_moments);
    m_zeroCount += next.m_zeroCount;
    m_min = std::min(m_min, next.m_min);
    m_max = std::max(m_max, next.m_max);
    keepLarger(m_colAbsMax, next.m_colAbsMax);
}

HalfPiece::HalfPiece(int64_t cols, DType type) : m_type(type), m_colMax(static_cast<size_t>(cols)) {}

float HalfPiece::valueOf(uint16_t magnitude) const {
    return m_type == DType::kF16 ? halfToFloat(magnitude) : bfloatToFloat(magnitude);
}

void HalfPiece::addRows(std::span<const std::byte> values, PatternCounts& counts, std::span<float> rowAbsMax) {
    const uint16_t firstNonFinite = m_type == DType::kF16 ? kFirstNonFiniteHalf : kFirstNonFiniteBfloat;
    forEachRun(values, m_colMax.size(), sizeof(uint16_t),
               [&](size_t firstCol, std::span<const std::byte> run, size_t row) {
                   const uint16_t largest =
                       examineHalves(run, {firstNonFinite, m_colMax.data() + firstCol, counts.counters()});
                   rowAbsMax[row] = std::max(rowAbsMax[row], valueOf(largest));
               });
}

void HalfPiece::merge(const HalfPiece& next) {
    keepLarger(m_colMax, next.m_colMax);
}

std::vector<float> HalfPiece::colAbsMax() const {
    std::vector<float> result(m_colMax.size());
    std::ranges::transform(m_colMax, result.begin(), [this](uint16_t magnitude) { return valueOf(magnitude); });
    return result;
}

}  // namespace halftone
