// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/inference/sampler.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>

namespace halftone {
namespace {

const std::vector<float> kLogits{1.0f, 3.0f, 0.0f, 2.0f, -1.0f};

std::map<TokenId, double> shares(const SamplingOptions& options, std::span<const float> logits, int draws = 40000) {
    Sampler sampler(options);
    std::map<TokenId, double> counts;
    for (int i = 0; i < draws; ++i) counts[sampler.sample(logits, {})] += 1.0 / draws;
    return counts;
}

TEST(Sampler, GreedyTakesTheFirstOfEquals) {
    Sampler sampler({});
    EXPECT_EQ(sampler.sample(kLogits, {}), 1);
    EXPECT_EQ(sampler.sample(std::vector<float>{2.0f, 5.0f, 5.0f}, {}), 1);
    EXPECT_EQ(sampler.sample(std::vector<float>{NAN, -3.0f, NAN}, {}), 1) << "NaN counts as impossible";
}

TEST(Sampler, SharesFollowTheSoftmax) {
    for (const double temperature : {0.7, 1.0, 2.0}) {
        const auto drawn = shares({.temperature = temperature, .seed = 5}, kLogits);
        double total = 0;
        for (const float logit : kLogits) total += std::exp(double(logit) / temperature);
        for (TokenId id = 0; id < 5; ++id) {
            const double expected = std::exp(double(kLogits[static_cast<size_t>(id)]) / temperature) / total;
            const double error = 5 * std::sqrt(expected * (1 - expected) / 40000);
            EXPECT_NEAR(drawn.contains(id) ? drawn.at(id) : 0.0, expected, error)
                << "token " << id << " at " << temperature;
        }
    }
}

std::set<TokenId> drawnTokens(const SamplingOptions& options) {
    std::set<TokenId> ids;
    for (const auto& [id, share] : shares(options, kLogits, 4000)) ids.insert(id);
    return ids;
}

TEST(Sampler, TopKTopPAndMinPCutTheTail) {
    EXPECT_EQ(drawnTokens({.temperature = 3.0, .topK = 2}), (std::set<TokenId>{1, 3}));
    EXPECT_EQ(drawnTokens({.temperature = 3.0, .topK = 1}), (std::set<TokenId>{1}));
    // softmax: 0.64, 0.24, 0.087, 0.032, 0.012
    EXPECT_EQ(drawnTokens({.temperature = 1.0, .topP = 0.6}), (std::set<TokenId>{1}));
    EXPECT_EQ(drawnTokens({.temperature = 1.0, .topP = 0.7}), (std::set<TokenId>{1, 3}));
    EXPECT_EQ(drawnTokens({.temperature = 1.0, .topP = 0.9}), (std::set<TokenId>{0, 1, 3}));
    EXPECT_EQ(drawnTokens({.temperature = 1.0, .minP = 0.3}), (std::set<TokenId>{1, 3}));
    EXPECT_EQ(drawnTokens({.temperature = 1.0, .minP = 1.0}), (std::set<TokenId>{1}));
    EXPECT_EQ(drawnTokens({.temperature = 1.0, .topP = 0.0}), (std::set<TokenId>{1}));
}

TEST(Sampler, PenaltyPushesRepeatedTokensDown) {
    Sampler strong({.repeatPenalty = 2.0});
    EXPECT_EQ(strong.sample(kLogits, std::vector<TokenId>{1}), 3);
    EXPECT_EQ(strong.sample(kLogits, std::vector<TokenId>{1, 1, 1, 3}), 1) << "once each: 1.5 against 1.0 and 1.0";
    Sampler window({.repeatPenalty = 2.0, .repeatWindow = 2});
    EXPECT_EQ(window.sample(kLogits, std::vector<TokenId>{1, 4, 4}), 1) << "token 1 is out of the window";
    Sampler negative({.repeatPenalty = 4.0});
    EXPECT_EQ(negative.sample(std::vector<float>{-1.0f, -2.0f}, std::vector<TokenId>{0}), 1)
        << "negative logits are multiplied";
    Sampler foreign({.repeatPenalty = 4.0});
    EXPECT_EQ(foreign.sample(kLogits, std::vector<TokenId>{-5, 900}), 1) << "ids outside the vocabulary are ignored";
}

TEST(Sampler, SameSeedSameTokens) {
    std::vector<float> logits(100);
    for (size_t i = 0; i < logits.size(); ++i) logits[i] = std::sin(static_cast<float>(i));
    const auto draw = [&](uint64_t seed) {
        Sampler sampler({.temperature = 1.0, .topK = 50, .seed = seed});
        std::vector<TokenId> ids;
        for (int i = 0; i < 50; ++i) ids.push_back(sampler.sample(logits, ids));
        return ids;
    };
    EXPECT_EQ(draw(42), draw(42));
    EXPECT_NE(draw(42), draw(43));
}

}  // namespace
}  // namespace halftone
