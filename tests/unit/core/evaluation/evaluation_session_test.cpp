// SPDX-License-Identifier: GPL-3.0-or-later
// The interactive evaluation on the bundled sample model: figures to the bit those of full runs, work only for what an
// edit made stale, whatever was cancelled, undone or squeezed out of memory in between.
#include "core/evaluation/evaluation_session.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/pipeline/loaded_model.h"
#include "core/quant/corrections/correction.h"
#include "tests/support/test_paths.h"
#include "tests/unit/core/inference/loaded_model.h"

namespace halftone::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr int64_t kNoLimit = int64_t{1} << 40;
constexpr int64_t kBlocks = 6;
constexpr int64_t kWindows = 3;
constexpr int64_t kContext = 24;
/// One boundary of all windows in F32: the sample's states are 256 wide.
constexpr int64_t kBoundaryBytes = kWindows * kContext * 256 * 4;

/// The same bytes elsewhere in memory.
PackedTensor copied(const PackedTensor& tensor) {
    PackedTensor copy = tensor;
    auto bytes = std::make_shared<std::vector<std::byte>>(tensor.bytes.begin(), tensor.bytes.end());
    copy.bytes = *bytes;
    copy.owner = bytes;
    return copy;
}

/// Passes everything on, and asks for a stop when a block has been run.
class StoppingExecutable final : public Executable {
  public:
    StoppingExecutable(std::unique_ptr<Executable> inner) : m_inner(std::move(inner)) {}
    [[nodiscard]] const ModelGraph& graph() const override { return m_inner->graph(); }
    using Executable::createSequence;
    Result<std::unique_ptr<Sequence>> createSequence(int64_t capacity, const RunFormat& format) override {
        return m_inner->createSequence(capacity, format);
    }
    Status forward(Sequence& sequence, std::span<const TokenId> tokens, const ForwardOptions& options,
                   const JobContext& context) override {
        ++forwardCalls;
        ForwardOptions watched = options;
        watched.boundarySink = [&](int block, std::span<const float> hidden) -> Status {
            if (options.boundarySink) HT_TRY(options.boundarySink(block, hidden));
            if (block == stopAfterBlock) stop.request_stop();
            return {};
        };
        return m_inner->forward(sequence, tokens, watched, context);
    }
    Status forwardTogether(std::span<const SequenceInput> inputs, const JobContext& context) override {
        callSizes.push_back(inputs.size());
        return Executable::forwardTogether(inputs, context);
    }
    [[nodiscard]] int64_t tokensWorthTogether() const override { return together; }
    Status updateWeights(const ModelWeights& weights, const JobContext& context) override {
        return m_inner->updateWeights(weights, context);
    }
    int64_t together = 0;
    std::vector<size_t> callSizes;  ///< sequences of each call
    int stopAfterBlock = -1;
    std::stop_source stop;
    int forwardCalls = 0;

  private:
    std::unique_ptr<Executable> m_inner;
};

