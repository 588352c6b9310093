// SPDX-License-Identifier: GPL-3.0-or-later
// Evaluations on a Vulkan device: figures agree with the processor's, logits do not come back, and the interactive
// session gives the figures of full runs.
#include <cmath>
#include <numeric>

#include <gtest/gtest.h>

#include "core/evaluation/evaluation_session.h"
#include "core/pipeline/loaded_model.h"
#include "core/quant/formats/codec.h"
#include "gpu/engine/vulkan_executable.h"
#include "tests/support/test_paths.h"
#include "tests/unit/core/inference/loaded_model.h"
#include "tests/unit/gpu/vulkan_fixture.h"

namespace halftone {
namespace {

constexpr int64_t kNoLimit = int64_t{1} << 40;

/// Passes everything on and counts rows of logits that leave the device.
class WatchedExecutable final : public Executable {
  public:
    explicit WatchedExecutable(std::unique_ptr<Executable> inner) : m_inner(std::move(inner)) {}
    [[nodiscard]] const ModelGraph& graph() const override { return m_inner->graph(); }
    using Executable::createSequence;
    Result<std::unique_ptr<Sequence>> createSequence(int64_t capacity, const RunFormat& format) override {
        return m_inner->createSequence(capacity, format);
    }
    Status forward(Sequence& sequence, std::span<const TokenId> tokens, const ForwardOptions& options,
                   const JobContext& context) override {
        rowsHandedOut += options.logitsEnd - options.logitsBegin;
        return m_inner->forward(sequence, tokens, options, context);
    }
    [[nodiscard]] bool sumsUpRows() const override { return m_inner->sumsUpRows(); }
    Result<std::unique_ptr<LogitRows>> createLogitRows(int64_t rows) override { return m_inner->createLogitRows(rows); }
    [[nodiscard]] bool canCompareWith(const LogitRows& rows) const override { return m_inner->canCompareWith(rows); }
    Status updateWeights(const ModelWeights& weights, const JobContext& context) override {
        return m_inner->updateWeights(weights, context);
    }
    int64_t rowsHandedOut = 0;

  private:
    std::unique_ptr<Executable> m_inner;
};

class DeviceEvaluationTest : public test::VulkanTest {
  protected:
    void SetUp() override {
        VulkanTest::SetUp();
        if (!m_context) return;
        auto model = LoadedModel::open(test::sourceDir() / "resources/sample");
        HT_ASSERT_OK(model);
        m_model = *model;
        m_original = ModelWeights::fromCheckpoint(*m_model.graph, m_model.checkpoint).value();
        m_quantized = m_original;
        for (size_t id = 0; id < m_original.size(); ++id) {
            const WeightSlot& slot = m_model.graph->weights[id];
            if (slot.isVector || slot.block < 0) continue;
            m_quantized = m_quantized.with(*m_model.graph, slot.name,
                                           test::requantized(m_original.at(static_cast<WeightId>(id)), "q4_0"));
        }
        const auto tokens =
            m_model.tokenize(test::readFile(test::sourceDir() / "resources/sample/README.md").substr(0, 2000));
        HT_ASSERT_OK(tokens);
        m_windows = makeWindows(*tokens, m_protocol, m_model.tokenizer->bos(), 3).value();
        m_backend = makeVulkanBackend(m_context);
    }
    std::unique_ptr<WatchedExecutable> onDevice(const ModelWeights& weights) {
        return std::make_unique<WatchedExecutable>(m_backend->compile(m_model.graph, weights, m_job).value());
    }
    std::unique_ptr<Executable> onProcessor(const ModelWeights& weights) {
        return createCpuBackend()->compile(m_model.graph, weights, m_job).value();
    }
    [[nodiscard]] ModelWeights editedInBlock(int64_t block) const {
        const std::string name = "blk." + std::to_string(block) + ".ffn_down.weight";
        return m_original.with(*m_model.graph, name,
                               test::requantized(m_original.at(m_model.graph->findWeight(name)), "q4_0"));
    }
    static void expectClose(const EvaluationResult& actual, const EvaluationResult& expected) {
        EXPECT_NEAR(actual.perplexity.mean / expected.perplexity.mean, 1.0, 1e-5);
        ASSERT_EQ(actual.reference.has_value(), expected.reference.has_value());
        if (!expected.reference) return;
        EXPECT_NEAR(actual.reference->kld.mean / expected.reference->kld.mean, 1.0, 1e-3);
        EXPECT_NEAR(actual.reference->top1Agreement.mean, expected.reference->top1Agreement.mean, 0.03);
        ASSERT_EQ(actual.tokenKld.size(), expected.tokenKld.size());
        for (size_t i = 0; i < actual.tokenKld.size(); ++i) {
            EXPECT_NEAR(double(actual.tokenKld[i]), double(expected.tokenKld[i]),
                        1e-5 + 2e-3 * double(expected.tokenKld[i]))
                << i;
        }
    }

