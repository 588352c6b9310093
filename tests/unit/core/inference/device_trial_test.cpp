// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/inference/device_trial.h"

#include <gtest/gtest.h>

#include "tests/support/test_paths.h"

namespace halftone::test {
namespace {

TEST(DeviceTrial, TheCpuHasRates) {
    const auto trial = tryDevice(*createCpuBackend(), JobContext());
    HT_ASSERT_OK(trial);
    EXPECT_GT(trial->promptRate, 0);
    EXPECT_GT(trial->generateRate, 0);
}

TEST(DeviceTrial, ACancelEndsIt) {
    std::stop_source stop;
    stop.request_stop();
    JobContext context;
    context.stop = stop.get_token();
    const auto trial = tryDevice(*createCpuBackend(), context);
    ASSERT_FALSE(trial);
    EXPECT_EQ(trial.error().code, ErrorCode::kCancelled);
}

TEST(DeviceTrial, ReadingAndWritingCountTheSame) {
    EXPECT_DOUBLE_EQ(timesAsFast({400, 100}, {100, 100}), 2);
    EXPECT_DOUBLE_EQ(timesAsFast({100, 100}, {400, 100}), 0.5);
    EXPECT_EQ(timesAsFast({400, 100}, {}), 0);
}

TEST(DeviceTrial, TheFastestIsKnownOnlyWhenAllAre) {
    using Trials = std::vector<std::optional<DeviceTrial>>;
    EXPECT_EQ(fastestOf(Trials{}), std::nullopt);
    EXPECT_EQ(fastestOf(Trials{DeviceTrial{1, 1}, std::nullopt}), std::nullopt);
    EXPECT_EQ(fastestOf(Trials{DeviceTrial{1, 1}, DeviceTrial{9, 9}, DeviceTrial{5, 5}}), 1U);
}

}  // namespace
}  // namespace halftone::test
