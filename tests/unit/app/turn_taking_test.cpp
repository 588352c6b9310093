// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/session/turn_taking.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>

namespace halftone::app {
namespace {

/// Each participant writes its digit `count` times, passing the turn after each.
std::string play(int firstCount, int secondCount) {
    TurnTaking turns;
    std::string written;
    const auto participate = [&](size_t who, int count) {
        turns.await(who);
        for (int i = 0; i < count; ++i) {
            written += char('0' + who);
            turns.pass(who);
        }
        turns.leave(who);
    };
    {
        const std::jthread second([&] { participate(1, secondCount); });
        participate(0, firstCount);
    }
    return written;
}

TEST(TurnTaking, StrictlyAlternates) {
    EXPECT_EQ(play(4, 4), "01010101");
}
TEST(TurnTaking, WhoIsLeftGoesOnAlone) {
    EXPECT_EQ(play(1, 4), "01111");
    EXPECT_EQ(play(4, 1), "01000");
}
TEST(TurnTaking, OneMayLeaveAtOnce) {
    EXPECT_EQ(play(0, 3), "111");
    EXPECT_EQ(play(3, 0), "000");
}

}  // namespace
}  // namespace halftone::app