class SessionTest : public testing::TestWithParam<const char*> {
  protected:
    void SetUp() override {
        auto model = halftone::LoadedModel::open(sourceDir() / "resources/sample");
        HT_ASSERT_OK(model);
        m_model = *model;
        auto weights = ModelWeights::fromCheckpoint(*m_model.graph, m_model.checkpoint);
        HT_ASSERT_OK(weights);
        m_original = *weights;
        const auto tokens = m_model.tokenize(readFile(sourceDir() / "resources/sample/README.md").substr(0, 2000));
        HT_ASSERT_OK(tokens);
        auto windows = makeWindows(*tokens, m_protocol, m_model.tokenizer->bos(), kWindows);
        HT_ASSERT_OK(windows);
        m_windows = *windows;
        m_executable = std::make_unique<StoppingExecutable>(compile());
    }
    std::unique_ptr<Executable> compile() {
        const auto backend = GetParam() == std::string("cpu") ? createCpuBackend() : createCpuReferenceBackend();
        return backend->compile(m_model.graph, m_original, m_context).value();
    }
    std::unique_ptr<EvaluationSession> makeSession(const SessionOptions& options = {}) {
        return EvaluationSession::create(*m_executable, m_original, m_windows, m_protocol, options).value();
    }
    /// A session that has run the original, with a reference.
    std::unique_ptr<EvaluationSession> startSession(const SessionOptions& options = {}) {
        auto session = makeSession(options);
        EXPECT_TRUE(session->runReference(kNoLimit, {}, m_context).has_value());
        EXPECT_TRUE(session->evaluate(m_original, {}, {}, m_context).has_value());
        return session;
    }
    [[nodiscard]] ModelWeights edited(const ModelWeights& weights, const std::string& name,
                                      const char* format = "q4_0") const {
        const WeightId id = m_model.graph->findWeight(name);
        EXPECT_GE(id, 0) << name;
        return weights.with(*m_model.graph, name, requantized(m_original.at(id), format));
    }
    SessionFigures evaluate(EvaluationSession& session, const ModelWeights& weights) {
        auto figures = session.evaluate(weights, {}, {}, m_context);
        EXPECT_TRUE(figures.has_value()) << (figures ? "" : figures.error().message);
        return figures ? *figures : SessionFigures();
    }
    /// Everything that a full run of fresh executables says, bit for bit.
    void expectFullRun(const SessionFigures& figures, const ModelWeights& weights, const ReferenceRun& reference) {
        auto fresh = compile();
        HT_ASSERT_OK(fresh->updateWeights(weights, m_context));
        const auto full = evaluateAgainst(*fresh, m_windows, m_protocol, reference, {}, m_context);
        HT_ASSERT_OK(full);
        EXPECT_EQ(figures.result.nll.mean, full->nll.mean);
        EXPECT_EQ(figures.result.perplexity.standardError, full->perplexity.standardError);
        EXPECT_EQ(figures.result.reference->kld.mean, full->reference->kld.mean);
        EXPECT_EQ(figures.result.reference->kldPercentiles, full->reference->kldPercentiles);
        EXPECT_EQ(figures.result.reference->storeStandardError, full->reference->storeStandardError);
        EXPECT_EQ(figures.result.tokenNll, full->tokenNll);
        EXPECT_EQ(figures.result.tokenKld, full->tokenKld);
        EXPECT_EQ(figures.result.scored, full->scored);
        EXPECT_EQ(figures.result.tokens, full->tokens);
    }

    JobContext m_context;
    halftone::LoadedModel m_model;
    ModelWeights m_original;
    Protocol m_protocol{ProtocolKind::kFullWindow, kContext};
    std::vector<EvaluationWindow> m_windows;
    std::unique_ptr<StoppingExecutable> m_executable;
};

TEST_P(SessionTest, TheOriginalDivergesFromItselfByExactlyNothing) {
    const auto session = makeSession();
    HT_ASSERT_OK(session->runReference(kNoLimit, {}, m_context));
    EXPECT_FALSE(session->reference()->rows().isWhole()) << "the vocabulary is large enough to be sampled";
    const SessionFigures figures = evaluate(*session, m_original);
    EXPECT_EQ(figures.result.reference->kld.mean, 0.0);
    EXPECT_EQ(figures.result.reference->kldMax, 0.0);
    EXPECT_EQ(figures.result.reference->perplexityRatio.mean, 1.0);
    EXPECT_EQ(figures.result.reference->top1Agreement.mean, 1.0);
    EXPECT_EQ(figures.blocksRun, 0) << "the states are those of the reference's run";
    // A swap that swaps nothing is the control of every sensitivity.
    const ModelWeights control = m_original.with(
        *m_model.graph, "blk.3.attn_q.weight", copied(m_original.at(m_model.graph->findWeight("blk.3.attn_q.weight"))));
    const auto probed = session->probe(control, {}, {}, m_context);
    HT_ASSERT_OK(probed);
    EXPECT_EQ(probed->result.reference->kld.mean, 0.0);
    EXPECT_EQ(probed->kldChange->mean, 0.0);
    EXPECT_EQ(probed->blocksRun, 0);
}

