// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/evaluation/token_comparison.h"

#include <algorithm>
#include <cmath>
#include <stop_token>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/evaluation/evaluate.h"
#include "core/pipeline/loaded_model.h"
#include "core/pipeline/recipe_weights.h"
#include "tests/support/test_paths.h"
#include "tests/unit/core/inference/loaded_model.h"
#include "tests/unit/core/inference/synthetic_model.h"

namespace halftone::test {
namespace {

using testing::HasSubstr;

std::vector<double> logSoftmax(const std::vector<double>& logits) {
    const double largest = *std::ranges::max_element(logits);
    double sum = 0;
    for (const double logit : logits) sum += std::exp(logit - largest);
    std::vector<double> out;
    for (const double logit : logits) out.push_back(logit - largest - std::log(sum));
    return out;
}

double divergenceOf(const std::vector<double>& p, const std::vector<double>& q) {
    double sum = 0;
    for (size_t i = 0; i < p.size(); ++i) sum += std::exp(p[i]) * (p[i] - q[i]);
    return sum;
}

/// Held against log-probabilities of the whole vocabulary, computed apart.
void expectPrediction(const TokenPrediction& prediction, TokenId token, const std::vector<double>& logProbs,
                      double tolerance) {
    const double own = logProbs[static_cast<size_t>(token)];
    EXPECT_NEAR(prediction.logProb, own, tolerance);
    double entropy = 0;
    for (const double value : logProbs) entropy -= std::exp(value) * value;
    EXPECT_NEAR(prediction.entropy, entropy, tolerance);
    // Neighbours closer than the tolerance may change places.
    const auto surelyAbove = std::ranges::count_if(logProbs, [&](double value) { return value > own + tolerance; });
    const auto maybeAbove = std::ranges::count_if(logProbs, [&](double value) { return value > own - tolerance; });
    EXPECT_GT(prediction.rank, surelyAbove);
    EXPECT_LE(prediction.rank, maybeAbove);
    auto sorted = logProbs;
    std::ranges::sort(sorted, std::greater());
    ASSERT_EQ(prediction.likeliest.size(), std::min(TokenPrediction::kMostLikely, logProbs.size()));
    for (size_t i = 0; i < prediction.likeliest.size(); ++i) {
        EXPECT_NEAR(prediction.likeliest[i].logProb, sorted[i], tolerance);
        EXPECT_NEAR(prediction.likeliest[i].logProb, logProbs[static_cast<size_t>(prediction.likeliest[i].id)],
                    tolerance);
    }
}

TEST(TokenPrediction, RanksEqualsByTheirIds) {
    const std::vector<float> logits{1, 3, 3, -2, 3};
    const TokenPrediction second = predictionOf(logits, 2);
    EXPECT_EQ(second.rank, 2);
    EXPECT_EQ(predictionOf(logits, 1).rank, 1);
    EXPECT_EQ(predictionOf(logits, 3).rank, 5);
    ASSERT_EQ(second.likeliest.size(), 5u) << "a vocabulary of less than ten is listed whole";
    const std::vector<TokenId> order{1, 2, 4, 0, 3};
    for (size_t i = 0; i < order.size(); ++i) EXPECT_EQ(second.likeliest[i].id, order[i]);
}

TEST(TokenPrediction, OfAnEvenRowKnowsItsEntropy) {
    const std::vector<float> logits(64, 88.0f);
    const TokenPrediction even = predictionOf(logits, 63);
    EXPECT_FLOAT_EQ(even.entropy, std::log(64.0f));
    EXPECT_FLOAT_EQ(even.logProb, -std::log(64.0f));
    EXPECT_EQ(even.rank, 64);
    EXPECT_EQ(even.likeliest.size(), TokenPrediction::kMostLikely);
}

// Two models with random weights, their equations written out plainly in binary64.
TEST(CompareTokens, SyntheticModelsGiveTheFiguresOfPlainArithmetic) {
    const SyntheticModel first = makeSyntheticModel({});
    SyntheticModel second = first;
    for (auto& [name, tensor] : second.tensors) {
        for (size_t i = 0; i < tensor.values.size(); i += 3) tensor.values[i] *= 1.25f;
    }
    const TemporaryFolder firstFolder, secondFolder;
    first.write(firstFolder.path());
    second.write(secondFolder.path());
    auto a = loadModel(firstFolder.path(), *createCpuBackend());
    auto b = loadModel(secondFolder.path(), *createCpuBackend());
    HT_ASSERT_OK(a);
    HT_ASSERT_OK(b);
    std::vector<TokenId> tokens;
    for (int i = 0; i < 80; ++i) tokens.push_back((i * 37 + 11) % 97);
    const auto compared = compareTokens(*a->executable, *b->executable, tokens, 5, {}, JobContext());
    HT_ASSERT_OK(compared);
    ASSERT_EQ(compared->size(), 75u);
    const auto logitsA = plainForward(first, tokens), logitsB = plainForward(second, tokens);
    double mean = 0;
    for (size_t i = 0; i < compared->size(); ++i) {
        SCOPED_TRACE(i);
        const TokenComparison& comparison = (*compared)[i];
        const auto p = logSoftmax(logitsA[i + 4]), q = logSoftmax(logitsB[i + 4]);
        EXPECT_EQ(comparison.token, tokens[i + 5]);
        expectPrediction(comparison.reference, comparison.token, p, 2e-4);
        expectPrediction(comparison.own, comparison.token, q, 2e-4);
        EXPECT_NEAR(comparison.kld, divergenceOf(p, q), 1e-4);
        mean += comparison.kld / double(compared->size());
    }
    EXPECT_GT(mean, 1e-3) << "the models must differ for this to say anything";
}

class CompareSample : public testing::Test {
  protected:
    void SetUp() override {
        auto model = halftone::LoadedModel::open(sourceDir() / "resources/sample");
        HT_ASSERT_OK(model);
        m_model = *model;
        auto weights = RecipeWeights::create(m_model.checkpoint, m_model.graph);
        HT_ASSERT_OK(weights);
        m_weights = std::move(*weights);
        m_original = compile(m_weights->original());
        const auto recipe = resolve(Recipe::pure(*Format::parse("int3_g64_asym")), m_model.checkpoint->tensors());
        const auto applied = m_weights->applyMethods(recipe, nullptr, m_context);
        HT_ASSERT_OK(applied);
        m_quantized = compile(applied->weights);
        const auto tokens = m_model.tokenize(readFile(sourceDir() / "resources/texts/evaluation.txt").substr(0, 1200));
        HT_ASSERT_OK(tokens);
        m_tokens.assign(tokens->begin(), tokens->begin() + 200);
    }
    std::unique_ptr<Executable> compile(const ModelWeights& weights) {
        auto executable = createCpuBackend()->compile(m_model.graph, weights, m_context);
        if (!executable) ADD_FAILURE() << executable.error().message;
        return executable ? std::move(*executable) : nullptr;
    }

