// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/stats/tensor_stats.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>

#include "tests/support/test_paths.h"

namespace halftone {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

/// A matrix in memory; can fail at a row, and calls a hook before each read.
class MemoryRows final : public RowSource {
  public:
    MemoryRows(int64_t rows, int64_t cols, std::vector<float> values)
        : m_rows(rows), m_cols(cols), m_values(std::move(values)) {}
    [[nodiscard]] int64_t rows() const override { return m_rows; }
    [[nodiscard]] int64_t cols() const override { return m_cols; }
    Status readRows(int64_t first, int64_t count, std::span<float> out) const override {
        if (onRead) onRead();
        if (failsAtRow >= first && failsAtRow < first + count)
            return makeError(ErrorCode::kIo, "row " + std::to_string(failsAtRow));
        std::copy_n(m_values.begin() + first * m_cols, count * m_cols, out.begin());
        return {};
    }
    [[nodiscard]] int64_t storedBytes(int64_t count) const override { return count * m_cols * 2; }
    [[nodiscard]] const std::vector<float>& values() const { return m_values; }
    int64_t failsAtRow = -1;
    std::function<void()> onRead;

  private:
    int64_t m_rows, m_cols;
    std::vector<float> m_values;
};

MemoryRows gaussianRows(int64_t rows, int64_t cols, float deviation = 0.02f) {
    std::mt19937 random(7);
    std::normal_distribution<float> normal(0.0f, deviation);
    std::vector<float> values(static_cast<size_t>(rows * cols));
    std::ranges::generate(values, [&] { return normal(random); });
    return {rows, cols, std::move(values)};
}

TensorStats statsOf(const RowSource& source, int threads = 2) {
    JobContext context;
    context.pool = ThreadPool(threads);
    auto stats = computeTensorStats(source, context);
    EXPECT_TRUE(stats.has_value());
    return stats ? std::move(*stats) : TensorStats();
}

/// Everything counted again, slowly.
void expectAgrees(const TensorStats& stats, const MemoryRows& source) {
    const auto& values = source.values();
    int64_t nonFinite = 0, zeros = 0;
    std::vector<float> rowMax(static_cast<size_t>(source.rows())), colMax(static_cast<size_t>(source.cols()));
    std::vector<float> finite;
    for (size_t i = 0; i < values.size(); ++i) {
        if (!std::isfinite(values[i])) {
            ++nonFinite;
            continue;
        }
        finite.push_back(values[i]);
        zeros += values[i] == 0.0f ? 1 : 0;
        const size_t row = i / static_cast<size_t>(source.cols()), col = i % static_cast<size_t>(source.cols());
        rowMax[row] = std::max(rowMax[row], std::fabs(values[i]));
        colMax[col] = std::max(colMax[col], std::fabs(values[i]));
    }
    Moments moments;
    for (const float v : finite) moments.add(static_cast<double>(v));
    EXPECT_EQ(stats.count, static_cast<int64_t>(values.size()));
    EXPECT_EQ(stats.nonFiniteCount, nonFinite);
    EXPECT_EQ(stats.zeroCount, zeros);
    EXPECT_EQ(stats.rowAbsMax, rowMax);
    EXPECT_EQ(stats.colAbsMax, colMax);
    EXPECT_EQ(stats.histogram.total(), finite.size());
    if (finite.empty()) return;
    const auto [low, high] = std::ranges::minmax(finite);
    EXPECT_EQ(stats.min, static_cast<double>(low));
    EXPECT_EQ(stats.max, static_cast<double>(high));
    EXPECT_EQ(stats.maxAbs, static_cast<double>(std::max(std::fabs(low), std::fabs(high))));
    EXPECT_NEAR(stats.mean, moments.mean(), moments.standardDeviation() * 1e-10);
    EXPECT_NEAR(stats.standardDeviation, moments.standardDeviation(), moments.standardDeviation() * 1e-10);
    if (moments.variance() > 0) {
        EXPECT_NEAR(stats.kurtosis / moments.kurtosis(), 1.0, 1e-9);
    }
    std::ranges::sort(finite);
    for (size_t i = 0; i < kShownPercentiles.size(); ++i) {
        const double rank = kShownPercentiles[i] / 100.0 * static_cast<double>(finite.size() - 1);
        const auto below = static_cast<double>(finite[static_cast<size_t>(std::max(0.0, std::floor(rank) - 1))]);
        const auto above = static_cast<double>(finite[std::min(finite.size() - 1, static_cast<size_t>(rank) + 2)]);
        EXPECT_GE(stats.percentiles[i], below - std::fabs(below) / 100) << kShownPercentiles[i];
        EXPECT_LE(stats.percentiles[i], above + std::fabs(above) / 100) << kShownPercentiles[i];
    }
}

TEST(TensorStats, AgreeWithASlowCountForManyShapes) {
    const std::pair<int64_t, int64_t> shapes[] = {{1, 1},     {1, 7},     {3, 5},     {172, 64},  {64, 172},
                                                  {1, 50000}, {50000, 1}, {33, 4099}, {300, 4096}};
    for (const auto& [rows, cols] : shapes) {
        SCOPED_TRACE(testing::Message() << rows << " x " << cols);
        const auto source = gaussianRows(rows, cols);
        expectAgrees(statsOf(source), source);
    }
}

TEST(TensorStats, CountNonFiniteValuesAndLeaveThemOut) {
    auto values = gaussianRows(40, 1000).values();
    for (size_t i = 0; i < values.size(); i += 97) values[i] = i % 3 == 0 ? kNan : (i % 3 == 1 ? kInf : -kInf);
    const MemoryRows source(40, 1000, values);
    expectAgrees(statsOf(source), source);
    const MemoryRows nothing(2, 3, std::vector<float>(6, kNan));
    const auto stats = statsOf(nothing);
    EXPECT_EQ(stats.nonFiniteCount, 6);
    EXPECT_EQ(stats.min, 0.0);
    EXPECT_EQ(stats.maxAbs, 0.0);
    EXPECT_EQ(stats.percentiles[2], 0.0);
    EXPECT_EQ(stats.rowAbsMax, std::vector<float>(2, 0.0f));
}

TEST(TensorStats, OfAllZeros) {
    const MemoryRows source(100, 256, std::vector<float>(25600, 0.0f));
    const auto stats = statsOf(source);
    expectAgrees(stats, source);
    EXPECT_EQ(stats.zeroShare(), 1.0);
    EXPECT_EQ(stats.standardDeviation, 0.0);
    EXPECT_TRUE(std::isnan(stats.kurtosis));
    EXPECT_EQ(stats.outlierCount, 0);
    EXPECT_EQ(stats.maxOverSigma(), 0.0);
}

TEST(TensorStats, NegativeZerosAndSubnormalsAreToldApart) {
    const MemoryRows source(1, 4, {-0.0f, 0.0f, 1e-44f, -1e-44f});
    const auto stats = statsOf(source);
    EXPECT_EQ(stats.zeroCount, 2);
    EXPECT_GT(stats.max, 0.0);
    EXPECT_LT(stats.min, 0.0);
}

TEST(TensorStats, OneHugeValueIsAnOutlier) {
    auto values = gaussianRows(100, 500, 1.0f).values();
    values[12345] = 1e30f;
    const MemoryRows huge(100, 500, values);
    const auto stats = statsOf(huge);
    expectAgrees(stats, huge);
    EXPECT_EQ(stats.outlierCount, 1);
    EXPECT_EQ(stats.colAbsMax[345], 1e30f);
    EXPECT_EQ(stats.rowAbsMax[24], 1e30f);
    EXPECT_LT(stats.percentiles[4], 10.0) << "the 99.9th percentile does not see it";
}

TEST(TensorStats, OutliersAreCounted) {
    auto values = gaussianRows(200, 1000, 1.0f).values();
    for (size_t i = 0; i < 30; ++i) values[i * 1111] = (i % 2 ? 9.0f : -9.0f);
    const auto stats = statsOf(MemoryRows(200, 1000, values));
    EXPECT_EQ(stats.outlierCount, 30);
}

TEST(TensorStats, OfAnEmptyMatrix) {
    for (const auto& [rows, cols] : {std::pair<int64_t, int64_t>{0, 5}, {5, 0}, {0, 0}}) {
        const auto stats = statsOf(MemoryRows(rows, cols, {}));
        EXPECT_EQ(stats.count, 0);
        EXPECT_EQ(stats.zeroShare(), 0.0);
        EXPECT_TRUE(stats.histogram.empty());
        EXPECT_EQ(stats.rowAbsMax.size(), static_cast<size_t>(rows));
        EXPECT_EQ(stats.colAbsMax.size(), static_cast<size_t>(cols));
    }
}

uint64_t bitsOf(double value) {
    return std::bit_cast<uint64_t>(value);
}

TEST(TensorStats, DoNotDependOnTheNumberOfThreads) {
    const auto source = gaussianRows(5000, 700);  // several pieces
    const auto one = statsOf(source, 1);
    for (const int threads : {2, 3, 8}) {
        const auto many = statsOf(source, threads);
        EXPECT_EQ(bitsOf(one.mean), bitsOf(many.mean));
        EXPECT_EQ(bitsOf(one.standardDeviation), bitsOf(many.standardDeviation));
        EXPECT_EQ(bitsOf(one.kurtosis), bitsOf(many.kurtosis));
        EXPECT_EQ(one.percentiles, many.percentiles);
        EXPECT_EQ(one.outlierCount, many.outlierCount);
        EXPECT_EQ(one.rowAbsMax, many.rowAbsMax);
        EXPECT_EQ(one.colAbsMax, many.colAbsMax);
    }
}

TEST(TensorStats, ReportProgressInStoredBytes) {
    const auto source = gaussianRows(1000, 300);
    Progress progress;
    JobContext context;
    context.progress = &progress;
    progress.start("statistics", source.storedBytes(1000), "bytes");
    const auto stats = computeTensorStats(source, context);
    HT_ASSERT_OK(stats);
    EXPECT_EQ(progress.snapshot().done, 600000);
    EXPECT_EQ(stats->storedBytesRead, 600000);
    EXPECT_GT(stats->elapsedSeconds, 0.0);
}

TEST(TensorStats, StopWhenCancelled) {
    auto source = gaussianRows(20000, 300);
    std::stop_source stop;
    std::atomic<int> reads{0};
    source.onRead = [&] {
        if (++reads == 3) stop.request_stop();
    };
    JobContext context;
    context.stop = stop.get_token();
    const auto stats = computeTensorStats(source, context);
    ASSERT_FALSE(stats.has_value());
    EXPECT_EQ(stats.error().code, ErrorCode::kCancelled);
    EXPECT_LT(reads.load(), 40) << "of some two hundred tiles";
}

TEST(TensorStats, PassOnTheErrorOfTheSource) {
    auto source = gaussianRows(20000, 300);
    source.failsAtRow = 7777;
    const auto stats = computeTensorStats(source, JobContext());
    ASSERT_FALSE(stats.has_value());
    EXPECT_EQ(stats.error().message, "row 7777");
}

}  // namespace
}  // namespace halftone