TEST_P(SessionTest, AnEditRunsOnFromItsBlockAndGivesTheBitsOfAFullRun) {
    const auto session = startSession();
    ModelWeights weights = m_original;
    const std::pair<const char*, int64_t> edits[] = {{"blk.5.ffn_down.weight", 5},
                                                     {"blk.2.attn_v.weight", 2},
                                                     {"blk.0.ffn_up.weight", 0},
                                                     {"blk.4.attn_output.weight", 4},
                                                     {"blk.2.ffn_gate.weight", 2}};
    for (const auto& [name, block] : edits) {
        weights = edited(weights, name);
        EXPECT_EQ(session->firstBlockFor(weights, m_context), block) << name;
        const SessionFigures figures = evaluate(*session, weights);
        EXPECT_EQ(figures.blocksRun, kWindows * (kBlocks - block)) << name;
        EXPECT_EQ(figures.windowsReused, 0);
        EXPECT_GT(figures.result.reference->kld.mean, 0);
        expectFullRun(figures, weights, *session->reference());
    }
}

TEST_P(SessionTest, HeadAndNormEditsRunTheEpilogueAloneEmbeddingEditsAll) {
    const auto session = startSession();
    std::vector<float> scaled(256);
    PackedTensor norm = m_original.at(m_model.graph->findWeight("output_norm.weight"));
    std::memcpy(scaled.data(), norm.bytes.data(), norm.bytes.size());
    for (float& value : scaled) value *= 1.01f;
    norm.bytes = std::as_bytes(std::span(scaled));
    const ModelWeights head = m_original.with(*m_model.graph, "output_norm.weight", norm);
    const SessionFigures afterNorm = evaluate(*session, head);
    EXPECT_EQ(afterNorm.blocksRun, 0);
    EXPECT_GT(afterNorm.result.reference->kld.mean, 0);
    expectFullRun(afterNorm, head, *session->reference());
    // The sample's head is its embedding.
    const ModelWeights embedding = edited(m_original, "token_embd.weight", "q8_0");
    const SessionFigures afterEmbedding = evaluate(*session, embedding);
    EXPECT_EQ(afterEmbedding.blocksRun, kWindows * kBlocks);
    expectFullRun(afterEmbedding, embedding, *session->reference());
}

TEST_P(SessionTest, EditsInSeveralBlocksCostOneSuffixFromTheFirst) {
    const auto session = startSession();
    ModelWeights weights = m_original;
    for (const char* name : {"blk.4.ffn_down.weight", "blk.3.attn_k.weight", "blk.5.ffn_up.weight"})
        weights = edited(weights, name);
    const SessionFigures figures = evaluate(*session, weights);
    EXPECT_EQ(figures.blocksRun, kWindows * (kBlocks - 3));
    expectFullRun(figures, weights, *session->reference());
}

TEST_P(SessionTest, WhatIsPutBackCostsNothing) {
    const auto session = startSession();
    const SessionFigures before = evaluate(*session, m_original);
    const int calls = m_executable->forwardCalls;
    // Restored before anything ran: the same bytes, elsewhere.
    const PackedTensor same = copied(m_original.at(m_model.graph->findWeight("blk.1.ffn_up.weight")));
    const ModelWeights restored = m_original.with(*m_model.graph, "blk.1.ffn_up.weight", same);
    EXPECT_EQ(session->firstBlockFor(restored, m_context), kBlocks + 1);
    EXPECT_EQ(evaluate(*session, restored).windowsReused, kWindows);
    EXPECT_EQ(m_executable->forwardCalls, calls);
    // Restored after the edit was evaluated.
    const ModelWeights changed = edited(m_original, "blk.1.ffn_up.weight");
    const SessionFigures edit = evaluate(*session, changed);
    EXPECT_EQ(edit.blocksRun, kWindows * (kBlocks - 1));
    const int callsAfterEdit = m_executable->forwardCalls;
    const SessionFigures undone = evaluate(*session, restored);
    EXPECT_EQ(m_executable->forwardCalls, callsAfterEdit);
    EXPECT_EQ(undone.result.tokenNll, before.result.tokenNll);
    EXPECT_EQ(evaluate(*session, changed).result.tokenKld, edit.result.tokenKld);
    EXPECT_EQ(m_executable->forwardCalls, callsAfterEdit);
    // An edit upon the undone one still gives the right bits, though the states are the edit's.
    const ModelWeights next = edited(restored, "blk.3.ffn_up.weight");
    expectFullRun(evaluate(*session, next), next, *session->reference());
}

