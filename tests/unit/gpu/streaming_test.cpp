// SPDX-License-Identifier: GPL-3.0-or-later
// Models larger than the memory they may take: the same numbers as with all weights on the device, whatever streams.
#include <algorithm>
#include <chrono>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/checkpoint/checkpoint.h"
#include "core/quant/formats/codec.h"
#include "gpu/engine/vulkan_executable.h"
#include "tests/support/test_paths.h"
#include "tests/unit/core/inference/loaded_model.h"
#include "tests/unit/gpu/vulkan_fixture.h"

namespace halftone {
namespace {

using ::testing::HasSubstr;

constexpr uint64_t kKiB = 1024;

/// Everything that a call can hand out.
struct Outcome {
    std::vector<float> logits;
    std::vector<float> logProbs;
    std::vector<std::vector<float>> boundaries;
    bool operator==(const Outcome&) const = default;
};

/// A call whose results land in `outcome`.
ForwardOptions optionsInto(Outcome& outcome, std::span<const TokenId> tokens) {
    outcome.logProbs.assign(tokens.size(), 1.0f);
    ForwardOptions options;
    options.logitsBegin = std::ssize(tokens) / 2;
    options.logitsEnd = std::ssize(tokens);
    options.logitsSink = [&outcome](int64_t, int64_t, std::span<const float> rows) -> Status {
        outcome.logits.insert(outcome.logits.end(), rows.begin(), rows.end());
        return {};
    };
    options.targets = tokens;
    options.logProbs = outcome.logProbs;
    options.boundarySink = [&outcome](int, std::span<const float> hidden) -> Status {
        outcome.boundaries.emplace_back(hidden.begin(), hidden.end());
        return {};
    };
    return options;
}

Result<Outcome> runOnce(Executable& executable, Sequence& sequence, std::span<const TokenId> tokens,
                        const JobContext& job = JobContext()) {
    Outcome outcome;
    HT_TRY(executable.forward(sequence, tokens, optionsInto(outcome, tokens), job));
    return outcome;
}

/// A prompt and a few single tokens after it.
Result<std::vector<Outcome>> runPromptAndSteps(Executable& executable) {
    const ModelConfig& config = executable.graph().config;
    const int64_t length = std::min<int64_t>(140, config.contextLength - 10);
    HT_ASSIGN_OR_RETURN(const auto sequence, executable.createSequence(length + 8));
    std::vector<Outcome> outcomes;
    std::vector<TokenId> prompt;
    for (int64_t i = 0; i < length; ++i) prompt.push_back(static_cast<TokenId>((i * 37 + 5) % config.vocabSize));
    HT_ASSIGN_OR_RETURN(Outcome first, runOnce(executable, *sequence, prompt));
    outcomes.push_back(std::move(first));
    for (TokenId id = 3; id < 8; ++id) {
        HT_ASSIGN_OR_RETURN(Outcome step, runOnce(executable, *sequence, {&id, 1}));
        outcomes.push_back(std::move(step));
    }
    return outcomes;
}

class StreamingTest : public test::VulkanTest {
  protected:
    void SetUp() override {
        VulkanTest::SetUp();
        if (!m_context) return;
        load("stories260K");
    }
    void load(const std::string& name) {
        HT_SHARED_OR_SKIP(folder, "models/" + name);
        auto opened = test::openModel(folder);
        HT_ASSERT_OK(opened);
        m_model = std::move(*opened);
        m_name = name;
    }

    std::shared_ptr<VulkanContext> openWith(uint64_t budgetBytes, const PlanAdjustment& further = {}) {
        return open([&](vk::DevicePlan& plan) {
            plan.deviceBudgetBytes = budgetBytes;
            plan.slabBytes = 64 * kKiB;
            plan.spillsToHost = false;
            if (further) further(plan);
        });
    }
    Result<std::unique_ptr<VulkanExecutable>> compile(const std::shared_ptr<VulkanContext>& context) {
        return VulkanExecutable::create(context, m_model.graph, m_model.weights, JobContext());
    }
    /// The smallest budget that runs the model, to 16 KiB.
    uint64_t leastBudget() {
        static std::map<std::string, uint64_t> known;
        if (known.contains(m_name)) return known[m_name];
        uint64_t refused = 0, enough = 32768 * kKiB;
        while (enough - refused > 16 * kKiB) {
            const uint64_t middle = (enough + refused) / 2;
            const auto context = openWith(middle);
            (compile(context) ? enough : refused) = middle;
        }
        return known[m_name] = enough;
    }
    /// Less than the largest matrix of a block takes, enough for 64 rows of every activation.
    uint64_t widestBinding() {
        int64_t widest = 0;
        for (const ValueSlot& value : m_model.graph->values) widest = std::max(widest, value.width);
        return static_cast<uint64_t>((widest + 15) / 16 * 16) * 4 * 64;
    }
    std::vector<Outcome> expected() {
        auto executable = compile(m_context);
        EXPECT_TRUE(executable.has_value());
        EXPECT_FALSE((*executable)->weightPlan().streams());
        return runPromptAndSteps(**executable).value();
    }

