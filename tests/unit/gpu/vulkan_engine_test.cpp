// SPDX-License-Identifier: GPL-3.0-or-later
// Whole models on a Vulkan device: reference numbers, greedy continuations, errors and edits that the conformance
// suite, which compares operations and models with the processor's backends, does not cover.
#include <algorithm>
#include <cmath>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/checkpoint/checkpoint.h"
#include "core/inference/op_profile.h"
#include "gpu/engine/vulkan_executable.h"
#include "tests/support/test_paths.h"
#include "tests/unit/core/inference/loaded_model.h"
#include "tests/unit/gpu/vulkan_fixture.h"

namespace halftone {
namespace {

using ::testing::HasSubstr;

Result<std::vector<float>> lastLogits(Executable& executable, Sequence& sequence, std::span<const TokenId> tokens,
                                      const JobContext& job = JobContext()) {
    std::vector<float> logits;
    ForwardOptions options;
    options.logitsBegin = static_cast<int64_t>(tokens.size()) - 1;
    options.logitsEnd = options.logitsBegin + 1;
    options.logitsSink = [&](int64_t, int64_t, std::span<const float> rows) -> Status {
        logits.assign(rows.begin(), rows.end());
        return {};
    };
    HT_TRY(executable.forward(sequence, tokens, options, job));
    return logits;
}

Result<std::vector<TokenId>> greedy(Executable& executable, std::span<const TokenId> prompt, size_t count) {
    HT_ASSIGN_OR_RETURN(const auto sequence, executable.createSequence(executable.graph().config.contextLength));
    std::vector<TokenId> result, next(prompt.begin(), prompt.end());
    while (result.size() < count) {
        HT_ASSIGN_OR_RETURN(const auto logits, lastLogits(executable, *sequence, next));
        result.push_back(static_cast<TokenId>(std::ranges::max_element(logits) - logits.begin()));
        next = {result.back()};
    }
    return result;
}

nlohmann::json referenceOf(const std::filesystem::path& folder) {
    return nlohmann::json::parse(test::readFile(folder / "reference.json"));
}

/// Largest difference to the reference's numbers of the last position, relative to the largest of them.
double referenceError(const nlohmann::json& reference, std::span<const float> logits) {
    double largest = 0, difference = 0;
    const auto compare = [&](size_t index, double expected) {
        largest = std::max(largest, std::abs(expected));
        difference = std::max(difference, std::abs(expected - static_cast<double>(logits[index])));
    };
    for (const auto& entry : reference["last_position_top10"]) compare(entry[0].get<size_t>(), entry[1].get<double>());
    const auto first = reference["last_position_logits_first16"].get<std::vector<double>>();
    for (size_t i = 0; i < first.size(); ++i) compare(i, first[i]);
    return difference / largest;
}

class VulkanEngineTest : public test::VulkanTest {
  protected:
    Result<std::unique_ptr<VulkanExecutable>> compile(const std::shared_ptr<VulkanContext>& context,
                                                      const test::LoadedModel& model) {
        return VulkanExecutable::create(context, model.graph, model.weights, JobContext());
    }
};

struct Case {
    const char* name;
    const char* folder;
    const char* file;
    double tolerance;
};

class VulkanReference : public VulkanEngineTest, public ::testing::WithParamInterface<Case> {};

TEST_P(VulkanReference, LogitsAndGreedyContinuationsAgree) {
    const Case& model = GetParam();
    HT_SHARED_OR_SKIP(folder, std::string("models/") + model.folder);
    const auto opened = test::openModel(folder / model.file);
    HT_ASSERT_OK(opened);
    auto executable = compile(m_context, *opened);
    HT_ASSERT_OK(executable);
    const auto reference = referenceOf(folder);
    const auto ids = reference["logits"]["input_ids"].get<std::vector<TokenId>>();
    auto sequence = (*executable)->createSequence(static_cast<int64_t>(ids.size()));
    HT_ASSERT_OK(sequence);
    const auto logits = lastLogits(**executable, **sequence, ids);
    HT_ASSERT_OK(logits);
    const double error = referenceError(reference["logits"], *logits);
    std::printf("  %s: relative error %.2e\n", model.name, error);
    EXPECT_LT(error, model.tolerance);
    for (const auto& entry : reference["greedy"]) {
        const auto expected = entry["greedy_ids"].get<std::vector<TokenId>>();
        const auto tokens = greedy(**executable, entry["prompt_ids"].get<std::vector<TokenId>>(), expected.size());
        HT_ASSERT_OK(tokens);
        EXPECT_EQ(*tokens, expected) << entry["prompt"];
    }
}

INSTANTIATE_TEST_SUITE_P(Models, VulkanReference,
                         ::testing::Values(Case{"stories260K", "stories260K", "", 1e-4},
                                           Case{"stories260K_f32", "stories260K", "stories260K-f32.gguf", 1e-4},
                                           Case{"stories260K_f16", "stories260K", "stories260K-f16.gguf", 5e-3},
                                           Case{"babyllama", "babyllama-105", "", 1e-4},
                                           Case{"zh_poem", "zh-poem-750K", "", 1e-4},
                                           Case{"slm4096_gpt2", "slm4096-gpt2", "", 1e-4}),
                         [](const auto& param) { return param.param.name; });

/// Logits of all tokens, `step` at a time.
Result<std::vector<float>> logitsOf(Executable& executable, std::span<const TokenId> tokens, Arithmetic arithmetic,
                                    size_t step) {
    HT_ASSIGN_OR_RETURN(const auto sequence, executable.createSequence(static_cast<int64_t>(tokens.size())));
    std::vector<float> all;
    ForwardOptions options;
    options.arithmetic = arithmetic;
    options.logitsEnd = static_cast<int64_t>(step);
    options.logitsSink = [&](int64_t, int64_t, std::span<const float> rows) -> Status {
        all.insert(all.end(), rows.begin(), rows.end());
        return {};
    };
    for (size_t begin = 0; begin < tokens.size(); begin += step)
        HT_TRY(executable.forward(*sequence, tokens.subspan(begin, step), options, JobContext()));
    return all;
}

/// Mean divergence of rows of logits in nats.
double divergence(std::span<const float> p, std::span<const float> q, size_t vocabulary) {
    double total = 0;
    for (size_t row = 0; row < p.size(); row += vocabulary) {
        double sumP = 0, sumQ = 0, sum = 0;
        for (size_t i = row; i < row + vocabulary; ++i) {
            sumP += std::exp(double(p[i]));
            sumQ += std::exp(double(q[i]));
        }
        for (size_t i = row; i < row + vocabulary; ++i)
            sum += std::exp(double(p[i])) / sumP * (double(p[i]) - double(q[i]) - std::log(sumP / sumQ));
        total += sum;
    }
    return total / (double(p.size()) / double(vocabulary));
}

/// A whole model, its head too: what products of bytes do to distributions where they are allowed, and that figures
/// are made without them.
TEST_F(VulkanEngineTest, ProductsOfBytesHardlyMoveDistributions) {
    auto model = test::openModel(test::sourceDir() / "resources/sample");
    HT_ASSERT_OK(model);
    for (const WeightSlot& slot : model->graph->weights) {
        if (slot.isVector) continue;
        const PackedTensor& original = model->weights.at(model->graph->findWeight(slot.name));
        model->weights = model->weights.with(*model->graph, slot.name, test::requantized(original, "q8_0"));
    }
    if (!m_context->plan().integer.usable) GTEST_SKIP() << "no products of bytes on this device";
    const auto with = open([](vk::DevicePlan& plan) {
        plan.integer.matvec = plan.integer.matmul = true;
        plan.integer.leastProducts = 0;
    });
    const auto large = open([](vk::DevicePlan& plan) {
        plan.integer.matvec = plan.integer.matmul = true;
        plan.integer.leastProducts = INT64_MAX;
    });
    const auto without = open([](vk::DevicePlan& plan) { plan.integer.matvec = plan.integer.matmul = false; });
    ASSERT_TRUE(with && large && without);
    const auto executable = compile(with, *model), careful = compile(large, *model), plain = compile(without, *model);
    HT_ASSERT_OK(executable);
    HT_ASSERT_OK(careful);
    HT_ASSERT_OK(plain);
    std::vector<TokenId> tokens;
    for (int i = 0; i < 48; ++i) tokens.push_back((i * 53 + 7) % 2000);
    const auto exact = logitsOf(**plain, tokens, Arithmetic::kFloat, 48);
    HT_ASSERT_OK(exact);
    EXPECT_EQ(*logitsOf(**executable, tokens, Arithmetic::kFloat, 48), *exact);
    EXPECT_EQ(*logitsOf(**plain, tokens, Arithmetic::kInteger, 48), *exact) << "the plan has none";
    EXPECT_EQ(*logitsOf(**careful, tokens, Arithmetic::kInteger, 48), *exact) << "no layer is large enough";
    for (const size_t step : {size_t{48}, size_t{1}}) {
        const auto rounded = logitsOf(**executable, tokens, Arithmetic::kInteger, step);
        HT_ASSERT_OK(rounded);
        const auto vocabulary = static_cast<size_t>(model->graph->config.vocabSize);
        const double moved = divergence(*exact, *rounded, vocabulary);
        std::printf("  mean divergence, %zu tokens at once: %.2e nats\n", step, moved);
        EXPECT_LT(moved, 1e-3);
        EXPECT_GT(moved, 1e-9) << "the integer kernels did not run";
    }
}

/// Prompts on matrix units: binary16 is closer than bytes are, and figures are made without.
TEST_F(VulkanEngineTest, MatrixUnitsHardlyMoveDistributions) {
    if (!m_context->plan().units.usable) GTEST_SKIP() << "this device has no matrix units";
    const auto model = test::openModel(test::sourceDir() / "resources/sample");
    HT_ASSERT_OK(model);
    const auto with = open([](vk::DevicePlan& plan) { plan.units.matmul = true; });
    const auto without = open([](vk::DevicePlan& plan) { plan.units.matmul = plan.integer.matmul = false; });
    ASSERT_TRUE(with && without);
    const auto executable = compile(with, *model), plain = compile(without, *model);
    HT_ASSERT_OK(executable);
    HT_ASSERT_OK(plain);
    std::vector<TokenId> tokens;
    for (int i = 0; i < 48; ++i) tokens.push_back((i * 53 + 7) % 2000);
    const auto exact = logitsOf(**plain, tokens, Arithmetic::kFloat, 48);
    HT_ASSERT_OK(exact);
    EXPECT_EQ(*logitsOf(**executable, tokens, Arithmetic::kFloat, 48), *exact);
    const auto rounded = logitsOf(**executable, tokens, Arithmetic::kInteger, 48);
    HT_ASSERT_OK(rounded);
    const double moved = divergence(*exact, *rounded, static_cast<size_t>(model->graph->config.vocabSize));
    std::printf("  mean divergence: %.2e nats\n", moved);
    EXPECT_LT(moved, 2e-5);
    EXPECT_GT(moved, 1e-12) << "the matrix units did not run";
}

TEST_F(VulkanEngineTest, HalfPrecisionCacheStaysClose) {
    HT_SHARED_OR_SKIP(folder, "models/stories260K");
    const auto opened = test::openModel(folder);
    HT_ASSERT_OK(opened);
    auto context = open({});
    ASSERT_TRUE(context);
    auto executable = compile(context, *opened);
    HT_ASSERT_OK(executable);
    const auto reference = referenceOf(folder);
    const auto ids = reference["logits"]["input_ids"].get<std::vector<TokenId>>();
    auto sequence = (*executable)->createSequence(64, {.cache = {DType::kF16, DType::kF16}, .activations = {}});
    const auto logits = lastLogits(**executable, **sequence, ids);
    HT_ASSERT_OK(logits);
    EXPECT_LT(referenceError(reference["logits"], *logits), 5e-3);
}

TEST_F(VulkanEngineTest, AnEditUploadsOnlyWhatChanged) {
    HT_SHARED_OR_SKIP(folder, "models/stories260K");
    const auto opened = test::openModel(folder);
    HT_ASSERT_OK(opened);
    auto context = open({});
    ASSERT_TRUE(context);
    auto executable = compile(context, *opened);
    HT_ASSERT_OK(executable);
    const int64_t all = (*executable)->uploadCount();
    EXPECT_EQ(all, static_cast<int64_t>(opened->weights.size()));
    HT_ASSERT_OK((*executable)->updateWeights(opened->weights, JobContext()));
    EXPECT_EQ((*executable)->uploadCount(), all);

    const std::string name = "blk.2.ffn_down.weight";
    PackedTensor changed = opened->weights.at(opened->graph->findWeight(name));
    auto copy = std::make_shared<std::vector<std::byte>>(changed.bytes.begin(), changed.bytes.end());
    changed.bytes = *copy;
    changed.owner = copy;
    HT_ASSERT_OK((*executable)->updateWeights(opened->weights.with(*opened->graph, name, changed), JobContext()));
    EXPECT_EQ((*executable)->uploadCount(), all + 1);
    // The same bytes on the device for a second executable.
    const uint64_t reserved = context->allocator->deviceBytesReserved();
    auto twin = compile(context, *opened);
    HT_ASSERT_OK(twin);
    EXPECT_EQ(context->allocator->deviceBytesReserved(), reserved);
}

TEST_F(VulkanEngineTest, TellsWhatItsOperationsTake) {
    HT_SHARED_OR_SKIP(folder, "models/stories260K");
    const auto opened = test::openModel(folder);
    HT_ASSERT_OK(opened);
    auto executable = compile(m_context, *opened);
    HT_ASSERT_OK(executable);
    auto sequence = (*executable)->createSequence(64);
    HT_ASSERT_OK(sequence);
    const std::vector<TokenId> tokens(40, 7);
    const auto before = lastLogits(**executable, **sequence, tokens);
    OpProfile profile(ProfileDetail::kEvents);
    HT_ASSERT_OK((*executable)->profileInto(&profile));
    for (int i = 0; i < 3; ++i) {
        (*sequence)->truncate(0);
        EXPECT_EQ(*lastLogits(**executable, **sequence, tokens), *before);
    }
    HT_ASSERT_OK((*executable)->profileInto(nullptr));
    const int64_t calls = profile.forwardCalls();
    EXPECT_EQ(calls, 3);
    EXPECT_THAT(profile.lanes(), ::testing::ElementsAre("forward", "device"));
    EXPECT_GT(profile.opSeconds(), 0);
    EXPECT_LE(profile.opSeconds(), profile.forwardSeconds() * 1.05) << "the device works inside the calls";
    const auto attention = std::ranges::find(profile.lines(), "attention", &ProfileLine::op);
    ASSERT_NE(attention, profile.lines().end());
    EXPECT_EQ(attention->calls, calls * opened->graph->config.blockCount);
    double end = 0;
    for (const ProfileEvent& event : profile.events()) {
        if (event.line < 0) continue;
        EXPECT_EQ(event.lane, 1);
        EXPECT_GE(event.begin, end - 1e-6) << "the device does one after the other";
        end = event.begin + event.seconds;
    }
    (*sequence)->truncate(0);
    EXPECT_EQ(*lastLogits(**executable, **sequence, tokens), *before);
    EXPECT_EQ(profile.forwardCalls(), calls);
    const auto blind = open([](vk::DevicePlan& plan) { plan.timestampNanoseconds = 0; });
    ASSERT_TRUE(blind);
    auto other = compile(blind, *opened);
    HT_ASSERT_OK(other);
    const Status refused = (*other)->profileInto(&profile);
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, ErrorCode::kUnsupported);
}

TEST_F(VulkanEngineTest, ALostDeviceIsReportedAndLeavesThePosition) {
    HT_SHARED_OR_SKIP(folder, "models/stories260K");
    const auto opened = test::openModel(folder);
    HT_ASSERT_OK(opened);
    auto context = open({});
    ASSERT_TRUE(context);
    auto executable = compile(context, *opened);
    HT_ASSERT_OK(executable);
    auto sequence = (*executable)->createSequence(64);
    HT_ASSERT_OK(sequence);
    const std::vector<TokenId> tokens{1, 403, 407};
    HT_ASSERT_OK(lastLogits(**executable, **sequence, tokens));
    context->device->simulateLossAfter(0);
    for (int attempt = 0; attempt < 2; ++attempt) {
        const auto lost = lastLogits(**executable, **sequence, tokens);
        ASSERT_FALSE(lost.has_value());
        EXPECT_EQ(lost.error().code, ErrorCode::kDeviceLost);
        EXPECT_EQ((*sequence)->position(), 3);
    }
}

TEST_F(VulkanEngineTest, CancelEndsSoonAndTheNextRunIsRight) {
    HT_SHARED_OR_SKIP(folder, "models/babyllama-105");
    const auto opened = test::openModel(folder);
    HT_ASSERT_OK(opened);
    auto executable = compile(m_context, *opened);
    HT_ASSERT_OK(executable);
    const std::vector<TokenId> tokens(200, 5);
    auto sequence = (*executable)->createSequence(256);
    const auto expected = lastLogits(**executable, **sequence, tokens);
    HT_ASSERT_OK(expected);
    (*sequence)->truncate(0);

    // Cancelled from the first boundary on.
    std::stop_source stop;
    JobContext job;
    job.stop = stop.get_token();
    ForwardOptions options;
    int boundaries = 0;
    options.boundarySink = [&](int, std::span<const float>) -> Status {
        ++boundaries;
        stop.request_stop();
        return {};
    };
    const auto cancelled = (*executable)->forward(**sequence, tokens, options, job);
    ASSERT_FALSE(cancelled.has_value());
    EXPECT_EQ(cancelled.error().code, ErrorCode::kCancelled);
    EXPECT_EQ((*sequence)->position(), 0);
    EXPECT_LT(boundaries, 5);
    const auto again = lastLogits(**executable, **sequence, tokens);
    HT_ASSERT_OK(again);
    EXPECT_EQ(*again, *expected);
}

TEST_F(VulkanEngineTest, ErrorsOfReceiversComeBack) {
    HT_SHARED_OR_SKIP(folder, "models/stories260K");
    const auto opened = test::openModel(folder);
    HT_ASSERT_OK(opened);
    auto executable = compile(m_context, *opened);
    HT_ASSERT_OK(executable);
    auto sequence = (*executable)->createSequence(64);
    ForwardOptions options;
    options.logitsEnd = 2;
    options.logitsSink = [](int64_t, int64_t, std::span<const float>) -> Status {
        return makeError(ErrorCode::kIo, "The disk is full.");
    };
    const std::vector<TokenId> tokens{1, 2};
    const auto failed = (*executable)->forward(**sequence, tokens, options, JobContext());
    ASSERT_FALSE(failed.has_value());
    EXPECT_EQ(failed.error().message, "The disk is full.");
    EXPECT_EQ((*sequence)->position(), 0);
    HT_ASSERT_OK(lastLogits(**executable, **sequence, tokens));
}

TEST_F(VulkanEngineTest, RefusesASequenceOfAnotherExecutableAndTooMuchMemory) {
    HT_SHARED_OR_SKIP(folder, "models/stories260K");
    const auto opened = test::openModel(folder), other = test::openModel(folder);
    HT_ASSERT_OK(other);
    uint64_t budget = uint64_t{1} << 30;
    const auto smallSlabs = [&](vk::DevicePlan& plan) {
        plan.deviceBudgetBytes = budget;
        plan.slabBytes = uint64_t{1} << 18;
        plan.spillsToHost = false;
    };
    {
        auto roomy = open(smallSlabs);
        ASSERT_TRUE(roomy);
        auto executable = compile(roomy, *opened);
        HT_ASSERT_OK(executable);
        budget = roomy->allocator->deviceBytesReserved() + (uint64_t{4} << 20);
    }
    auto context = open(smallSlabs);
    ASSERT_TRUE(context);
    auto executable = compile(context, *opened);
    HT_ASSERT_OK(executable);
    // Caches are taken until the budget is spent; the one that no longer fits is refused.
    std::vector<std::unique_ptr<Sequence>> held;
    Result<std::unique_ptr<Sequence>> next = (*executable)->createSequence(512);
    while (next.has_value() && held.size() < 100) {
        held.push_back(std::move(*next));
        next = (*executable)->createSequence(512);
    }
    ASSERT_FALSE(next.has_value()) << held.size() << " caches fit the budget";
    EXPECT_EQ(next.error().code, ErrorCode::kOutOfMemory);
    EXPECT_THAT(next.error().message, HasSubstr("512 tokens"));
    auto twin = compile(m_context, *other);
    HT_ASSERT_OK(twin);
    auto foreign = (*twin)->createSequence(8);
    HT_ASSERT_OK(foreign);
    const std::vector<TokenId> tokens{1};
    EXPECT_EQ((*executable)->forward(**foreign, tokens, {}, JobContext()).error().code, ErrorCode::kInvalidArgument);
}

TEST_F(VulkanEngineTest, TwoExecutablesRunFromTwoThreads) {
    HT_SHARED_OR_SKIP(folder, "models/stories260K");
    const auto opened = test::openModel(folder);
    HT_ASSERT_OK(opened);
    const std::vector<TokenId> prompt{1, 403, 407, 261, 378};
    auto first = compile(m_context, *opened), second = compile(m_context, *opened);
    HT_ASSERT_OK(second);
    const auto expected = greedy(**first, prompt, 8);
    HT_ASSERT_OK(expected);
    Result<std::vector<TokenId>> a, b;
    {
        const std::jthread left([&] { a = greedy(**first, prompt, 8); });
        const std::jthread right([&] { b = greedy(**second, prompt, 8); });
    }
    EXPECT_EQ(*a, *expected);
    EXPECT_EQ(*b, *expected);
}

}  // namespace
}  // namespace halftone