TEST_P(SessionTest, OldScoresAreForgottenTheBaselinesStay) {
    const auto session = startSession({.scoreBytes = 0});
    const auto probeOf = [&](int block) {
        const auto probed =
            session->probe(edited(m_original, "blk." + std::to_string(block) + ".attn_v.weight"), {}, {}, m_context);
        EXPECT_TRUE(probed.has_value());
        return probed->blocksRun;
    };
    for (const int block : {5, 4, 5}) EXPECT_EQ(probeOf(block), kWindows * (kBlocks - block));
    EXPECT_EQ(probeOf(5), 0) << "the last one is still there";
    EXPECT_EQ(evaluate(*session, m_original).windowsReused, kWindows);
}

TEST_P(SessionTest, ProbesLeaveTheStatesAlone) {
    const auto session = startSession();
    double shares = 0;
    for (const int block : {4, 1, 3, 1}) {
        const ModelWeights swapped = edited(m_original, "blk." + std::to_string(block) + ".attn_v.weight", "q4_0");
        const auto probed = session->probe(swapped, {}, {}, m_context);
        HT_ASSERT_OK(probed);
        const bool isRepeated = shares > 0 && block == 1 && probed->blocksRun == 0;
        if (!isRepeated) {
            EXPECT_EQ(probed->blocksRun, kWindows * (kBlocks - block));
        }
        EXPECT_EQ(probed->kldChange->mean, probed->result.reference->kld.mean) << "the original's own is zero";
        expectFullRun(*probed, swapped, *session->reference());
        shares += probed->result.reference->kld.mean;
    }
    EXPECT_GT(shares, 0);
    EXPECT_EQ(evaluate(*session, m_original).blocksRun, 0);
    const ModelWeights next = edited(m_original, "blk.5.attn_v.weight");
    EXPECT_EQ(evaluate(*session, next).blocksRun, kWindows);
}

TEST_P(SessionTest, LittleMemoryCostsWorkNotBits) {
    EXPECT_THAT(makeSession({.boundaryBytes = 6 * kBoundaryBytes})->boundaries(), ElementsAre(1, 2, 3, 4, 5, 6));
    EXPECT_THAT(makeSession({.boundaryBytes = 2 * kBoundaryBytes + 5})->boundaries(), ElementsAre(3, 6));
    EXPECT_THAT(makeSession({.boundaryBytes = kBoundaryBytes - 1})->boundaries(), ElementsAre());
    const auto session = startSession({.boundaryBytes = 3 * kBoundaryBytes});
    EXPECT_THAT(session->boundaries(), ElementsAre(3, 6)) << "and one that moves";
    EXPECT_EQ(session->boundaryBytes(), 2 * kBoundaryBytes);
    const ModelWeights first = edited(m_original, "blk.5.attn_q.weight");
    const SessionFigures recomputed = evaluate(*session, first);
    EXPECT_EQ(recomputed.blocksRun, kWindows * (kBlocks - 3));
    expectFullRun(recomputed, first, *session->reference());
    EXPECT_THAT(session->boundaries(), ElementsAre(3, 5, 6));
    const ModelWeights second = edited(first, "blk.5.attn_k.weight");
    const SessionFigures moved = evaluate(*session, second);
    EXPECT_EQ(moved.blocksRun, kWindows) << "the boundary has moved to where edits are made";
    expectFullRun(moved, second, *session->reference());
    EXPECT_LE(session->boundaryBytes(), 3 * kBoundaryBytes);
    const auto without = startSession({.boundaryBytes = 0});
    const SessionFigures full = evaluate(*without, second);
    EXPECT_EQ(full.blocksRun, kWindows * kBlocks);
    EXPECT_EQ(full.result.tokenKld, moved.result.tokenKld);
    EXPECT_EQ(without->boundaryBytes(), 0);
}

