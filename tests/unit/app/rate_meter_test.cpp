// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/jobs/rate_meter.h"

#include <gtest/gtest.h>

namespace halftone::app {
namespace {

TEST(RateMeter, KnowsNothingBeforeTwoSamples) {
    RateMeter meter;
    EXPECT_EQ(meter.unitsPerSecond(), 0);
    EXPECT_LT(meter.secondsLeft(0, 100), 0);
    meter.sample(0, 0);
    EXPECT_EQ(meter.unitsPerSecond(), 0);
}

TEST(RateMeter, SteadyWorkGivesItsRateAndTheRemainingTime) {
    RateMeter meter;
    for (int i = 0; i <= 20; ++i) meter.sample(i * 0.1, i * 10);
    EXPECT_NEAR(meter.unitsPerSecond(), 100, 1e-6);
    EXPECT_NEAR(meter.secondsLeft(200, 1000), 8, 1e-6);
}

TEST(RateMeter, FollowsAChangeOfSpeedWithinAFewSeconds) {
    RateMeter meter;
    double seconds = 0;
    double done = 0;
    for (int i = 0; i < 20; ++i) meter.sample(seconds += 0.1, int64_t(done += 10));
    for (int i = 0; i < 100; ++i) meter.sample(seconds += 0.1, int64_t(done += 100));
    EXPECT_NEAR(meter.unitsPerSecond(), 1000, 20);
}

TEST(RateMeter, ANewStageStartsOver) {
    RateMeter meter;
    for (int i = 0; i <= 20; ++i) meter.sample(i * 0.1, i * 10);
    meter.sample(2.1, 0);
    EXPECT_EQ(meter.unitsPerSecond(), 0);
    EXPECT_LT(meter.secondsLeft(0, 50), 0);
}

TEST(RateMeter, ACrowdOfSamplesCountsAsOne) {
    RateMeter meter;
    meter.sample(0, 0);
    meter.sample(0.001, 1'000'000);
    EXPECT_EQ(meter.unitsPerSecond(), 0);
}

}  // namespace
}  // namespace halftone::app