    test::LoadedModel m_model;
    std::string m_name;
};

TEST_F(StreamingTest, CorrectionsStreamWithTheirCodes) {
    for (const WeightSlot& slot : m_model.graph->weights) {
        const PackedTensor& original = m_model.weights.at(m_model.graph->findWeight(slot.name));
        if (slot.isVector || original.correction) continue;
        m_model.weights =
            m_model.weights.with(*m_model.graph, slot.name, test::requantized(original, "int4_g64_asym+out2+rank12"));
    }
    m_name = "corrected";
    const std::vector<Outcome> whole = expected();
    const uint64_t least = leastBudget();
    const auto context = openWith(least);
    ASSERT_TRUE(context);
    auto executable = compile(context);
    HT_ASSERT_OK(executable);
    EXPECT_TRUE((*executable)->weightPlan().streams());
    const auto outcomes = runPromptAndSteps(**executable);
    HT_ASSERT_OK(outcomes);
    EXPECT_EQ(*outcomes, whole);
    EXPECT_LE(context->allocator->deviceBytesReserved(), least);
}

TEST_F(StreamingTest, GivesTheSameNumbersHoweverLittleFits) {
    const std::vector<Outcome> whole = expected();
    const uint64_t least = leastBudget();
    std::map<std::pair<int, int64_t>, int> seen;
    for (const uint64_t more : {uint64_t{0}, 200 * kKiB, 400 * kKiB}) {
        for (const bool direct : {true, false}) {
            const auto context =
                openWith(least + more, [&](vk::DevicePlan& plan) { plan.directUpload = direct && plan.directUpload; });
            ASSERT_TRUE(context);
            auto executable = compile(context);
            HT_ASSERT_OK(executable);
            const vk::WeightPlan& plan = (*executable)->weightPlan();
            EXPECT_TRUE(plan.streams());
            ++seen[{plan.slots, plan.residentBlocks()}];
            const auto outcomes = runPromptAndSteps(**executable);
            HT_ASSERT_OK(outcomes);
            EXPECT_EQ(*outcomes, whole) << "with " << more << " bytes more than the least, direct " << direct;
            EXPECT_LE(context->allocator->deviceBytesReserved(), least + more);
        }
    }
    EXPECT_GE(seen.size(), 3u) << "several plans were to be tried";
    EXPECT_EQ(seen.begin()->first.first, 1) << "with the least memory one slot has to do";
}

/// Biases, learned positions and a head that is the embedding; tensors that take several bindings.
TEST_F(StreamingTest, StreamsOtherArchitecturesAndSplitTensors) {
    load("slm4096-gpt2");
    if (IsSkipped() || HasFatalFailure()) return;
    const std::vector<Outcome> whole = expected();
    const uint64_t binding = widestBinding();
    const auto context = openWith(leastBudget(), [&](vk::DevicePlan& plan) { plan.maxBindingBytes = binding; });
    ASSERT_TRUE(context);
    auto executable = compile(context);
    HT_ASSERT_OK(executable);
    EXPECT_TRUE((*executable)->weightPlan().streams());
    const auto outcomes = runPromptAndSteps(**executable);
    HT_ASSERT_OK(outcomes);
    EXPECT_EQ(*outcomes, whole);
}

TEST_F(StreamingTest, SequencesOfOneCallGetWhatTheyGetAlone) {
    const auto context = openWith(leastBudget() + 300 * kKiB);
    ASSERT_TRUE(context);
    auto executable = compile(context);
    HT_ASSERT_OK(executable);
    ASSERT_TRUE((*executable)->weightPlan().streams());
    EXPECT_GT((*executable)->tokensWorthTogether(), 0);
    std::vector<std::vector<TokenId>> texts;
    for (const size_t length : {size_t{70}, size_t{1}, size_t{33}})
        texts.emplace_back(length, static_cast<TokenId>(length + 2));
    std::vector<Outcome> alone(texts.size()), together(texts.size());
    std::vector<std::unique_ptr<Sequence>> sequences;
    std::vector<SequenceInput> inputs;
    for (size_t i = 0; i < texts.size(); ++i) {
        sequences.push_back((*executable)->createSequence(80).value());
        HT_ASSERT_OK((*executable)->forward(*sequences[i], texts[i], optionsInto(alone[i], texts[i]), JobContext()));
        sequences[i]->truncate(0);
        inputs.push_back({sequences[i].get(), texts[i], optionsInto(together[i], texts[i])});
    }
    HT_ASSERT_OK((*executable)->forwardTogether(inputs, JobContext()));
    EXPECT_EQ(together, alone);
    for (size_t i = 0; i < texts.size(); ++i) EXPECT_EQ(sequences[i]->position(), std::ssize(texts[i]));
    // One of them begins in the middle: from the state that the others have there.
    inputs[2].options.firstBlock = 3;
    inputs[2].options.hiddenIn = alone[2].boundaries[2];
    Outcome late;
    ForwardOptions options = optionsInto(late, texts[2]);
    options.firstBlock = 3;
    options.hiddenIn = alone[2].boundaries[2];
    for (const auto& sequence : sequences) sequence->truncate(0);
    Outcome first;
    const SequenceInput mixed[] = {{sequences[0].get(), texts[0], optionsInto(first, texts[0])},
                                   {sequences[2].get(), texts[2], options}};
    HT_ASSERT_OK((*executable)->forwardTogether(mixed, JobContext()));
    EXPECT_EQ(first, alone[0]);
    EXPECT_EQ(late.logits, alone[2].logits);
    EXPECT_EQ(late.boundaries.size(), 2u);
    const SequenceInput twice[] = {inputs[0], inputs[0]};
    EXPECT_EQ((*executable)->forwardTogether(twice, JobContext()).error().code, ErrorCode::kInvalidArgument);
}

TEST_F(StreamingTest, EditsOfStreamedBlocksTakeEffectAndGoBack) {
    const auto context = openWith(leastBudget() + 600 * kKiB);
    ASSERT_TRUE(context);
    auto executable = compile(context);
    HT_ASSERT_OK(executable);
    ASSERT_TRUE((*executable)->weightPlan().streams());
    EXPECT_GT((*executable)->weightPlan().residentBlocks(), 0);
    const std::vector<Outcome> before = runPromptAndSteps(**executable).value();
    const int64_t uploads = (*executable)->uploadCount();
    ModelWeights edited = m_model.weights;
    for (int64_t block = 0; block < m_model.graph->config.blockCount; ++block) {
        const std::string name = "blk." + std::to_string(block) + ".ffn_up.weight";
        edited =
            edited.with(*m_model.graph, name,
                        test::requantized(m_model.weights.at(m_model.graph->findWeight(name)), "int4_channel_asym"));
    }
    HT_ASSERT_OK((*executable)->updateWeights(edited, JobContext()));
    EXPECT_EQ((*executable)->uploadCount() - uploads, (*executable)->weightPlan().residentBlocks());
    const std::vector<Outcome> changed = runPromptAndSteps(**executable).value();
    EXPECT_NE(changed, before);
    auto whole = VulkanExecutable::create(m_context, m_model.graph, edited, JobContext());
    HT_ASSERT_OK(whole);
    EXPECT_EQ(changed, runPromptAndSteps(**whole).value());
    HT_ASSERT_OK((*executable)->updateWeights(m_model.weights, JobContext()));
    EXPECT_EQ(runPromptAndSteps(**executable).value(), before);
}

TEST_F(StreamingTest, BlocksLeaveForALongerCache) {
    const std::vector<Outcome> whole = expected();
    // Enough for all weights and a short text.
    const auto roomy = openWith(leastBudget() + 1024 * kKiB);
    ASSERT_TRUE(roomy);
    auto executable = compile(roomy);
    HT_ASSERT_OK(executable);
    ASSERT_FALSE((*executable)->weightPlan().streams());
    std::vector<std::unique_ptr<Sequence>> held;
    while (!(*executable)->weightPlan().streams() && held.size() < 50) {
        auto sequence = (*executable)->createSequence(128);
        HT_ASSERT_OK(sequence);
        held.push_back(std::move(*sequence));
    }
    EXPECT_TRUE((*executable)->weightPlan().streams());
    held.clear();
    const auto outcomes = runPromptAndSteps(**executable);
    HT_ASSERT_OK(outcomes);
    EXPECT_EQ(*outcomes, whole);
}

TEST_F(StreamingTest, ASecondModelTakesRoomFromTheFirst) {
    const std::vector<Outcome> whole = expected();
    const auto context = openWith(leastBudget() + 1500 * kKiB);
    ASSERT_TRUE(context);
    auto first = compile(context);
    HT_ASSERT_OK(first);
    ModelWeights edited = m_model.weights;
    for (size_t id = 0; id < edited.size(); ++id) {
        const std::string& name = m_model.graph->weights[id].name;
        if (m_model.graph->weights[id].block >= 0 && !m_model.graph->weights[id].isVector)
            edited = edited.with(*m_model.graph, name,
                                 test::requantized(m_model.weights.at(static_cast<WeightId>(id)), "f32"));
    }
    auto second = VulkanExecutable::create(context, m_model.graph, edited, JobContext());
    HT_ASSERT_OK(second);
    EXPECT_TRUE((*first)->weightPlan().streams() || (*second)->weightPlan().streams());
    EXPECT_EQ(runPromptAndSteps(**second).value(), whole);
    EXPECT_EQ(runPromptAndSteps(**first).value(), whole);
    EXPECT_EQ(runPromptAndSteps(**second).value(), whole);
}

TEST_F(StreamingTest, RefusesInOneSentenceWhatCannotRun) {
    const auto context = openWith(leastBudget() / 2);
    ASSERT_TRUE(context);
    const auto refused = compile(context);
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, ErrorCode::kOutOfMemory);
    EXPECT_THAT(refused.error().message, HasSubstr("largest of them alone takes"));
    EXPECT_EQ(context->allocator->deviceBytesReserved(), 0u);
}

TEST_F(StreamingTest, CancelEndsSoonAndTheNextRunIsRight) {
    const auto context = openWith(leastBudget() + 300 * kKiB);
    ASSERT_TRUE(context);
    auto executable = compile(context);
    HT_ASSERT_OK(executable);
    auto sequence = (*executable)->createSequence(160);
    const std::vector<TokenId> tokens(150, 7);
    const auto before = runOnce(**executable, **sequence, tokens);
    HT_ASSERT_OK(before);
    for (const int stopAfter : {1, 2}) {
        (*sequence)->truncate(0);
        std::stop_source stop;
        JobContext job;
        job.stop = stop.get_token();
        std::chrono::steady_clock::time_point asked;
        ForwardOptions options;
        options.boundarySink = [&](int block, std::span<const float>) -> Status {
            if (block == stopAfter) asked = std::chrono::steady_clock::now();
            if (block == stopAfter) stop.request_stop();
            return {};
        };
        const auto cancelled = (*executable)->forward(**sequence, tokens, options, job);
        const auto waited = std::chrono::steady_clock::now() - asked;
        ASSERT_FALSE(cancelled.has_value());
        EXPECT_EQ(cancelled.error().code, ErrorCode::kCancelled);
        EXPECT_LT(waited, std::chrono::milliseconds(200));
        EXPECT_EQ((*sequence)->position(), 0);
        EXPECT_EQ(*runOnce(**executable, **sequence, tokens), *before);
    }
}

TEST_F(StreamingTest, ALostDeviceIsReported) {
    const auto context = openWith(leastBudget(), [](vk::DevicePlan& plan) { plan.directUpload = false; });
    ASSERT_TRUE(context);
    auto executable = compile(context);
    HT_ASSERT_OK(executable);
    auto sequence = (*executable)->createSequence(64);
    const std::vector<TokenId> tokens{1, 403, 407};
    HT_ASSERT_OK(runOnce(**executable, **sequence, tokens));
    context->device->simulateLossAfter(3);
    const auto lost = runOnce(**executable, **sequence, tokens);
    ASSERT_FALSE(lost.has_value());
    EXPECT_EQ(lost.error().code, ErrorCode::kDeviceLost);
    EXPECT_EQ((*sequence)->position(), 3);
}

}  // namespace
}  // namespace halftone