TEST_P(SessionTest, StatesInHalfPrecisionStayClose) {
    const auto exact = startSession();
    const auto half = startSession({.precision = BoundaryPrecision::kHalf});
    EXPECT_EQ(half->boundaryBytes() * 2, exact->boundaryBytes());
    const ModelWeights weights = edited(m_original, "blk.3.ffn_down.weight");
    const double expected = evaluate(*exact, weights).result.reference->kld.mean;
    EXPECT_NEAR(evaluate(*half, weights).result.reference->kld.mean, expected, 0.02 * expected);
}

TEST_P(SessionTest, CancelBetweenWindowsKeepsThem) {
    const auto session = startSession();
    const ModelWeights weights = edited(m_original, "blk.2.ffn_up.weight");
    JobContext context;
    std::stop_source stop;
    context.stop = stop.get_token();
    const auto cancelled = session->evaluate(
        weights, {},
        [&](const SessionFigures& running) {
            EXPECT_EQ(running.result.windows, 1);
            stop.request_stop();
        },
        context);
    ASSERT_FALSE(cancelled.has_value());
    EXPECT_EQ(cancelled.error().code, ErrorCode::kCancelled);
    const SessionFigures figures = evaluate(*session, weights);
    EXPECT_EQ(figures.windowsReused, 1);
    EXPECT_EQ(figures.blocksRun, (kWindows - 1) * (kBlocks - 2));
    expectFullRun(figures, weights, *session->reference());
}

TEST_P(SessionTest, CancelInsideAWindowKeepsTheBlocksDone) {
    const auto session = startSession();
    const ModelWeights older = edited(m_original, "blk.1.ffn_up.weight");
    JobContext context;
    context.stop = m_executable->stop.get_token();
    m_executable->stopAfterBlock = 4;
    EXPECT_EQ(session->evaluate(older, {}, {}, context).error().code, ErrorCode::kCancelled);
    m_executable->stopAfterBlock = -1;
    // A newer edit in another block overtakes: right bits, though one window holds states of the older weights.
    const ModelWeights newer = edited(older, "blk.5.ffn_up.weight");
    const SessionFigures figures = evaluate(*session, newer);
    EXPECT_EQ(figures.blocksRun, (kBlocks - 4) + (kWindows - 1) * (kBlocks - 1)) << "the first window goes on from 4";
    expectFullRun(figures, newer, *session->reference());
    // Back to the original: its scores are known.
    EXPECT_EQ(evaluate(*session, m_original).windowsReused, kWindows);
}

/// As where weights stream: each batch of windows passes through them once.
TEST_P(SessionTest, WindowsThatRunTogetherGiveTheSameFigures) {
    m_executable->together = 2 * kContext;
    const auto session = makeSession();
    HT_ASSERT_OK(session->runReference(kNoLimit, {}, m_context));
    EXPECT_THAT(m_executable->callSizes, ElementsAre(2, 1));
    const auto alone = runReference(*compile(), m_windows, m_protocol, kNoLimit, {}, m_context);
    HT_ASSERT_OK(alone);
    EXPECT_EQ(session->reference()->result().tokenNll, (*alone)->result().tokenNll);
    EXPECT_TRUE(std::ranges::equal(session->reference()->rows().logits(), (*alone)->rows().logits()));
    m_executable->callSizes.clear();
    const ModelWeights weights = edited(m_original, "blk.3.ffn_up.weight");
    const SessionFigures figures = evaluate(*session, weights);
    EXPECT_THAT(m_executable->callSizes, ElementsAre(2, 1));
    EXPECT_EQ(figures.blocksRun, kWindows * (kBlocks - 3));
    EXPECT_EQ(figures.windowsReused, 0);
    expectFullRun(figures, weights, *session->reference());
    // An early end believes as many windows as it would alone; what ran beside them is not lost.
    const StopRule stop{.relativeHalfWidth = 1e9, .minWindows = 1};
    m_executable->callSizes.clear();
    const ModelWeights other = edited(m_original, "blk.1.ffn_up.weight");
    const auto early = session->evaluate(other, stop, {}, m_context);
    HT_ASSERT_OK(early);
    EXPECT_TRUE(early->stoppedEarly);
    EXPECT_EQ(early->result.windows, 1);
    EXPECT_THAT(m_executable->callSizes, ElementsAre(2));
    const SessionFigures rest = evaluate(*session, other);
    EXPECT_EQ(rest.windowsReused, 2);
    EXPECT_THAT(m_executable->callSizes, ElementsAre(2, 1));
    expectFullRun(rest, other, *session->reference());
}

