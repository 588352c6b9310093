// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/evaluation/sensitivity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/pipeline/loaded_model.h"
#include "core/pipeline/recipe_weights.h"
#include "tests/support/test_paths.h"

namespace halftone::test {
namespace {

using testing::HasSubstr;

class SensitivityTest : public testing::Test {
  protected:
    void SetUp() override {
        auto model = LoadedModel::open(sourceDir() / "resources/sample");
        HT_ASSERT_OK(model);
        m_model = *model;
        auto weights = RecipeWeights::create(m_model.checkpoint, m_model.graph);
        HT_ASSERT_OK(weights);
        m_weights = std::move(*weights);
        const auto tokens = m_model.tokenize(readFile(sourceDir() / "resources/texts/evaluation.txt").substr(0, 6000));
        HT_ASSERT_OK(tokens);
        auto windows = makeWindows(*tokens, kProtocol, m_model.tokenizer->bos(), kWindows);
        HT_ASSERT_OK(windows);
        m_executable = createCpuBackend()->compile(m_model.graph, m_weights->original(), m_context).value();
        m_session = EvaluationSession::create(*m_executable, m_weights->original(), *windows, kProtocol).value();
    }
    [[nodiscard]] ModelWeights quantized(const char* format) {
        const auto resolved = resolve(Recipe::pure(Format::parse(format).value()), m_model.checkpoint->tensors());
        return m_weights->applyMethods(resolved, nullptr, m_context).value().weights;
    }
    Result<std::vector<TensorSensitivity>> measure(const ModelWeights& changed, std::vector<std::string> tensors,
                                                   double relativeHalfWidth = 0) {
        const SensitivityRequest request{m_weights->original(), changed, std::move(tensors), relativeHalfWidth};
        return measureSensitivity(
            *m_session, *m_model.graph, request,
            [this](const TensorSensitivity& one) { m_heard.push_back(one.tensor); }, m_context);
    }

    static constexpr int64_t kWindows = 16;
    static constexpr Protocol kProtocol{ProtocolKind::kFullWindow, 64};
    JobContext m_context;
    LoadedModel m_model;
    std::unique_ptr<RecipeWeights> m_weights;
    std::unique_ptr<Executable> m_executable;
    std::unique_ptr<EvaluationSession> m_session;
    std::vector<std::string> m_heard;
};

TEST_F(SensitivityTest, IsTheDivergenceOfAModelWithThatTensorAloneChanged) {
    HT_ASSERT_OK(m_session->runReference(int64_t{1} << 40, {}, m_context));
    const ModelWeights changed = quantized("int3_g64_asym");
    const std::vector<std::string> names{"token_embd.weight", "blk.0.ffn_down.weight", "blk.5.attn_q.weight"};
    const auto results = measure(changed, names);
    HT_ASSERT_OK(results);
    EXPECT_EQ(m_heard, names);
    for (const TensorSensitivity& one : *results) {
        const WeightId id = m_model.graph->findWeight(one.tensor);
        const ModelWeights swapped = m_weights->original().with(*m_model.graph, one.tensor, changed.at(id));
        HT_ASSERT_OK(m_executable->updateWeights(swapped, m_context));
        const auto full =
            evaluateAgainst(*m_executable, m_session->windows(), kProtocol, *m_session->reference(), {}, m_context);
        HT_ASSERT_OK(full);
        EXPECT_EQ(one.kld.mean, full->reference->kld.mean) << one.tensor;
        EXPECT_EQ(one.windows, kWindows);
    }
    EXPECT_GT(results->front().kld.mean, results->back().kld.mean) << "the head is used for every token";
}

TEST_F(SensitivityTest, WhatIsNotChangedHasExactlyNone) {
    HT_ASSERT_OK(m_session->runReference(int64_t{1} << 40, {}, m_context));
    const auto results = measure(m_weights->original(), {"blk.2.attn_v.weight", "token_embd.weight"});
    HT_ASSERT_OK(results);
    for (const TensorSensitivity& one : *results) EXPECT_EQ(one.kld.mean, 0.0);
}

TEST_F(SensitivityTest, AWideIntervalIsKnownAfterFewWindows) {
    HT_ASSERT_OK(m_session->runReference(int64_t{1} << 40, {}, m_context));
    const ModelWeights changed = quantized("int3_g64_asym");
    const auto exact = measure(changed, {"blk.3.ffn_down.weight"});
    const auto rough = measure(changed, {"blk.4.ffn_down.weight"}, 0.5);
    HT_ASSERT_OK(exact);
    HT_ASSERT_OK(rough);
    EXPECT_EQ(exact->front().windows, kWindows);
    EXPECT_LT(rough->front().windows, kWindows);
    EXPECT_GE(rough->front().windows, 3);
    EXPECT_LE(1.96 * rough->front().kld.standardError, 0.5 * rough->front().kld.mean);
}

TEST_F(SensitivityTest, WhatCannotBeTriedIsSaid) {
    const auto early = measure(m_weights->original(), {"blk.0.attn_q.weight"});
    ASSERT_FALSE(early);
    EXPECT_THAT(early.error().message, HasSubstr("make the reference first"));
    HT_ASSERT_OK(m_session->runReference(int64_t{1} << 40, {}, m_context));
    const auto unknown = measure(m_weights->original(), {"blk.0.attn_q.weight", "blk.9.attn_q.weight"});
    ASSERT_FALSE(unknown);
    EXPECT_THAT(unknown.error().message, HasSubstr("blk.9.attn_q.weight takes no part"));
    EXPECT_EQ(m_heard, std::vector<std::string>{"blk.0.attn_q.weight"}) << "what was found stays true";
    std::stop_source stop;
    stop.request_stop();
    m_context.stop = stop.get_token();
    const auto cancelled = measure(m_weights->original(), {"blk.0.attn_q.weight"});
    ASSERT_FALSE(cancelled);
    EXPECT_EQ(cancelled.error().code, ErrorCode::kCancelled);
}

}  // namespace
}  // namespace halftone::test
