// SPDX-License-Identifier: GPL-3.0-or-later
// What a measurement of speed counts. No test looks at how large a rate is.
#include "core/inference/speed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/test_paths.h"
#include "tests/unit/core/inference/loaded_model.h"

namespace halftone::test {
namespace {

using testing::Each;
using testing::Gt;
using testing::HasSubstr;
using testing::SizeIs;

TEST(Speed, TheMedianIsTheMiddle) {
    EXPECT_EQ(medianOf({}), 0);
    EXPECT_EQ(medianOf({3}), 3);
    EXPECT_EQ(medianOf({9, 1, 2}), 2);
    EXPECT_EQ(medianOf({4, 1, 9, 2}), 3);
}

class SpeedTest : public testing::Test {
  protected:
    void SetUp() override {
        const auto path = sharedPath("models/stories260K");
        if (!path) GTEST_SKIP() << "test data absent: ../shared/models/stories260K";
        auto model = loadModel(*path, *createCpuBackend());
        HT_ASSERT_OK(model);
        m_model = std::move(*model);
        auto weights = ModelWeights::fromCheckpoint(m_model.executable->graph(), m_model.checkpoint);
        HT_ASSERT_OK(weights);
        m_weights = std::move(*weights);
    }
    Result<SpeedResult> measure(const SpeedOptions& options) {
        return measureSpeed(*m_model.executable, m_weights, options, JobContext());
    }

    LoadedModel m_model;
    ModelWeights m_weights;
};

TEST_F(SpeedTest, CountsRunsAndTheWorkOfAToken) {
    const auto result = measure({.promptTokens = 32, .generateTokens = 4, .repeats = 3});
    HT_ASSERT_OK(result);
    EXPECT_THAT(result->promptRates, SizeIs(3));
    EXPECT_THAT(result->generateRates, SizeIs(3));
    EXPECT_THAT(result->promptRates, Each(Gt(0)));
    // Five blocks of width 64: q and o 64 x 64, k and v 32 x 64, three matrices of 172 x 64; the head 512 x 64 in F32.
    const int64_t block = 2 * 64 * 64 + 2 * 32 * 64 + 3 * 172 * 64;
    EXPECT_EQ(result->operationsPerPromptToken, 2.0 * 5 * block);
    EXPECT_EQ(result->matrixBytes, 4 * (5 * block + 512 * 64));
}

TEST_F(SpeedTest, OnePartAloneIsEnough) {
    const auto prompt = measure({.promptTokens = 8, .generateTokens = 0, .repeats = 1});
    HT_ASSERT_OK(prompt);
    EXPECT_THAT(prompt->generateRates, SizeIs(0));
    const auto generate = measure({.promptTokens = 0, .generateTokens = 2, .repeats = 1});
    HT_ASSERT_OK(generate);
    EXPECT_THAT(generate->promptRates, SizeIs(0));
}

TEST_F(SpeedTest, WhatCannotBeMeasuredIsSaid) {
    EXPECT_THAT(measure({.promptTokens = 0, .generateTokens = 0}).error().message, HasSubstr("at least one token"));
    EXPECT_THAT(measure({.promptTokens = 100'000}).error().message, HasSubstr("100000 tokens are longer than"));
    std::stop_source stop;
    stop.request_stop();
    JobContext cancelled;
    cancelled.stop = stop.get_token();
    const auto result = measureSpeed(*m_model.executable, m_weights, {.promptTokens = 8}, cancelled);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::kCancelled);
}

TEST(DeviceRates, TheCpuIsMeasuredAndTheReferenceIsNot) {
    const auto rates = createCpuBackend()->measureRates(JobContext());
    HT_ASSERT_OK(rates);
    EXPECT_GT(rates->copiedBytes, 0);
    EXPECT_GT(rates->operations, 0);
    const auto none = createCpuReferenceBackend()->measureRates(JobContext());
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().code, ErrorCode::kUnsupported);
}

}  // namespace
}  // namespace halftone::test