TEST_P(SessionTest, ACancelledReferenceGoesOn) {
    const auto session = makeSession();
    JobContext context;
    std::stop_source stop;
    context.stop = stop.get_token();
    const auto cancelled = session->runReference(
        kNoLimit,
        [&](const SessionFigures& running) {
            if (running.result.windows == 2) stop.request_stop();
        },
        context);
    ASSERT_FALSE(cancelled.has_value());
    const int calls = m_executable->forwardCalls;
    const auto run = session->runReference(kNoLimit, {}, m_context);
    HT_ASSERT_OK(run);
    EXPECT_EQ(m_executable->forwardCalls, calls + 1);
    const auto whole = runReference(*compile(), m_windows, m_protocol, kNoLimit, {}, m_context);
    HT_ASSERT_OK(whole);
    EXPECT_EQ((*run)->result().tokenNll, (*whole)->result().tokenNll);
    EXPECT_EQ((*run)->windowsHash(), (*whole)->windowsHash());
    EXPECT_TRUE(std::ranges::equal((*run)->rows().logits(), (*whole)->rows().logits()));
    EXPECT_EQ(makeSession()->runReference(1000, {}, m_context).error().code, ErrorCode::kOutOfMemory);
}

TEST_P(SessionTest, TheChangeIsKnownLongBeforeTheFigures) {
    const auto session = startSession();
    const SessionFigures before = evaluate(*session, edited(m_original, "blk.3.ffn_down.weight", "q4_0"));
    std::vector<int64_t> windows;
    const ModelWeights after =
        edited(edited(m_original, "blk.3.ffn_down.weight", "q4_0"), "blk.4.ffn_down.weight", "q4_0");
    const auto figures = session->evaluate(
        after, {},
        [&](const SessionFigures& running) {
            windows.push_back(running.result.windows);
            EXPECT_TRUE(running.kldChange.has_value());
            EXPECT_TRUE(running.result.tokenKld.empty()) << "values per token come with the end";
        },
        m_context);
    HT_ASSERT_OK(figures);
    EXPECT_THAT(windows, ElementsAre(1, 2, 3));
    EXPECT_NEAR(figures->kldChange->mean, figures->result.reference->kld.mean - before.result.reference->kld.mean,
                1e-12);
    EXPECT_LT(figures->kldChange->standardError, figures->result.reference->kld.standardError);
    EXPECT_NEAR(figures->projectedKld->mean, figures->result.reference->kld.mean, 1e-12);
    EXPECT_LE(figures->projectedKld->standardError, figures->kldChange->standardError);
    // A wide interval is reached early; going on costs only what is left.
    const ModelWeights third = edited(after, "blk.2.ffn_down.weight", "q4_0");
    const auto early = session->evaluate(third, {.divergenceHalfWidth = 10.0, .minWindows = 2}, {}, m_context);
    HT_ASSERT_OK(early);
    EXPECT_TRUE(early->stoppedEarly);
    EXPECT_EQ(early->result.windows, 2);
    EXPECT_EQ(early->result.tokenKld.size(), static_cast<size_t>(2 * (kContext - 1)));
    const SessionFigures rest = evaluate(*session, third);
    EXPECT_EQ(rest.windowsReused, 2);
    EXPECT_EQ(rest.blocksRun, kBlocks - 2);
    expectFullRun(rest, third, *session->reference());
}

