// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/evaluation/evaluate.h"

#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/pipeline/loaded_model.h"
#include "core/pipeline/recipe_weights.h"
#include "tests/support/test_paths.h"

namespace halftone::test {
namespace {

using testing::HasSubstr;

constexpr int64_t kNoLimit = std::numeric_limits<int64_t>::max();

// stories260K on the fast CPU backend with a few windows of its text.
class EvaluateTest : public testing::Test {
  protected:
    void SetUp() override {
        const auto path = sharedPath("models/stories260K");
        const auto textPath = sharedPath("text/tinystories-a.txt");
        if (!path || !textPath) GTEST_SKIP() << "test data absent: ../shared/models/stories260K";
        auto model = LoadedModel::open(*path);
        HT_ASSERT_OK(model);
        m_model = *model;
        auto weights = RecipeWeights::create(m_model.checkpoint, m_model.graph);
        HT_ASSERT_OK(weights);
        m_weights = std::move(*weights);
        auto tokens = m_model.tokenize(readFile(*textPath).substr(0, 8000));
        HT_ASSERT_OK(tokens);
        m_tokens = *tokens;
        auto windows = makeWindows(m_tokens, m_protocol, m_model.tokenizer->bos(), 4);
        HT_ASSERT_OK(windows);
        m_windows = *windows;
    }

    std::unique_ptr<Executable> compile(const ModelWeights& weights) {
        auto executable = createCpuBackend()->compile(m_model.graph, weights, m_context);
        if (!executable) ADD_FAILURE() << executable.error().message;
        return executable ? std::move(*executable) : nullptr;
    }
    std::unique_ptr<Executable> original() { return compile(m_weights->original()); }
    std::unique_ptr<Executable> quantized(const char* format) {
        const auto recipe = resolve(Recipe::pure(*Format::parse(format)), m_model.checkpoint->tensors());
        const auto applied = m_weights->applyMethods(recipe, nullptr, m_context);
        if (!applied) ADD_FAILURE() << applied.error().message;
        return compile(applied->weights);
    }
    // The original weights with the output norm replaced by NaN.
    std::unique_ptr<Executable> broken() {
        static const std::vector<float> nan(64, std::numeric_limits<float>::quiet_NaN());
        PackedTensor tensor = m_weights->original().at(m_model.graph->findWeight("output_norm.weight"));
        tensor.bytes = std::as_bytes(std::span(nan));
        tensor.owner = nullptr;
        return compile(m_weights->original().with(*m_model.graph, "output_norm.weight", tensor));
    }
    Result<std::shared_ptr<const ReferenceRun>> reference(int64_t maxBytes = kNoLimit) {
        return runReference(*original(), m_windows, m_protocol, maxBytes, {}, m_context);
    }

