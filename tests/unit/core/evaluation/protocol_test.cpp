// SPDX-License-Identifier: GPL-3.0-or-later
#include <numeric>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/evaluation/evaluate.h"
#include "tests/support/test_paths.h"

namespace halftone::test {
namespace {

using testing::HasSubstr;

constexpr TokenId kBos = 9999;

// Ids 0, 1, 2, ...: a token says where in the text it stood.
std::vector<TokenId> textOf(int64_t count) {
    std::vector<TokenId> ids(static_cast<size_t>(count));
    std::iota(ids.begin(), ids.end(), 0);
    return ids;
}

int64_t scoredCount(const std::vector<EvaluationWindow>& windows) {
    int64_t count = 0;
    for (const EvaluationWindow& window : windows) count += window.scoreEnd - window.scoreBegin;
    return count;
}

TEST(Protocol, NamesRoundTrip) {
    for (const char* name :
         {"p512", "p2048", "p4096", "p512 ctx 256", "p2048 ctx 100", "bos-window ctx 256", "plain-window ctx 128"}) {
        const auto protocol = Protocol::parse(name);
        HT_ASSERT_OK(protocol);
        EXPECT_EQ(protocol->name(), name);
    }
    EXPECT_EQ(Protocol::parse("bos-window")->name(), "bos-window ctx 512");
    EXPECT_EQ(Protocol::parse("p512")->kind, ProtocolKind::kHalfScored);
    EXPECT_EQ(Protocol::parse("p2048")->kind, ProtocolKind::kFullWindow);
    EXPECT_EQ(Protocol::parse("p4096")->contextLength, 4096);
    for (const char* name : {"", "p513", "p512 ctx", "p512 ctx x", "p512 ctx 1", "p512 ctx -5", "P512"}) {
        const auto protocol = Protocol::parse(name);
        ASSERT_FALSE(protocol.has_value()) << name;
        EXPECT_EQ(protocol.error().code, ErrorCode::kInvalidArgument);
    }
}

TEST(Windows, HalfScoredCountsAsTheReferenceToolDoes) {
    // stories260K on its text: 58,452 tokens and BOS, 29,070 of them scored.
    const auto windows = makeWindows(textOf(58452), *Protocol::parse("p512"), kBos);
    HT_ASSERT_OK(windows);
    EXPECT_EQ(windows->size(), 114u);
    EXPECT_EQ(scoredCount(*windows), 29070);
    for (size_t i = 0; i < windows->size(); ++i) {
        const EvaluationWindow& window = (*windows)[i];
        ASSERT_EQ(window.tokens.size(), 512u);
        EXPECT_EQ(window.tokens[0], kBos);
        EXPECT_EQ(window.tokens[1], static_cast<TokenId>(512 * i));
        EXPECT_EQ(window.scoreBegin, 256);
        EXPECT_EQ(window.scoreEnd, 511);
    }
}

TEST(Windows, HalfScoredWithoutBosKeepsTheFirstToken) {
    const auto windows = makeWindows(textOf(40), {ProtocolKind::kHalfScored, 16}, std::nullopt);
    HT_ASSERT_OK(windows);
    ASSERT_EQ(windows->size(), 2u);
    EXPECT_EQ((*windows)[1].tokens.front(), 16);
}

TEST(Windows, FullWindowScoresAllButTheFirst) {
    const auto windows = makeWindows(textOf(10), {ProtocolKind::kFullWindow, 4}, kBos);
    HT_ASSERT_OK(windows);
    ASSERT_EQ(windows->size(), 2u);
    EXPECT_EQ((*windows)[0].tokens, (std::vector<TokenId>{kBos, 0, 1, 2}));
    EXPECT_EQ((*windows)[1].tokens, (std::vector<TokenId>{3, 4, 5, 6}));
    EXPECT_EQ(scoredCount(*windows), 6);
}

TEST(Windows, BosWindowScoresEveryTokenOnce) {
    const auto windows = makeWindows(textOf(10), {ProtocolKind::kBosWindow, 5}, kBos);
    HT_ASSERT_OK(windows);
    ASSERT_EQ(windows->size(), 3u);
    EXPECT_EQ((*windows)[1].tokens, (std::vector<TokenId>{kBos, 4, 5, 6, 7}));
    EXPECT_EQ((*windows)[2].tokens, (std::vector<TokenId>{kBos, 8, 9}));
    EXPECT_EQ(scoredCount(*windows), 10);
}

TEST(Windows, PlainWindowLeavesOutFirstTokens) {
    // slm4096-gpt2: 4,096 tokens, 4,064 scored.
    EXPECT_EQ(scoredCount(*makeWindows(textOf(4096), {ProtocolKind::kPlainWindow, 128}, kBos)), 4064);
    // A last window of one token has nothing to score.
    const auto windows = makeWindows(textOf(9), {ProtocolKind::kPlainWindow, 4}, std::nullopt);
    HT_ASSERT_OK(windows);
    EXPECT_EQ(windows->size(), 2u);
    EXPECT_EQ((*windows)[0].tokens.front(), 0);
}

TEST(Windows, TheFirstOnesCanBeAskedFor) {
    for (const char* name : {"p512 ctx 8", "p2048 ctx 8", "bos-window ctx 8", "plain-window ctx 8"}) {
        const auto all = makeWindows(textOf(100), *Protocol::parse(name), kBos);
        const auto some = makeWindows(textOf(100), *Protocol::parse(name), kBos, 3);
        HT_ASSERT_OK(some);
        ASSERT_EQ(some->size(), 3u) << name;
        EXPECT_EQ((*some)[2].tokens, (*all)[2].tokens) << name;
    }
}

TEST(Windows, ATextThatIsTooShortIsToldWithCounts) {
    const auto half = makeWindows(textOf(1000), *Protocol::parse("p512"), kBos);
    ASSERT_FALSE(half.has_value());
    EXPECT_EQ(half.error().code, ErrorCode::kInvalidArgument);
    EXPECT_THAT(half.error().message, HasSubstr("The text has 1001 tokens, but protocol p512 needs at least 1024"));
    EXPECT_TRUE(makeWindows(textOf(1023), *Protocol::parse("p512"), kBos).has_value());
    const auto full = makeWindows(textOf(2000), *Protocol::parse("p2048"), std::nullopt);
    ASSERT_FALSE(full.has_value());
    EXPECT_THAT(full.error().message, HasSubstr("has 2000 tokens, but protocol p2048 needs at least 2048"));
    EXPECT_THAT(makeWindows({}, *Protocol::parse("p512"), kBos).error().message, HasSubstr("The text is empty"));
    EXPECT_THAT(makeWindows(textOf(1), {ProtocolKind::kPlainWindow, 8}, kBos).error().message,
                HasSubstr("has 1 tokens"));
    EXPECT_THAT(makeWindows(textOf(9), {ProtocolKind::kBosWindow, 8}, std::nullopt).error().message,
                HasSubstr("begin-of-sequence"));
    EXPECT_FALSE(makeWindows(textOf(9), {ProtocolKind::kPlainWindow, 1}, kBos).has_value());
    EXPECT_FALSE(makeWindows(textOf(9), {ProtocolKind::kPlainWindow, int64_t{1} << 40}, kBos).has_value());
}

TEST(ContextLength, LearnedPositionsEndAndRotaryOnesAreOnlyNoted) {
    ModelConfig config;
    config.contextLength = 128;
    config.ropeStyle = RopeStyle::kHalfSplit;
    EXPECT_EQ(checkContextLength(config, 128).value(), "");
    EXPECT_THAT(checkContextLength(config, 129).value(), HasSubstr("129 tokens are longer than the 128"));
    config.ropeStyle = RopeStyle::kNone;
    EXPECT_TRUE(checkContextLength(config, 128).has_value());
    const auto refused = checkContextLength(config, 129);
    ASSERT_FALSE(refused.has_value());
    EXPECT_THAT(refused.error().message, HasSubstr("has 128 positions; windows of 129 tokens do not fit"));
}

}  // namespace
}  // namespace halftone::test