TEST_P(SessionTest, WithoutAReferenceThereIsPerplexity) {
    const auto session = makeSession();
    const SessionFigures original = evaluate(*session, m_original);
    EXPECT_FALSE(original.result.reference.has_value());
    const ModelWeights weights = edited(m_original, "blk.4.attn_v.weight");
    const SessionFigures figures = evaluate(*session, weights);
    EXPECT_EQ(figures.blocksRun, kWindows * 2);
    auto fresh = compile();
    HT_ASSERT_OK(fresh->updateWeights(weights, m_context));
    const auto full = evaluatePerplexity(*fresh, m_windows, m_protocol, {}, m_context);
    HT_ASSERT_OK(full);
    EXPECT_EQ(figures.result.tokenNll, full->tokenNll);
    EXPECT_EQ(figures.result.perplexity.mean, full->perplexity.mean);
    EXPECT_NEAR(figures.nllChange->mean, figures.result.nll.mean - original.result.nll.mean, 1e-9);
}

TEST_P(SessionTest, AReferenceFromAFileServesAnotherSession) {
    const TemporaryFolder folder;
    HT_ASSERT_OK(startSession()->reference()->save(folder.path() / "reference", "sample"));
    const auto loaded = ReferenceRun::load(folder.path() / "reference");
    HT_ASSERT_OK(loaded);
    const auto session = makeSession();
    HT_ASSERT_OK(session->setReference(loaded->run));
    const SessionFigures figures = evaluate(*session, m_original);
    EXPECT_EQ(figures.blocksRun, kWindows * kBlocks);
    EXPECT_EQ(figures.result.reference->kld.mean, 0.0);
    std::vector<EvaluationWindow> others = m_windows;
    others[1].tokens[3] = 77;
    const auto other = EvaluationSession::create(*m_executable, m_original, others, m_protocol);
    HT_ASSERT_OK(other);
    EXPECT_THAT((*other)->setReference(loaded->run).error().message, HasSubstr("another text"));
    EXPECT_FALSE(EvaluationSession::create(*m_executable, m_original, {}, m_protocol).has_value());
}

TEST_P(SessionTest, ACorrectionAloneIsAnEdit) {
    const auto session = startSession();
    const std::string name = "blk.3.ffn_up.weight";
    const WeightId id = m_model.graph->findWeight(name);
    PackedTensor bare = requantized(m_original.at(id), "q4_0");
    PackedTensor corrected = bare;
    std::vector<std::vector<Outlier>> rows(static_cast<size_t>(bare.rows));
    rows[5].push_back({7, 0x4000});
    corrected.correction = makeCorrection(packOutliers(rows, bare.cols()), bare.rows, bare.cols());
    const SessionFigures without = evaluate(*session, m_original.with(*m_model.graph, name, bare));
    const ModelWeights weights = m_original.with(*m_model.graph, name, corrected);
    const SessionFigures with = evaluate(*session, weights);
    EXPECT_EQ(with.blocksRun, kWindows * (kBlocks - 3));
    EXPECT_NE(with.result.nll.mean, without.result.nll.mean);
    expectFullRun(with, weights, *session->reference());
    // The same bytes elsewhere are the same weights.
    PackedTensor again = copied(corrected);
    again.correction = makeCorrection(packOutliers(rows, bare.cols()), bare.rows, bare.cols());
    EXPECT_EQ(evaluate(*session, m_original.with(*m_model.graph, name, again)).blocksRun, 0);
}

