// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/session/named_texts.h"

#include <gtest/gtest.h>

namespace halftone::app {
namespace {

SamplingOptions sampled(uint64_t seed) {
    return {.temperature = 0.7, .seed = seed};
}

TEST(NamedTexts, ASeedThatWasShownGivesWayToTheNext) {
    NamedTexts named;
    EXPECT_EQ(named.freshSeed("a", sampled(1)), 1u);
    named.add("a", sampled(1));
    named.add("a", sampled(2));
    EXPECT_EQ(named.freshSeed("a", sampled(1)), 3u);
    EXPECT_EQ(named.freshSeed("b", sampled(1)), 1u) << "another prompt";
    auto hotter = sampled(1);
    hotter.temperature = 0.9;
    EXPECT_EQ(named.freshSeed("a", hotter), 1u) << "another text";
    named.add("c", sampled(2'000'000'000));
    EXPECT_EQ(named.freshSeed("c", sampled(2'000'000'000)), 0u) << "as far as the field goes";
    named.clear();
    EXPECT_EQ(named.freshSeed("a", sampled(1)), 1u);
}

TEST(NamedTexts, WithoutChanceNoSeedHelps) {
    NamedTexts named;
    const SamplingOptions greedy{.temperature = 0, .seed = 1}, one{.temperature = 0.7, .topK = 1, .seed = 5};
    EXPECT_TRUE(NamedTexts::isGreedy(greedy) && NamedTexts::isGreedy(one));
    EXPECT_EQ(named.freshSeed("a", greedy), 1u);
    named.add("a", greedy);
    EXPECT_FALSE(named.freshSeed("a", greedy));
    EXPECT_FALSE(named.freshSeed("a", one)) << "the same words";
    EXPECT_EQ(named.freshSeed("a", sampled(1)), 1u);
}

TEST(NamedTexts, KnowsTheBeginningOfAText) {
    NamedTexts named;
    const std::vector<TokenId> text{1, 2, 3}, longer{1, 2, 3, 4}, other{1, 3};
    EXPECT_FALSE(named.contains("a", text));
    named.add("a", text);
    EXPECT_TRUE(named.contains("a", text));
    EXPECT_TRUE(named.contains("a", longer)) << "it begins with a text that was shown";
    EXPECT_TRUE(named.contains("a", std::span(text).first(2)));
    EXPECT_FALSE(named.contains("a", other));
    EXPECT_FALSE(named.contains("b", text));
    EXPECT_FALSE(named.contains("a", {}));
}

}  // namespace
}  // namespace halftone::app
