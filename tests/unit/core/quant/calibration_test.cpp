// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quant/methods/calibration.h"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/test_paths.h"
#include "tests/unit/core/quant/method_support.h"

namespace halftone::test {
namespace {

using testing::HasSubstr;

TEST(Calibration, MomentsAreThoseOfTheDefinition) {
    constexpr size_t kTokens = 611, kChannels = 77;  // neither a multiple of any tile
    const auto inputs = correlatedInputs(kTokens, kChannels, 1);
    const InputStatistics statistics = statisticsOf(inputs, kChannels);
    ASSERT_TRUE(statistics.hessian);
    EXPECT_EQ(statistics.hessian->tokens, int64_t{kTokens});
    for (size_t a = 0; a < kChannels; ++a) {
        double magnitudes = 0, largest = 0;
        for (size_t t = 0; t < kTokens; ++t) {
            const double value = std::fabs(double(inputs[t * kChannels + a]));
            magnitudes += value;
            largest = std::max(largest, value);
        }
        EXPECT_NEAR(statistics.meanMagnitude()[a], magnitudes / kTokens, 1e-5 * magnitudes / kTokens);
        EXPECT_EQ(double(statistics.largest[a]), largest);
        for (size_t b = 0; b < kChannels; ++b) {
            double sum = 0, size = 0;
            for (size_t t = 0; t < kTokens; ++t) {
                const double product = double(inputs[t * kChannels + a]) * double(inputs[t * kChannels + b]);
                sum += product;
                size += std::fabs(product);
            }
            ASSERT_NEAR(statistics.hessian->at(int64_t(a), int64_t(b)), sum, 1e-5 * size) << a << ", " << b;
            if (a == b) {
                EXPECT_NEAR(statistics.importance()[a], sum / kTokens, 1e-6 * sum / kTokens);
            }
        }
    }
}

TEST(Calibration, SameSumsOnAnyThreadCount) {
    constexpr int64_t kChannels = 130;
    const auto inputs = correlatedInputs(400, kChannels, 2);
    InputAccumulator one(kChannels, true), two(kChannels, true);
    one.add(inputs, 400, contextOf(1));
    two.add(inputs, 400, contextOf(2));
    const InputStatistics a = one.take(contextOf(1)), b = two.take(contextOf(2));
    EXPECT_TRUE(std::ranges::equal(a.hessian->sums, b.hessian->sums));
    EXPECT_EQ(a.sumSquares, b.sumSquares);
}

TEST(Calibration, RowsThatAreNotFiniteAreLeftOutAndCounted) {
    auto inputs = correlatedInputs(20, 8, 3);
    std::vector<float> kept(inputs.begin() + 8, inputs.end() - 8);
    inputs[3] = std::numeric_limits<float>::quiet_NaN();
    inputs.back() = std::numeric_limits<float>::infinity();
    InputAccumulator accumulator(8, true);
    accumulator.add(inputs, 20, contextOf(1));
    EXPECT_EQ(accumulator.leftOut(), 2);
    const InputStatistics statistics = accumulator.take(contextOf(1));
    EXPECT_EQ(statistics.tokens, 18);
    EXPECT_EQ(statistics.sumSquares, statisticsOf(kept, 8).sumSquares);
}

TEST(Calibration, MergingTwoRunsIsTheSameAsOneLongRun) {
    constexpr int64_t kChannels = 40;
    const auto inputs = correlatedInputs(300, kChannels, 4);
    const std::vector<float> first(inputs.begin(), inputs.begin() + 100 * kChannels);
    const std::vector<float> second(inputs.begin() + 100 * kChannels, inputs.end());
    Calibration a, b;
    // Two layers that read the same input share its statistics.
    a.byTensor["q"] = a.byTensor["k"] = statisticsOf(first, kChannels);
    b.byTensor["q"] = b.byTensor["k"] = statisticsOf(second, kChannels);
    b.byTensor["other"] = statisticsOf(second, kChannels);
    a.datasets = {"a.txt"};
    b.datasets = {"a.txt", "b.txt"};
    a.chunkCount = 2;
    b.chunkCount = 3;
    HT_ASSERT_OK(a.merge(b, contextOf(2)));
    EXPECT_EQ(a.datasets, (std::vector<std::string>{"a.txt", "b.txt"}));
    EXPECT_EQ(a.chunkCount, 5);
    EXPECT_EQ(a.byTensor.size(), 3u);
    EXPECT_EQ(a.byTensor["q"].hessian, a.byTensor["k"].hessian);
    const InputStatistics whole = statisticsOf(inputs, kChannels);
    EXPECT_EQ(a.byTensor["q"].tokens, 300);
    for (size_t i = 0; i < whole.hessian->sums.size(); ++i) {
        const double size = std::sqrt(whole.sumSquares[i / kChannels] * whole.sumSquares[i % kChannels]);
        ASSERT_NEAR(a.byTensor["q"].hessian->sums[i], whole.hessian->sums[i], 1e-5 * size);
    }
    Calibration narrow;
    narrow.byTensor["q"] = statisticsOf(correlatedInputs(5, 8, 5), 8);
    EXPECT_THAT(a.merge(narrow, contextOf(1)).error().message, HasSubstr("different models"));
}

TEST(Calibration, WithoutTokensAllChannelsCountAlike) {
    InputStatistics empty;
    empty.sumSquares.resize(3);
    EXPECT_THAT(empty.importance(), testing::Each(1.0f));
    EXPECT_THAT(empty.meanMagnitude(), testing::Each(1.0f));
}

}  // namespace
}  // namespace halftone::test