    JobContext m_context;
    halftone::LoadedModel m_model;
    std::unique_ptr<RecipeWeights> m_weights;
    std::unique_ptr<Executable> m_original, m_quantized;
    std::vector<TokenId> m_tokens;
};

TEST_F(CompareSample, AgreesWithTheEvaluationOfTheSameText) {
    const auto compared = compareTokens(*m_original, *m_quantized, m_tokens, 1, {}, m_context);
    HT_ASSERT_OK(compared);
    const EvaluationWindow window{m_tokens, 0, static_cast<int64_t>(m_tokens.size()) - 1};
    const auto result =
        evaluateSideBySide(*m_original, *m_quantized, std::span(&window, 1),
                           {ProtocolKind::kPlainWindow, static_cast<int64_t>(m_tokens.size())}, {}, m_context);
    HT_ASSERT_OK(result);
    ASSERT_EQ(result->tokenKld.size(), compared->size());
    double agreeing = 0;
    for (size_t i = 0; i < compared->size(); ++i) {
        EXPECT_EQ(static_cast<float>((*compared)[i].kld), result->tokenKld[i]) << i;
        EXPECT_NEAR((*compared)[i].own.logProb, -double(result->tokenNll[i]), 1e-5) << i;
        EXPECT_NEAR((*compared)[i].reference.logProb, -double(result->tokenReferenceNll[i]), 1e-5) << i;
        agreeing += (*compared)[i].topAgrees() ? 1 : 0;
    }
    EXPECT_NEAR(agreeing / double(compared->size()), result->reference->top1Agreement.mean, 1e-12);
    EXPECT_LT(agreeing, double(compared->size())) << "three bits change some words";
}

TEST_F(CompareSample, PredictionsAreThoseOfTheLogits) {
    const auto compared = compareTokens(*m_original, *m_quantized, m_tokens, 150, {}, m_context);
    HT_ASSERT_OK(compared);
    auto sequence = m_quantized->createSequence(200);
    HT_ASSERT_OK(sequence);
    const auto logits = runLogits(*m_quantized, **sequence, m_tokens, 149, 199);
    HT_ASSERT_OK(logits);
    const size_t width = logits->size() / 50;
    for (size_t i = 0; i < 50; ++i) {
        SCOPED_TRACE(i);
        const std::vector<double> row(logits->begin() + static_cast<ptrdiff_t>(i * width),
                                      logits->begin() + static_cast<ptrdiff_t>((i + 1) * width));
        expectPrediction((*compared)[i].own, m_tokens[150 + i], logSoftmax(row), 1e-5);
    }
}

TEST_F(CompareSample, AModelIsNoDifferentFromItselfAndComesInOrder) {
    int64_t next = 3;
    const auto sink = [&](int64_t first, std::span<const TokenComparison> part) {
        EXPECT_EQ(first, next);
        next += static_cast<int64_t>(part.size());
    };
    const auto compared = compareTokens(*m_original, *m_original, m_tokens, 3, sink, m_context);
    HT_ASSERT_OK(compared);
    EXPECT_EQ(next, 200);
    for (const TokenComparison& comparison : *compared) {
        EXPECT_EQ(comparison.kld, 0);
        EXPECT_EQ(comparison.reference.likeliest, comparison.own.likeliest);
        EXPECT_TRUE(comparison.topAgrees());
    }
}

TEST_F(CompareSample, RefusesWhatCannotBeCompared) {
    const auto nothing = compareTokens(*m_original, *m_quantized, m_tokens, 200, {}, m_context);
    ASSERT_FALSE(nothing.has_value());
    EXPECT_THAT(nothing.error().message, HasSubstr("no token after its first 200"));
    EXPECT_FALSE(compareTokens(*m_original, *m_quantized, m_tokens, 0, {}, m_context).has_value());
    const std::vector<TokenId> tooLong(static_cast<size_t>(m_model.graph->config.contextLength) + 2, m_tokens[0]);
    const auto refused = compareTokens(*m_original, *m_quantized, tooLong, 1, {}, m_context);
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, ErrorCode::kInvalidArgument);
    const TemporaryFolder folder;
    makeSyntheticModel({}).write(folder.path());
    const auto other = loadModel(folder.path(), *createCpuBackend());
    HT_ASSERT_OK(other);
    const auto mixed = compareTokens(*m_original, *other->executable, std::span(m_tokens).first(50), 1, {}, m_context);
    ASSERT_FALSE(mixed.has_value());
    EXPECT_THAT(mixed.error().message, HasSubstr("vocabulary"));
}

TEST_F(CompareSample, ACancelledRunSaysSo) {
    std::stop_source stop;
    stop.request_stop();
    const auto cancelled =
        compareTokens(*m_original, *m_quantized, m_tokens, 1, {}, JobContext{stop.get_token(), nullptr, ThreadPool(1)});
    ASSERT_FALSE(cancelled.has_value());
    EXPECT_EQ(cancelled.error().code, ErrorCode::kCancelled);
}

}  // namespace
}  // namespace halftone::test