    LoadedModel m_model;
    ModelWeights m_original, m_quantized;
    Protocol m_protocol{ProtocolKind::kBosWindow, 24};
    std::vector<EvaluationWindow> m_windows;
    std::shared_ptr<Backend> m_backend;
    JobContext m_job;
};

TEST_F(DeviceEvaluationTest, ComparesTwoModelsWithoutHandingOutLogits) {
    const auto reference = onDevice(m_original), own = onDevice(m_quantized);
    const auto actual = evaluateSideBySide(*reference, *own, m_windows, m_protocol, {}, m_job);
    HT_ASSERT_OK(actual);
    const auto expected =
        evaluateSideBySide(*onProcessor(m_original), *onProcessor(m_quantized), m_windows, m_protocol, {}, m_job);
    HT_ASSERT_OK(expected);
    expectClose(*actual, *expected);
    EXPECT_EQ(reference->rowsHandedOut + own->rowsHandedOut, 0);
    // The same weights on both sides differ in nothing.
    const auto twin = onDevice(m_original);
    const auto same = evaluateSideBySide(*reference, *twin, m_windows, m_protocol, {}, m_job);
    HT_ASSERT_OK(same);
    EXPECT_EQ(same->reference->kldMax, 0.0);
    EXPECT_EQ(same->reference->top1Agreement.mean, 1.0);
}

TEST_F(DeviceEvaluationTest, MixedDevicesFallBackToTheProcessor) {
    const auto own = onDevice(m_quantized);
    const auto processor = onProcessor(m_original);
    const auto mixed = evaluateSideBySide(*processor, *own, m_windows, m_protocol, {}, m_job);
    HT_ASSERT_OK(mixed);
    EXPECT_GT(own->rowsHandedOut, 0);
    expectClose(*mixed, *evaluateSideBySide(*processor, *onProcessor(m_quantized), m_windows, m_protocol, {}, m_job));
}

TEST_F(DeviceEvaluationTest, PerplexityAgreesWithTheProcessor) {
    const auto own = onDevice(m_quantized);
    const auto actual = evaluatePerplexity(*own, m_windows, m_protocol, {}, m_job);
    HT_ASSERT_OK(actual);
    expectClose(*actual, *evaluatePerplexity(*onProcessor(m_quantized), m_windows, m_protocol, {}, m_job));
    EXPECT_EQ(own->rowsHandedOut, 0);
}

TEST_F(DeviceEvaluationTest, AStoredReferenceAsksForItsTokensAlone) {
    const auto original = onDevice(m_original), own = onDevice(m_quantized);
    const ReferenceStoreOptions store{.exactTokens = 24, .sampledTokens = 16};
    const auto reference = runReference(*original, m_windows, m_protocol, kNoLimit, {}, m_job, store);
    HT_ASSERT_OK(reference);
    ASSERT_FALSE((*reference)->rows().isWhole());
    const auto actual = evaluateAgainst(*own, m_windows, m_protocol, **reference, {}, m_job);
    HT_ASSERT_OK(actual);
    EXPECT_EQ(own->rowsHandedOut, 0);
    expectClose(*actual, *evaluateAgainst(*onProcessor(m_quantized), m_windows, m_protocol, **reference, {}, m_job));
    const auto unchanged = evaluateAgainst(*original, m_windows, m_protocol, **reference, {}, m_job);
    HT_ASSERT_OK(unchanged);
    EXPECT_LT(unchanged->reference->kld.mean, 1e-6);
}

TEST_F(DeviceEvaluationTest, BrokenWeightsAreToldOf) {
    const std::string name = "blk.1.ffn_down.weight";
    PackedTensor broken = test::requantized(m_original.at(m_model.graph->findWeight(name)), "f32");
    auto bytes = std::make_shared<std::vector<std::byte>>(broken.bytes.begin(), broken.bytes.end());
    std::fill_n(bytes->begin(), 64, std::byte{0xFF});  // not numbers
    broken.bytes = *bytes;
    broken.owner = bytes;
    const auto own = onDevice(m_original.with(*m_model.graph, name, broken)), original = onDevice(m_original);
    for (const auto& failed : {evaluatePerplexity(*own, m_windows, m_protocol, {}, m_job),
                               evaluateSideBySide(*original, *own, m_windows, m_protocol, {}, m_job)}) {
        ASSERT_FALSE(failed.has_value());
        EXPECT_EQ(failed.error().code, ErrorCode::kInvalidData);
        EXPECT_NE(failed.error().message.find("not finite"), std::string::npos);
    }
}

/// Whatever an edit touches, the session's figures are those of a run from the beginning.
TEST_F(DeviceEvaluationTest, TheSessionGivesTheFiguresOfFullRuns) {
    const auto executable = onDevice(m_original);
    auto session = EvaluationSession::create(*executable, m_original, m_windows, m_protocol).value();
    const auto reference = session->runReference(kNoLimit, {}, m_job, {.exactTokens = 24, .sampledTokens = 16});
    HT_ASSERT_OK(reference);
    HT_ASSERT_OK(session->evaluate(m_original, {}, {}, m_job));
    const int64_t blocks = m_model.graph->config.blockCount, windows = std::ssize(m_windows);
    for (const int64_t block : {blocks - 1, blocks / 2, int64_t{0}}) {
        SCOPED_TRACE(block);
        const ModelWeights edited = editedInBlock(block);
        const auto figures = session->evaluate(edited, {}, {}, m_job);
        HT_ASSERT_OK(figures);
        const auto fresh = onDevice(edited);
        const auto whole = evaluateAgainst(*fresh, m_windows, m_protocol, **reference, {}, m_job);
        HT_ASSERT_OK(whole);
        EXPECT_EQ(figures->result.tokenKld, whole->tokenKld);
        EXPECT_EQ(figures->result.tokenNll, whole->tokenNll);
        EXPECT_EQ(figures->result.perplexity.mean, whole->perplexity.mean);
        EXPECT_GT(figures->result.reference->kld.mean, 1e-6);
        EXPECT_EQ(figures->blocksRun, windows * (blocks - block));
        HT_ASSERT_OK(session->evaluate(m_original, {}, {}, m_job));
    }
    const auto back = session->evaluate(m_original, {}, {}, m_job);
    HT_ASSERT_OK(back);
    EXPECT_EQ(back->blocksRun, 0) << "an undo finds its scores";
}

/// The same where the weights stream: states come and go while blocks pass through.
TEST_F(DeviceEvaluationTest, TheSessionWorksOnStreamedWeights) {
    uint64_t blocks = 0;
    for (size_t id = 0; id < m_original.size(); ++id) {
        const WeightSlot& slot = m_model.graph->weights[id];
        if (!slot.isVector && slot.block >= 0) blocks += m_original.at(static_cast<WeightId>(id)).bytes.size();
    }
    // As in the tests of streaming: from the least that runs to what holds all.
    std::shared_ptr<VulkanContext> context;
    std::unique_ptr<Executable> executable;
    for (uint64_t budget = blocks; !executable && budget < 16 * blocks; budget += blocks / 4) {
        context = open([&](vk::DevicePlan& plan) {
            plan.deviceBudgetBytes = budget;
            plan.slabBytes = uint64_t{64} << 10;
            plan.spillsToHost = false;
        });
        auto compiled = makeVulkanBackend(context)->compile(m_model.graph, m_original, m_job);
        if (compiled) executable = std::move(*compiled);
    }
    ASSERT_TRUE(executable);
    ASSERT_GT(executable->tokensWorthTogether(), 0) << "the weights were to stream";
    const auto& engine = dynamic_cast<const VulkanExecutable&>(*executable);
    const ReferenceStoreOptions store{.exactTokens = 24, .sampledTokens = 16};
    auto session = EvaluationSession::create(*executable, m_original, m_windows, m_protocol).value();
    const auto reference = session->runReference(kNoLimit, {}, m_job, store);
    HT_ASSERT_OK(reference);
    const auto streamed = [&](int64_t firstBlock) {
        return std::accumulate(engine.weightPlan().streamed.begin() + firstBlock, engine.weightPlan().streamed.end(),
                               int64_t{0});
    };
    EXPECT_EQ(engine.passCount(), streamed(0)) << "all windows pass a block before it goes";
    const auto resident = runReference(*onDevice(m_original), m_windows, m_protocol, kNoLimit, {}, m_job, store);
    HT_ASSERT_OK(resident);
    EXPECT_EQ((*reference)->result().tokenNll, (*resident)->result().tokenNll);
    EXPECT_TRUE(std::ranges::equal((*reference)->rows().logits(), (*resident)->rows().logits()));
    HT_ASSERT_OK(session->evaluate(m_original, {}, {}, m_job));
    const ModelWeights edited = editedInBlock(2);
    const int64_t passes = engine.passCount();
    const auto figures = session->evaluate(edited, {}, {}, m_job);
    HT_ASSERT_OK(figures);
    EXPECT_EQ(engine.passCount() - passes, streamed(2));
    const auto fresh = onDevice(edited);
    const auto whole = evaluateAgainst(*fresh, m_windows, m_protocol, **reference, {}, m_job);
    HT_ASSERT_OK(whole);
    EXPECT_EQ(figures->result.tokenKld, whole->tokenKld);
    EXPECT_EQ(figures->blocksRun, std::ssize(m_windows) * (m_model.graph->config.blockCount - 2));
    const auto together = evaluateAgainst(*executable, m_windows, m_protocol, **reference, {}, m_job);
    HT_ASSERT_OK(together);
    EXPECT_EQ(together->tokenKld, whole->tokenKld) << "windows that ran together";
}

}  // namespace
}  // namespace halftone