TEST_P(SessionTest, TheOriginalKeepsEverythingAndTheRecipeItsFormat) {
    RunFormat format;
    format.cache = {DType::kQ8_0, DType::kQ4_0};
    format.activations.rounding = ActivationRounding::kInt8;
    const auto plain = startSession();
    const auto session = makeSession({.format = format});
    HT_ASSERT_OK(session->runReference(kNoLimit, {}, m_context));
    // The reference is that of a session without a format, to the bit.
    EXPECT_EQ(session->reference()->result().tokenNll, plain->reference()->result().tokenNll);
    EXPECT_EQ(session->reference()->result().runFormat, "");

    // The original's own states serve nothing but what comes before the first block.
    const SessionFigures original = evaluate(*session, m_original);
    EXPECT_EQ(original.blocksRun, kWindows * kBlocks);
    EXPECT_GT(original.result.reference->kld.mean, 1e-5);
    EXPECT_EQ(original.result.runFormat, "cache k=q8_0,v=q4_0, activations int8");
    EXPECT_EQ(original.result.conditions(), m_protocol.name() + ", cache k=q8_0,v=q4_0, activations int8");
    auto fresh = compile();
    const auto full = evaluateAgainst({*fresh, format}, m_windows, m_protocol, *session->reference(), {}, m_context);
    HT_ASSERT_OK(full);
    EXPECT_EQ(original.result.tokenNll, full->tokenNll);
    EXPECT_EQ(original.result.tokenKld, full->tokenKld);

    // Edits go on from states of the same format.
    const ModelWeights weights = edited(m_original, "blk.4.attn_v.weight");
    const SessionFigures figures = evaluate(*session, weights);
    EXPECT_EQ(figures.blocksRun, kWindows * 2);
    HT_ASSERT_OK(fresh->updateWeights(weights, m_context));
    const auto fullEdit =
        evaluateAgainst({*fresh, format}, m_windows, m_protocol, *session->reference(), {}, m_context);
    HT_ASSERT_OK(fullEdit);
    EXPECT_EQ(figures.result.tokenKld, fullEdit->tokenKld);

    // Another format is another run, and going back costs nothing.
    HT_ASSERT_OK(session->setFormat({}));
    EXPECT_EQ(evaluate(*session, m_original).result.reference->kld.mean, 0.0);
    HT_ASSERT_OK(session->setFormat(format));
    const SessionFigures back = evaluate(*session, m_original);
    EXPECT_EQ(back.blocksRun, 0);
    EXPECT_EQ(back.result.tokenKld, original.result.tokenKld);
    format.cache.key = DType::kQ4_K;
    EXPECT_FALSE(session->setFormat(format).has_value());
    EXPECT_FALSE(EvaluationSession::create(*m_executable, m_original, m_windows, m_protocol, {.format = format}));
}

TEST_P(SessionTest, SideBySideTheReferenceKeepsEverything) {
    const RunFormat format{.cache = {DType::kQ4_0, DType::kQ4_0}, .activations = {}};
    const auto reference = compile(), own = compile();
    const auto paired = evaluateSideBySide(*reference, {*own, format}, m_windows, m_protocol, {}, m_context);
    HT_ASSERT_OK(paired);
    EXPECT_EQ(paired->runFormat, "cache q4_0");
    const auto original = evaluatePerplexity(*reference, m_windows, m_protocol, {}, m_context);
    const auto alone = evaluatePerplexity({*own, format}, m_windows, m_protocol, {}, m_context);
    EXPECT_NEAR(paired->reference->referencePerplexity.mean / original->perplexity.mean, 1.0, 1e-6);
    EXPECT_NEAR(paired->perplexity.mean / alone->perplexity.mean, 1.0, 1e-6);
    EXPECT_NE(alone->perplexity.mean, original->perplexity.mean);
    EXPECT_EQ(alone->conditions(), m_protocol.name() + ", cache q4_0");
    EXPECT_EQ(original->conditions(), m_protocol.name());
}

INSTANTIATE_TEST_SUITE_P(Backends, SessionTest, testing::Values("cpu", "reference"),
                         [](const auto& param) { return std::string(param.param); });

}  // namespace
}  // namespace halftone::test