    JobContext m_context;
    LoadedModel m_model;
    std::unique_ptr<RecipeWeights> m_weights;
    Protocol m_protocol{ProtocolKind::kHalfScored, 256};
    std::vector<TokenId> m_tokens;
    std::vector<EvaluationWindow> m_windows;
};

TEST_F(EvaluateTest, TheControlRunDivergesFromItselfByNothing) {
    const auto run = reference();
    HT_ASSERT_OK(run);
    EXPECT_EQ((*run)->storeError(), 0);
    const auto result = evaluateAgainst(*original(), m_windows, m_protocol, **run, {}, m_context);
    HT_ASSERT_OK(result);
    ASSERT_TRUE(result->reference.has_value());
    EXPECT_EQ(result->reference->kld.mean, 0);
    EXPECT_EQ(result->reference->kldMax, 0);
    EXPECT_EQ(result->reference->top1Agreement.mean, 1.0);
    EXPECT_EQ(result->reference->perplexityRatio.mean, 1.0);
    EXPECT_EQ(result->reference->floor, (*run)->storeError());
    EXPECT_EQ(result->scored, 4 * 127);
    // Side by side there is no store, and nothing at all is left.
    const auto exact = evaluateSideBySide(*original(), *original(), m_windows, m_protocol, {}, m_context);
    HT_ASSERT_OK(exact);
    EXPECT_EQ(exact->reference->kld.mean, 0);
    EXPECT_EQ(exact->reference->perplexityRatio.mean, 1.0);
}

TEST_F(EvaluateTest, StoredRowsSumToOneAndKeepTheTopToken) {
    const auto run = reference();
    HT_ASSERT_OK(run);
    EXPECT_EQ((*run)->scored(), 4 * 127);
    EXPECT_EQ((*run)->vocabSize(), 512);
    EXPECT_NEAR(double((*run)->sizeBytes()), 4 * 127 * (512 * 4 + 16.0), 1.0);
    std::vector<double> row(512);
    for (int64_t i = 0; i < (*run)->scored(); i += 37) {
        (*run)->logProbs(i, row);
        double sum = 0;
        for (double logProb : row) sum += std::exp(logProb);
        EXPECT_NEAR(sum, 1.0, 1e-12);
    }
}

TEST_F(EvaluateTest, ThreeWaysToMeasureAgree) {
    const auto run = reference();
    HT_ASSERT_OK(run);
    const auto stored = evaluateAgainst(*quantized("q4_0"), m_windows, m_protocol, **run, {}, m_context);
    const auto exact = evaluateSideBySide(*original(), *quantized("q4_0"), m_windows, m_protocol, {}, m_context);
    const auto plain = evaluatePerplexity(*quantized("q4_0"), m_windows, m_protocol, {}, m_context);
    HT_ASSERT_OK(stored);
    HT_ASSERT_OK(exact);
    HT_ASSERT_OK(plain);
    EXPECT_GT(exact->reference->kld.mean, 1e-3);
    EXPECT_LT(exact->reference->kld.mean, 1.0);
    EXPECT_NEAR(stored->reference->kld.mean, exact->reference->kld.mean, 1e-4 * exact->reference->kld.mean);
    EXPECT_NEAR(stored->reference->kld.standardError, exact->reference->kld.standardError,
                1e-3 * exact->reference->kld.standardError);
    EXPECT_EQ(stored->reference->top1Agreement.mean, exact->reference->top1Agreement.mean);
    EXPECT_NEAR(stored->reference->kldPercentiles[5], exact->reference->kldPercentiles[5], 1e-3);
    EXPECT_NEAR(plain->perplexity.mean, exact->perplexity.mean, 1e-5 * exact->perplexity.mean);
    EXPECT_NEAR(plain->perplexity.standardError, exact->perplexity.standardError,
                1e-4 * exact->perplexity.standardError);
    EXPECT_NEAR(exact->reference->referencePerplexity.mean, (*run)->result().perplexity.mean, 1e-6);
    for (double percentile : exact->reference->kldPercentiles) EXPECT_GE(percentile, 0);
    EXPECT_TRUE(std::is_sorted(exact->reference->kldPercentiles.begin(), exact->reference->kldPercentiles.end()));
}

TEST_F(EvaluateTest, MoreBitsDivergeLess) {
    double last = std::numeric_limits<double>::infinity();
    for (const char* format : {"int3_g32_asym", "q4_0", "q5_0", "q8_0"}) {
        const auto result = evaluateSideBySide(*original(), *quantized(format), m_windows, m_protocol, {}, m_context);
        HT_ASSERT_OK(result);
        EXPECT_LT(result->reference->kld.mean, last) << format;
        last = result->reference->kld.mean;
    }
    EXPECT_LT(last, 1e-3);
}

TEST_F(EvaluateTest, TheObserverSeesEveryWindow) {
    std::vector<int64_t> scored;
    Progress progress;
    m_context.progress = &progress;
    const auto result = evaluatePerplexity(
        *original(), m_windows, m_protocol, [&](const EvaluationResult& running) { scored.push_back(running.scored); },
        m_context);
    HT_ASSERT_OK(result);
    EXPECT_EQ(scored, (std::vector<int64_t>{127, 254, 381, 508}));
    EXPECT_EQ(progress.snapshot().done, 4 * 256);
    EXPECT_EQ(progress.snapshot().total, 4 * 256);
    EXPECT_EQ(result->tokenNll.size(), 508u);
    EXPECT_EQ(result->protocol, "p512 ctx 256");
}

TEST_F(EvaluateTest, CancelEndsAfterTheWindowAtHand) {
    std::stop_source stop;
    m_context.stop = stop.get_token();
    int windows = 0;
    const auto observer = [&](const EvaluationResult&) {
        if (++windows == 2) stop.request_stop();
    };
    const auto result = evaluatePerplexity(*original(), m_windows, m_protocol, observer, m_context);
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().code, ErrorCode::kCancelled);
    EXPECT_EQ(windows, 2);
}

TEST_F(EvaluateTest, TheStoreHasALimit) {
    const auto run = reference(100000);
    ASSERT_FALSE(run.has_value());
    EXPECT_EQ(run.error().code, ErrorCode::kOutOfMemory);
    EXPECT_THAT(run.error().message, HasSubstr("508 positions takes 1.0 MB, but 0.1 MB are allowed"));
}

TEST_F(EvaluateTest, AReferenceOfOtherWindowsIsRefused) {
    const auto run = reference();
    HT_ASSERT_OK(run);
    const auto fewer = std::span(m_windows).subspan(0, 2);
    EXPECT_THAT(evaluateAgainst(*original(), fewer, m_protocol, **run, {}, m_context).error().message,
                HasSubstr("run the reference again"));
    const Protocol other{ProtocolKind::kFullWindow, 256};
    EXPECT_THAT(evaluateAgainst(*original(), m_windows, other, **run, {}, m_context).error().message,
                HasSubstr("run the reference again"));
    EXPECT_FALSE(evaluatePerplexity(*original(), {}, m_protocol, {}, m_context).has_value());
}

TEST_F(EvaluateTest, BrokenWeightsAreToldNotAveraged) {
    for (const auto& result : {evaluatePerplexity(*broken(), m_windows, m_protocol, {}, m_context),
                               evaluateSideBySide(*original(), *broken(), m_windows, m_protocol, {}, m_context)}) {
        ASSERT_FALSE(result.has_value());
        EXPECT_EQ(result.error().code, ErrorCode::kInvalidData);
        EXPECT_THAT(result.error().message, HasSubstr("not finite"));
    }
}

TEST_F(EvaluateTest, LongWindowsAreNoted) {
    const Protocol longer{ProtocolKind::kFullWindow, 600};
    const auto windows = makeWindows(m_tokens, longer, m_model.tokenizer->bos(), 1);
    HT_ASSERT_OK(windows);
    const auto result = evaluatePerplexity(*original(), *windows, longer, {}, m_context);
    HT_ASSERT_OK(result);
    ASSERT_EQ(result->notes.size(), 1u);
    EXPECT_THAT(result->notes[0], HasSubstr("600 tokens are longer than the 512"));
}

TEST_F(EvaluateTest, CaptureSeesEveryLinearLayer) {
    const int64_t tokens = 700;
    const auto capture = captureActivations(*original(), std::span(m_tokens).subspan(0, tokens), 256,
                                            m_model.tokenizer->bos(), m_context);
    HT_ASSERT_OK(capture);
    // 700 tokens in pieces of 255 are three windows, each with its BOS.
    for (const WeightSlot& slot : m_model.graph->weights) {
        if (slot.isVector) continue;  // the embedding is tied to the head and stands for it
        const auto found = capture->byWeight.find(slot.name);
        ASSERT_NE(found, capture->byWeight.end()) << slot.name;
        EXPECT_EQ(found->second.importance().size(), static_cast<size_t>(slot.cols)) << slot.name;
        EXPECT_EQ(found->second.tokenCount, tokens + 3) << slot.name;
    }
    for (float value : capture->byWeight.at("blk.0.attn_q.weight").importance()) EXPECT_GT(value, 0);
    EXPECT_THAT(captureActivations(*original(), {}, 256, std::nullopt, m_context).error().message,
                HasSubstr("calibration text is empty"));
    EXPECT_FALSE(captureActivations(*original(), m_tokens, 1, m_model.tokenizer->bos(), m_context).has_value());
}

TEST(Evaluate, ModelsWithLearnedPositionsRefuseLongerWindows) {
    HT_SHARED_OR_SKIP(path, "models/slm4096-gpt2");
    const auto model = LoadedModel::open(path);
    HT_ASSERT_OK(model);
    const auto weights = ModelWeights::fromCheckpoint(*model->graph, model->checkpoint);
    HT_ASSERT_OK(weights);
    const auto executable = createCpuBackend()->compile(model->graph, *weights, JobContext());
    HT_ASSERT_OK(executable);
    const Protocol protocol{ProtocolKind::kPlainWindow, 129};
    const auto windows = makeWindows(std::vector<TokenId>(300, 1), protocol, std::nullopt);
    HT_ASSERT_OK(windows);
    EXPECT_THAT(evaluatePerplexity(**executable, *windows, protocol, {}, JobContext()).error().message,
                HasSubstr("has 128 positions"));
}

}  // namespace
}  // namespace halftone::test
