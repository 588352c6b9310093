// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "core/stats/tensor_stats.h"

namespace halftone {
namespace {

std::vector<float> gaussian(size_t count, uint32_t seed) {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal(0.5f, 2.0f);
    std::vector<float> values(count);
    std::ranges::generate(values, [&] { return normal(random); });
    return values;
}

TEST(ActivationStats, SumsPerChannelAndOverall) {
    const int64_t tokens = 37, channels = 203;
    const auto values = gaussian(static_cast<size_t>(tokens * channels), 1);
    ActivationStats stats;
    stats.add(values, tokens, channels);
    EXPECT_EQ(stats.tokenCount, tokens);
    const auto importance = stats.importance();
    ASSERT_EQ(importance.size(), static_cast<size_t>(channels));
    Moments moments;
    for (int64_t channel = 0; channel < channels; ++channel) {
        double sum = 0;
        float largest = 0;
        for (int64_t token = 0; token < tokens; ++token) {
            const float x = values[static_cast<size_t>(token * channels + channel)];
            sum += static_cast<double>(x) * static_cast<double>(x);
            largest = std::max(largest, std::fabs(x));
            moments.add(static_cast<double>(x));
        }
        EXPECT_NEAR(stats.sumSquares[static_cast<size_t>(channel)], sum, sum * 1e-14);
        EXPECT_FLOAT_EQ(importance[static_cast<size_t>(channel)],
                        static_cast<float>(sum / static_cast<double>(tokens)));
        EXPECT_EQ(stats.absMax[static_cast<size_t>(channel)], largest);
    }
    const auto summary = stats.summary();
    EXPECT_EQ(summary.count, tokens * channels);
    EXPECT_NEAR(summary.mean, moments.mean(), 1e-12);
    EXPECT_NEAR(summary.kurtosis, moments.kurtosis(), 1e-9);
    EXPECT_EQ(summary.colAbsMax, stats.absMax);
    EXPECT_TRUE(summary.rowAbsMax.empty());
    EXPECT_NEAR(summary.percentiles[2], 0.5, 0.1);
}

TEST(ActivationStats, MergedPartsEqualTheWhole) {
    const int64_t channels = 64;
    const auto values = gaussian(100 * 64, 2);
    ActivationStats whole, merged, empty;
    whole.add(values, 100, channels);
    merged.merge(empty);
    for (int64_t token = 0; token < 100; token += 20) {
        ActivationStats part;
        part.add(std::span(values).subspan(static_cast<size_t>(token * channels), 20 * 64), 20, channels);
        merged.merge(part);
    }
    merged.merge(empty);
    EXPECT_EQ(merged.tokenCount, whole.tokenCount);
    EXPECT_EQ(merged.absMax, whole.absMax);
    EXPECT_EQ(merged.min, whole.min);
    EXPECT_EQ(merged.max, whole.max);
    EXPECT_EQ(merged.histogram.total(), whole.histogram.total());
    EXPECT_NEAR(merged.moments.variance(), whole.moments.variance(), 1e-10);
    for (size_t i = 0; i < 64; ++i) EXPECT_NEAR(merged.sumSquares[i], whole.sumSquares[i], 1e-9);
}

TEST(ActivationStats, LeaveOutWhatIsNotFinite) {
    std::vector<float> values{
        1.0f, std::numeric_limits<float>::quiet_NaN(), -2.0f, std::numeric_limits<float>::infinity(), 0.0f, 4.0f};
    ActivationStats stats;
    stats.add(values, 3, 2);
    EXPECT_EQ(stats.nonFiniteCount, 2);
    EXPECT_EQ(stats.zeroCount, 1);
    EXPECT_EQ(stats.min, -2.0f);
    EXPECT_EQ(stats.max, 4.0f);
    EXPECT_EQ(stats.absMax, (std::vector<float>{2.0f, 4.0f}));
    EXPECT_EQ(stats.sumSquares, (std::vector<double>{5.0, 16.0}));
    EXPECT_EQ(stats.summary().count, 6);
}

TEST(ActivationStats, WorstChannels) {
    ActivationStats stats;
    stats.add(std::vector<float>{1.0f, -9.0f, 3.0f, 9.0f, 2.0f}, 1, 5);
    EXPECT_EQ(stats.worstChannels(3), (std::vector<int64_t>{1, 3, 2})) << "equal ones by index";
    EXPECT_EQ(stats.worstChannels(99).size(), 5u);
    EXPECT_TRUE(stats.worstChannels(0).empty());
    EXPECT_TRUE(ActivationStats().worstChannels(3).empty());
}

}  // namespace
}  // namespace halftone
