// SPDX-License-Identifier: GPL-3.0-or-later
// What a profile says of the operations of a model: sums, work, and events that nest.
#include "core/inference/op_profile.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/inference/op_trace.h"
#include "tests/support/test_paths.h"
#include "tests/unit/core/inference/loaded_model.h"
#include "tests/unit/core/inference/synthetic_model.h"

namespace halftone::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

const ProfileLine* findLine(const OpProfile& profile, std::string_view op, std::string_view tensors = {}) {
    const auto found = std::ranges::find_if(
        profile.lines(), [&](const ProfileLine& line) { return line.op == op && line.tensors == tensors; });
    return found == profile.lines().end() ? nullptr : &*found;
}

/// Events of one lane lie apart or inside one another, to the nanoseconds that a trace is written in.
void expectNested(const std::vector<json>& events) {
    constexpr double kRounding = 0.002;  // microseconds
    std::vector<double> ends;
    for (const json& event : events) {
        const double begin = event["ts"], end = begin + event["dur"].get<double>();
        while (!ends.empty() && ends.back() <= begin + kRounding) ends.pop_back();
        if (!ends.empty()) {
            EXPECT_LE(end, ends.back() + kRounding) << event.dump();
        }
        ends.push_back(end);
    }
}

void expectWellFormed(const std::string& text, size_t events) {
    const json trace = json::parse(text);
    std::map<std::pair<int, int>, std::vector<json>> lanes;
    size_t count = 0;
    for (const json& event : trace["traceEvents"]) {
        if (event["ph"] == "M") continue;
        ASSERT_EQ(event["ph"], "X");
        EXPECT_GE(event["ts"].get<double>(), -0.001);
        EXPECT_GE(event["dur"].get<double>(), 0);
        lanes[{event["pid"], event["tid"]}].push_back(event);
        ++count;
    }
    EXPECT_EQ(count, events);
    for (auto& [lane, list] : lanes) {
        std::ranges::stable_sort(list, [](const json& a, const json& b) {
            return std::pair(a["ts"].get<double>(), -a["dur"].get<double>()) <
                   std::pair(b["ts"].get<double>(), -b["dur"].get<double>());
        });
        expectNested(list);
    }
}

class ProfileTest : public testing::TestWithParam<const char*> {
  protected:
    void SetUp() override {
        SyntheticOptions options;
        makeSyntheticModel(options).write(m_folder.path());
        auto model = loadModel(m_folder.path(), *backendByName(GetParam()));
        HT_ASSERT_OK(model);
        m_model = std::move(*model);
    }
    Result<std::vector<float>> run(int64_t tokens, const JobContext& context = JobContext()) {
        std::vector<TokenId> ids;
        for (int64_t i = 0; i < tokens; ++i) ids.push_back(static_cast<TokenId>(i % 90));
        HT_ASSIGN_OR_RETURN(const auto sequence, m_model.executable->createSequence(tokens));
        return runLogits(*m_model.executable, *sequence, ids, tokens / 2, tokens, context);
    }
    TemporaryFolder m_folder;
    LoadedModel m_model;
};

TEST_P(ProfileTest, CountsEveryOperationAndItsWork) {
    OpProfile profile;
    HT_ASSERT_OK(m_model.executable->profileInto(&profile));
    HT_ASSERT_OK(run(40));
    HT_ASSERT_OK(run(40));
    const ModelConfig& config = m_model.graph->config;
    EXPECT_EQ(profile.forwardCalls(), 2);
    const ProfileLine* attention = findLine(profile, "attention");
    ASSERT_TRUE(attention);
    EXPECT_EQ(attention->calls, 2 * config.blockCount);
    EXPECT_EQ(attention->format, "f32");
    // Each query meets itself and all before it, with a product of keys and one of values.
    EXPECT_EQ(attention->work.multiplyAdds, 2.0 * double(config.blockCount) * 2 * 40 * 41 / 2 * double(config.qSize()));
    const ProfileLine* projections = findLine(profile, "linear", "attn_q + attn_k + attn_v");
    ASSERT_TRUE(projections) << "those that read one input run as one";
    EXPECT_EQ(projections->calls, 2 * config.blockCount);
    EXPECT_EQ(projections->work.multiplyAdds,
              2.0 * double(config.blockCount * 40 * config.hiddenSize * (config.qSize() + 2 * config.kvSize())));
    const ProfileLine* head =
        findLine(profile, "linear",
                 m_model.graph->weights[static_cast<size_t>(m_model.graph->ops.back().weight)].name.substr(0, 6));
    ASSERT_TRUE(head);
    EXPECT_EQ(head->work.multiplyAdds, 2.0 * 20 * double(config.hiddenSize * config.vocabSize));
    EXPECT_TRUE(profile.events().empty()) << "nobody asked for a trace";
}

TEST_P(ProfileTest, OperationsTakeMostOfTheTimeAndNoMore) {
    OpProfile profile;
    HT_ASSERT_OK(m_model.executable->profileInto(&profile));
    for (int i = 0; i < 5; ++i) HT_ASSERT_OK(run(60));
    EXPECT_LE(profile.opSeconds(), profile.forwardSeconds());
    EXPECT_GT(profile.opSeconds(), 0.5 * profile.forwardSeconds());
    for (const ProfileLine& line : profile.lines()) EXPECT_GT(line.seconds, 0) << line.op;
}

