// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/progress.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace halftone {
namespace {

TEST(Progress, CountsAndNamesTheStage) {
    Progress progress;
    EXPECT_EQ(progress.snapshot().fraction(), 0.0) << "no total yet";
    progress.start("reading", 200, "bytes");
    progress.add(50);
    progress.setStage("checking");
    const auto snapshot = progress.snapshot();
    EXPECT_EQ(snapshot.stage, "checking");
    EXPECT_EQ(snapshot.unit, "bytes");
    EXPECT_EQ(snapshot.done, 50);
    EXPECT_DOUBLE_EQ(snapshot.fraction(), 0.25);
    progress.start("again", 10);
    EXPECT_EQ(progress.snapshot().done, 0);
    EXPECT_TRUE(progress.snapshot().unit.empty());
}

TEST(Progress, LosesNothingBetweenThreads) {
    Progress progress;
    progress.start("work", 40000);
    {
        std::vector<std::jthread> workers;
        for (int i = 0; i < 4; ++i) {
            workers.emplace_back([&] {
                for (int k = 0; k < 10000; ++k) progress.add(1);
            });
        }
        for (int i = 0; i < 100; ++i) EXPECT_LE(progress.snapshot().done, 40000);
    }
    EXPECT_EQ(progress.snapshot().done, 40000);
}

}  // namespace
}  // namespace halftone
