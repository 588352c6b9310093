// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/evaluation/figures.h"

#include <cmath>
#include <numeric>
#include <random>
#include <span>
#include <vector>

#include <gtest/gtest.h>

#include "core/evaluation/logit_rows.h"
#include "tests/support/test_paths.h"

namespace halftone::test {
namespace {

TEST(RunningMean, StandardErrorIsThatOfTheReferenceFormula) {
    std::mt19937_64 random(1);
    std::normal_distribution<double> normal(1000.0, 0.01);  // a large mean would ruin E[x^2] - E[x]^2 in one pass
    std::vector<double> values(5000);
    RunningMean running;
    for (double& value : values) running.add(value = normal(random));
    double mean = 0, variance = 0;
    for (double value : values) mean += value / double(values.size());
    for (double value : values) variance += (value - mean) * (value - mean) / double(values.size());
    EXPECT_NEAR(running.estimate().mean, mean, 1e-9);
    EXPECT_NEAR(running.estimate().standardError, std::sqrt(variance / double(values.size() - 1)), 1e-12);
}

TEST(RunningMean, FewValuesHaveNoError) {
    RunningMean running;
    EXPECT_EQ(running.estimate().mean, 0);
    running.add(3);
    EXPECT_EQ(running.estimate().mean, 3);
    EXPECT_EQ(running.estimate().standardError, 0);
}

TEST(Percentiles, InterpolateBetweenOrderStatistics) {
    std::vector<float> values;
    for (int i = 100; i >= 0; --i) values.push_back(static_cast<float>(i));
    const KldPercentiles percentiles = computeKldPercentiles(values);
    for (size_t i = 0; i < percentiles.size(); ++i) EXPECT_NEAR(percentiles[i], kKldPercentiles[i], 1e-9);
    EXPECT_EQ(computeKldPercentiles({})[3], 0);
    EXPECT_EQ(computeKldPercentiles(std::vector<float>{7})[6], 7);
    EXPECT_NEAR(computeKldPercentiles(std::vector<float>{0, 1})[2], 0.5, 1e-12);
}

TEST(Figures, TheRatiosErrorUsesTheCovariance) {
    std::mt19937_64 random(2);
    std::normal_distribution<double> difficulty(3.0, 1.0), change(0.01, 0.05);
    FiguresBuilder figures(Protocol{}, true);
    std::vector<double> own, reference;
    for (int i = 0; i < 2000; ++i) {
        const double base = difficulty(random);
        const double changed = base + change(random);
        reference.push_back(base);
        own.push_back(changed);
        figures.add({.nll = changed, .referenceNll = base, .kld = 0.5, .topAgrees = i % 4 != 0});
    }
    figures.finishWindow({.tokens = std::vector<TokenId>(2001)}, 1.5);
    const EvaluationResult result = figures.finish();
    // sigma^2 of the difference = sigma_own^2 + sigma_reference^2 - 2 cov, each over n - 1.
    double meanOwn = 0, meanReference = 0, own2 = 0, reference2 = 0, cross = 0;
    const double n = 2000;
    for (size_t i = 0; i < own.size(); ++i) {
        meanOwn += own[i] / n;
        meanReference += reference[i] / n;
    }
    for (size_t i = 0; i < own.size(); ++i) {
        own2 += (own[i] - meanOwn) * (own[i] - meanOwn) / n;
        reference2 += (reference[i] - meanReference) * (reference[i] - meanReference) / n;
        cross += (own[i] - meanOwn) * (reference[i] - meanReference) / n;
    }
    const double ratio = std::exp(meanOwn - meanReference);
    EXPECT_NEAR(result.reference->perplexityRatio.mean, ratio, 1e-12);
    EXPECT_NEAR(result.reference->perplexityRatio.standardError,
                ratio * std::sqrt((own2 + reference2 - 2 * cross) / (n - 1)), 1e-12);
    EXPECT_NEAR(result.perplexity.mean, std::exp(meanOwn), 1e-9);
    EXPECT_NEAR(result.perplexity.standardError, std::exp(meanOwn) * std::sqrt(own2 / (n - 1)), 1e-9);
    EXPECT_DOUBLE_EQ(result.reference->top1Agreement.mean, 0.75);
    EXPECT_NEAR(result.reference->top1Agreement.standardError, std::sqrt(0.75 * 0.25 / (n - 1)), 1e-12);
    EXPECT_EQ(result.scored, 2000);
    EXPECT_EQ(result.tokens, 2001);
    EXPECT_EQ(result.tokenKld.size(), 2000u);
}

TEST(LogitRows, DivergenceIsThatOfTheDistributions) {
    const std::vector<float> reference{1.0f, 2.0f, 3.0f}, other{3.0f, 2.0f, -1000.0f};
    double p[3], q[3], sumP = 0, sumQ = 0, expected = 0;
    for (size_t i = 0; i < 3; ++i) sumP += p[i] = std::exp(double(reference[i]));
    for (size_t i = 0; i < 3; ++i) sumQ += std::exp(double(other[i]));
    for (size_t i = 0; i < 3; ++i) {
        p[i] /= sumP;
        q[i] = double(other[i]) - std::log(sumQ);
        expected += p[i] * (std::log(p[i]) - q[i]);
    }
    EXPECT_NEAR(rowDivergence(reference, summarizeRow(reference), other, summarizeRow(other)), expected,
                1e-9 * expected);
    EXPECT_EQ(summarizeRow(reference).top, 2);
    EXPECT_EQ(summarizeRow(std::vector<float>{5, 5, 5}).top, 0);
    EXPECT_NEAR(rowDivergence(reference, summarizeRow(reference), reference, summarizeRow(reference)), 0, 1e-15);
    // Logits far from zero neither overflow nor lose the small differences.
    const std::vector<float> shifted{1001.0f, 1002.0f, 1003.0f};
    EXPECT_NEAR(rowDivergence(reference, summarizeRow(reference), shifted, summarizeRow(shifted)), 0, 1e-12);
}

TEST(LogitRows, NanIsAnErrorThatNamesThePosition) {
    std::vector<float> logits(30, 1.0f);
    logits[17] = std::nanf("");
    const auto summaries = summarizeRows(logits, 10, 100, JobContext());
    ASSERT_FALSE(summaries.has_value());
    EXPECT_EQ(summaries.error().code, ErrorCode::kInvalidData);
    EXPECT_NE(summaries.error().message.find("position 101"), std::string::npos);
}

TEST(Figures, WorseThanGuessingIsSaid) {
    EvaluationResult result;
    result.scored = 10;
    result.perplexity.mean = 53;
    EXPECT_EQ(worseThanChanceNote(result, 54), "");
    result.perplexity.mean = 55;
    EXPECT_NE(worseThanChanceNote(result, 54).find("(54)"), std::string::npos);
    result.scored = 0;
    EXPECT_EQ(worseThanChanceNote(result, 54), "");
}

/// What a part of a long text says about all of it, where the values of other weights are known for the whole.
TEST(RegressionMean, FollowsWhateverTheTwoHaveInCommon) {
    // Hard and easy tokens, the hard ones first: alone the running mean is far off.
    std::mt19937 random(7);
    std::normal_distribution<double> noise(0, 0.1);
    std::vector<double> before, after;
    for (int i = 0; i < 4000; ++i) {
        const double hardness = i < 1000 ? 3 : 1;
        before.push_back(hardness * std::exp(noise(random)));
        after.push_back(0.2 * before.back() + 0.01 * noise(random));  // a fifth of the divergence
    }
    const auto meanOf = [](std::span<const double> values) {
        return std::accumulate(values.begin(), values.end(), 0.0) / double(values.size());
    };
    RegressionMean whole, part;
    RunningMean plain, change;
    for (size_t i = 0; i < 1200; ++i) {
        part.add(after[i], before[i]);
        plain.add(after[i]);
        change.add(after[i] - before[i]);
    }
    const Estimate found = part.estimate(meanOf(before));
    EXPECT_NEAR(found.mean, meanOf(after), 4 * found.standardError);
    EXPECT_LT(found.standardError, 0.2 * plain.estimate().standardError);
    EXPECT_LT(found.standardError, 0.2 * change.estimate().standardError);
    EXPECT_GT(std::abs(plain.estimate().mean - meanOf(after)), 20 * found.standardError);
    for (size_t i = 0; i < after.size(); ++i) whole.add(after[i], before[i]);
    EXPECT_NEAR(whole.estimate(meanOf(before)).mean, meanOf(after), 1e-12);
}

TEST(RegressionMean, OfTokensThatNothingTellsApartIsTheDifference) {
    RegressionMean against;
    EXPECT_EQ(against.estimate(0.5).mean, 0.5);
    for (const double y : {1.0, 2.0, 3.0}) against.add(y, 0.0);  // the original against itself
    EXPECT_EQ(against.estimate(0.0).mean, 2.0);
    RunningMean plain;
    for (const double y : {1.0, 2.0, 3.0}) plain.add(y);
    EXPECT_EQ(against.estimate(0.0).standardError, plain.estimate().standardError);
}

}  // namespace
}  // namespace halftone::test