TEST_P(ProfileTest, TheTraceNestsAndHoldsTheSameTimes) {
    OpProfile profile(ProfileDetail::kEvents);
    HT_ASSERT_OK(m_model.executable->profileInto(&profile));
    HT_ASSERT_OK(run(50));
    HT_ASSERT_OK(run(1));
    const std::string text = chromeTrace(std::vector<TracedProfile>{{"a \"model\"\n", &profile}});
    EXPECT_THAT(text, HasSubstr(R"(a \"model\"\u000a)"));
    expectWellFormed(text, profile.events().size());
    double seconds = 0;
    int64_t calls = 0;
    for (const ProfileEvent& event : profile.events()) {
        if (event.lane == OpProfile::kCallerLane && event.line >= 0) seconds += event.seconds;
        if (event.line < 0) ++calls;
    }
    EXPECT_EQ(calls, 2);
    EXPECT_NEAR(seconds, profile.opSeconds(), 1e-9);
}

TEST_P(ProfileTest, ChangesNoFigureAndEndsWhenToldTo) {
    const auto before = run(30);
    OpProfile profile(ProfileDetail::kEvents);
    HT_ASSERT_OK(m_model.executable->profileInto(&profile));
    const auto during = run(30);
    HT_ASSERT_OK(m_model.executable->profileInto(nullptr));
    const size_t events = profile.events().size();
    EXPECT_GT(events, 0u);
    const auto after = run(30);
    HT_ASSERT_OK(after);
    EXPECT_EQ(*during, *before);
    EXPECT_EQ(*after, *before);
    EXPECT_EQ(profile.events().size(), events);
}

TEST_P(ProfileTest, AnEditChangesTheLine) {
    OpProfile profile;
    HT_ASSERT_OK(m_model.executable->profileInto(&profile));
    HT_ASSERT_OK(run(8));
    const WeightId id = m_model.graph->findWeight("blk.0.ffn_down.weight");
    const ModelWeights edited = m_model.weights.with(*m_model.graph, "blk.0.ffn_down.weight",
                                                     requantized(m_model.weights.at(id), "int8_channel_sym"));
    HT_ASSERT_OK(m_model.executable->updateWeights(edited, JobContext()));
    HT_ASSERT_OK(run(8));
    const auto& lines = profile.lines();
    EXPECT_EQ(std::ranges::count_if(lines, [](const auto& line) { return line.tensors == "ffn_down"; }), 2)
        << "one of each format";
}

INSTANTIATE_TEST_SUITE_P(Backends, ProfileTest, testing::Values("cpu", "cpu-reference"),
                         [](const auto& tried) { return std::string(tried.param) == "cpu" ? "cpu" : "reference"; });

TEST(OpTrace, ThreadsOfLargeOperationsHaveLanes) {
    TemporaryFolder folder;
    SyntheticOptions options;
    options.extra = {{"max_position_embeddings", 1024}};
    makeSyntheticModel(options).write(folder.path());
    auto model = loadModel(folder.path(), *createCpuBackend());
    HT_ASSERT_OK(model);
    OpProfile profile(ProfileDetail::kEvents);
    HT_ASSERT_OK(model->executable->profileInto(&profile));
    JobContext context;
    context.pool = ThreadPool(2);
    const auto sequence = model->executable->createSequence(700);
    HT_ASSERT_OK(sequence);
    HT_ASSERT_OK(runLogits(*model->executable, **sequence, std::vector<TokenId>(700, 5), 690, 700, context));
    if (context.pool.threadCount() < 2) GTEST_SKIP() << "one hardware thread";
    EXPECT_THAT(profile.lanes(), testing::ElementsAre("forward", "thread 0", "thread 1"));
    const auto onLane = [&](int lane) {
        return std::ranges::count_if(profile.events(), [lane](const auto& event) { return event.lane == lane; });
    };
    EXPECT_GT(onLane(1), 0);
    expectWellFormed(chromeTrace(std::vector<TracedProfile>{{"model", &profile}}), profile.events().size());
}

TEST(OpTrace, OfNothingIsStillATrace) {
    EXPECT_EQ(json::parse(chromeTrace({}))["traceEvents"].size(), 0u);
    const OpProfile empty;
    EXPECT_EQ(json::parse(chromeTrace(std::vector<TracedProfile>{{"model", &empty}}))["traceEvents"].size(), 2u);
}

TEST(AttentionWork, CountsCellsOnceAndKeysForEachQuery) {
    ModelConfig config;
    config.blockCount = 1;
    config.headCount = 4;
    config.kvHeadCount = 2;
    config.headDim = 32;
    const double activations = 4.0 * 2 * (128 + 64);
    const OpWork full = attentionWork(config, CacheFormat(), 0, 10, 2);
    EXPECT_EQ(full.multiplyAdds, 2.0 * (11 + 12) * 128);
    EXPECT_EQ(full.bytes, 12 * 2 * 64 * 4.0 + 2 * activations);
    config.slidingWindow = 4;
    const OpWork windowed = attentionWork(config, CacheFormat(), 0, 10, 2);
    EXPECT_EQ(windowed.multiplyAdds, 2.0 * (4 + 4) * 128);
    EXPECT_EQ(windowed.bytes, 5 * 2 * 64 * 4.0 + 2 * activations);
}

}  // namespace
}  // namespace halftone::test
