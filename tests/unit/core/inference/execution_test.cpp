// SPDX-License-Identifier: GPL-3.0-or-later
// How executables behave: caches, limits, bad arguments, cancelling, threads, weights that do not fit.
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <thread>

#include "tests/support/test_paths.h"
#include "tests/unit/core/inference/loaded_model.h"
#include "tests/unit/core/inference/synthetic_model.h"

namespace halftone::test {
namespace {

class Execution : public testing::TestWithParam<const char*> {
  protected:
    void SetUp() override { makeSyntheticModel({}).write(m_folder.path()); }
    Result<LoadedModel> load() { return loadModel(m_folder.path(), *backendByName(GetParam())); }
    static std::vector<TokenId> tokens(int count) {
        std::vector<TokenId> ids;
        for (int i = 0; i < count; ++i) ids.push_back((i * 29 + 3) % 97);
        return ids;
    }
    TemporaryFolder m_folder;
};

TEST_P(Execution, PromptInOneGoEqualsTokenByTokenAndChunks) {
    auto model = load();
    HT_ASSERT_OK(model);
    const auto ids = tokens(70);
    auto whole = model->executable->createSequence(160), single = model->executable->createSequence(160),
         chunks = model->executable->createSequence(160);
    HT_ASSERT_OK(chunks);
    const auto expected = runLogits(*model->executable, **whole, ids, 0, 70);
    HT_ASSERT_OK(expected);
    std::vector<float> one, several;
    for (const TokenId id : ids) {
        const auto row = runLogits(*model->executable, **single, {&id, 1}, 0, 1);
        HT_ASSERT_OK(row);
        one.insert(one.end(), row->begin(), row->end());
    }
    for (size_t begin = 0; begin < ids.size(); begin += 14) {
        const auto rows =
            runLogits(*model->executable, **chunks, std::span<const TokenId>(ids).subspan(begin, 14), 0, 14);
        HT_ASSERT_OK(rows);
        several.insert(several.end(), rows->begin(), rows->end());
    }
    EXPECT_LT(relativeError(one, *expected), 1e-5);
    EXPECT_LT(relativeError(several, *expected), 1e-5);
}

TEST_P(Execution, PromptLongerThanAChunkAndItsTargets) {
    SyntheticOptions options;
    options.extra = {{"max_position_embeddings", 2000}};
    makeSyntheticModel(options).write(m_folder.path());
    auto model = load();
    HT_ASSERT_OK(model);
    const auto ids = tokens(1100);
    auto whole = model->executable->createSequence(2000), pieces = model->executable->createSequence(2000);
    HT_ASSERT_OK(pieces);
    const auto expected = runLogits(*model->executable, **whole, ids, 0, 1100);
    HT_ASSERT_OK(expected);
    std::vector<float> joined;
    for (size_t begin = 0; begin < ids.size(); begin += 100) {
        const auto rows =
            runLogits(*model->executable, **pieces, std::span<const TokenId>(ids).subspan(begin, 100), 0, 100);
        HT_ASSERT_OK(rows);
        joined.insert(joined.end(), rows->begin(), rows->end());
    }
    EXPECT_LT(relativeError(joined, *expected), 2e-5);

    // The probabilities of targets agree with those of the logits.
    (*whole)->truncate(0);
    std::vector<TokenId> targets(ids.begin() + 1, ids.end());
    targets[5] = -1;
    std::vector<float> logProbs(targets.size(), 9.0f);
    ForwardOptions request;
    request.targets = targets;
    request.logProbs = logProbs;
    HT_ASSERT_OK(model->executable->forward(**whole, ids, request, JobContext()));
    EXPECT_EQ(logProbs[5], 9.0f);
    for (size_t i = 0; i < targets.size(); ++i) {
        if (targets[i] < 0) continue;
        const std::span<const float> row = std::span<const float>(*expected).subspan(i * 97, 97);
        double sum = 0;
        for (const float logit : row) sum += std::exp(double(logit));
        EXPECT_NEAR(double(logProbs[i]), double(row[static_cast<size_t>(targets[i])]) - std::log(sum), 2e-4) << i;
    }
}

TEST_P(Execution, BoundaryStatesRestartTheModelAtAnyBlock) {
    auto model = load();
    HT_ASSERT_OK(model);
    const auto ids = tokens(40);
    auto sequence = model->executable->createSequence(160);
    std::vector<std::pair<int, std::vector<float>>> boundaries;
    std::vector<float> expected;
    ForwardOptions options;
    options.boundarySink = [&](int block, std::span<const float> hidden) -> Status {
        boundaries.emplace_back(block, std::vector<float>(hidden.begin(), hidden.end()));
        return {};
    };
    options.logitsEnd = 40;
    options.logitsSink = [&](int64_t, int64_t, std::span<const float> rows) -> Status {
        expected.insert(expected.end(), rows.begin(), rows.end());
        return {};
    };
    HT_ASSERT_OK(model->executable->forward(**sequence, ids, options, JobContext()));
    ASSERT_EQ(boundaries.size(), 3u);
    for (const auto& [block, hidden] : boundaries) {
        ASSERT_EQ(hidden.size(), 40u * 48u);
        auto fresh = model->executable->createSequence(160);
        std::vector<float> logits;
        int announced = block;
        ForwardOptions restart;
        restart.firstBlock = block;
        restart.hiddenIn = hidden;
        restart.boundarySink = [&](int next, std::span<const float>) -> Status {
            EXPECT_EQ(next, ++announced);
            return {};
        };
        restart.logitsEnd = 40;
        restart.logitsSink = [&](int64_t, int64_t, std::span<const float> rows) -> Status {
            logits.insert(logits.end(), rows.begin(), rows.end());
            return {};
        };
        HT_ASSERT_OK(model->executable->forward(**fresh, ids, restart, JobContext()));
        EXPECT_EQ(logits, expected) << "from block " << block;
        EXPECT_EQ(announced, 3);
    }
}

TEST_P(Execution, CapturedActivationsAreTheInputsOfTheLayers) {
    auto model = load();
    HT_ASSERT_OK(model);
    const auto ids = tokens(30);
    auto sequence = model->executable->createSequence(160);
    ActivationCapture capture;
    ForwardOptions options;
    options.capture = &capture;
    HT_ASSERT_OK(model->executable->forward(**sequence, ids, options, JobContext()));
    EXPECT_EQ(capture.byWeight.size(), 3u * 7u) << "seven linear layers in three blocks, the head did not run";
    // The input of the first block's q is the normed embedding.
    const SyntheticModel source = makeSyntheticModel({});
    const auto& embedding = source.tensors.at("model.embed_tokens.weight").values;
    const auto& weight = source.tensors.at("model.layers.0.input_layernorm.weight").values;
    std::vector<double> squares(48);
    for (const TokenId id : ids) {
        double mean = 0;
        for (size_t i = 0; i < 48; ++i)
            mean += double(embedding[static_cast<size_t>(id) * 48 + i]) *
                    double(embedding[static_cast<size_t>(id) * 48 + i]) / 48;
        for (size_t i = 0; i < 48; ++i) {
            const double x =
                double(embedding[static_cast<size_t>(id) * 48 + i]) / std::sqrt(mean + 1e-5) * double(weight[i]);
            squares[i] += x * x;
        }
    }
    for (const char* name : {"blk.0.attn_q.weight", "blk.0.attn_k.weight", "blk.0.attn_v.weight"}) {
        ASSERT_TRUE(capture.byWeight.contains(name)) << name;
        const ActivationStats& stats = capture.byWeight.at(name);
        EXPECT_EQ(stats.tokenCount, 30);
        for (size_t i = 0; i < 48; ++i) EXPECT_NEAR(stats.sumSquares[i] / squares[i], 1.0, 1e-5) << name << " " << i;
    }
    HT_ASSERT_OK(model->executable->forward(**sequence, ids, options, JobContext()));
    EXPECT_EQ(capture.byWeight.at("blk.2.ffn_down.weight").tokenCount, 60);
}

TEST_P(Execution, RefusesWhatCannotBeRun) {
    auto model = load();
    HT_ASSERT_OK(model);
    auto sequence = model->executable->createSequence(10);
    HT_ASSERT_OK(sequence);
    const auto codeOf = [&](std::span<const TokenId> ids, const ForwardOptions& options = {}) {
        const Status status = model->executable->forward(**sequence, ids, options, JobContext());
        return status ? ErrorCode::kInternal : status.error().code;
    };
    EXPECT_EQ(codeOf({}), ErrorCode::kInvalidArgument);
    EXPECT_EQ(codeOf(tokens(11)), ErrorCode::kInvalidArgument);
    EXPECT_EQ(codeOf(std::vector<TokenId>{97}), ErrorCode::kInvalidArgument);
    EXPECT_EQ(codeOf(std::vector<TokenId>{-1}), ErrorCode::kInvalidArgument);
    const std::vector<float> tooShort(47);
    ForwardOptions shortState, beyondLast, noReceiver, outsideTarget;
    shortState.firstBlock = 1;
    shortState.hiddenIn = tooShort;
    EXPECT_EQ(codeOf(tokens(1), shortState), ErrorCode::kInvalidArgument);
    beyondLast.firstBlock = 4;
    EXPECT_EQ(codeOf(tokens(1), beyondLast), ErrorCode::kInvalidArgument);
    noReceiver.logitsEnd = 1;
    EXPECT_EQ(codeOf(tokens(1), noReceiver), ErrorCode::kInvalidArgument);
    const std::vector<TokenId> foreign{97};
    std::vector<float> room(1);
    outsideTarget.targets = foreign;
    outsideTarget.logProbs = room;
    EXPECT_EQ(codeOf(tokens(1), outsideTarget), ErrorCode::kInvalidArgument);
    EXPECT_EQ((*sequence)->position(), 0);
    HT_EXPECT_OK(model->executable->forward(**sequence, tokens(10), {}, JobContext()));
    EXPECT_EQ((*sequence)->position(), 10);
    EXPECT_EQ(codeOf(tokens(1)), ErrorCode::kInvalidArgument);
    EXPECT_EQ(model->executable->createSequence(0).error().code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(model->executable->createSequence(int64_t{1} << 40).error().code, ErrorCode::kInvalidArgument);
}

TEST_P(Execution, CancelStopsSoonAndLeavesTheSequenceAlone) {
    SyntheticOptions options;
    options.extra = {{"max_position_embeddings", 200000}};
    makeSyntheticModel(options).write(m_folder.path());
    auto model = load();
    HT_ASSERT_OK(model);
    auto sequence = model->executable->createSequence(200000);
    HT_ASSERT_OK(sequence);
    std::stop_source stop;
    JobContext context;
    context.stop = stop.get_token();
    std::chrono::steady_clock::time_point asked;
    std::thread canceller([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
        asked = std::chrono::steady_clock::now();
        stop.request_stop();
    });
    const Status status = model->executable->forward(**sequence, tokens(150000), {}, context);
    const auto stopped = std::chrono::steady_clock::now();
    canceller.join();
    ASSERT_FALSE(status.has_value());
    EXPECT_EQ(status.error().code, ErrorCode::kCancelled);
    EXPECT_LT(std::chrono::duration<double>(stopped - asked).count(), 0.5) << "on a busy machine; 0.1 s on an idle one";
    EXPECT_EQ((*sequence)->position(), 0);
}

TEST_P(Execution, AnErrorOfAReceiverEndsTheRun) {
    auto model = load();
    HT_ASSERT_OK(model);
    auto sequence = model->executable->createSequence(10);
    ForwardOptions options;
    options.boundarySink = [](int, std::span<const float>) -> Status {
        return makeError(ErrorCode::kIo, "The disk is full.");
    };
    const Status status = model->executable->forward(**sequence, tokens(3), options, JobContext());
    ASSERT_FALSE(status.has_value());
    EXPECT_EQ(status.error().message, "The disk is full.");
    EXPECT_EQ((*sequence)->position(), 0);
}

TEST_P(Execution, MissingAndMisshapenTensorsAreNamed) {
    SyntheticModel model = makeSyntheticModel({});
    const auto messageAfter = [&](const SyntheticModel& broken) {
        broken.write(m_folder.path());
        const auto loaded = load();
        return loaded ? std::string() : loaded.error().message;
    };
    SyntheticModel missing = model;
    missing.tensors.erase("model.layers.1.mlp.up_proj.weight");
    EXPECT_NE(messageAfter(missing).find("blk.1.ffn_up.weight"), std::string::npos) << messageAfter(missing);
    SyntheticModel misshapen = model;
    misshapen.add("model.layers.2.self_attn.o_proj.weight", {48, 60}, 1.0f);
    EXPECT_NE(messageAfter(misshapen).find("model.layers.2.self_attn.o_proj.weight"), std::string::npos)
        << messageAfter(misshapen);
    SyntheticModel fewer = model;
    for (const char* part : {"input_layernorm", "post_attention_layernorm", "self_attn.q_proj", "self_attn.k_proj",
                             "self_attn.v_proj", "self_attn.o_proj", "mlp.gate_proj", "mlp.up_proj", "mlp.down_proj"}) {
        fewer.tensors.erase(std::string("model.layers.2.") + part + ".weight");
    }
    EXPECT_NE(messageAfter(fewer).find("3 transformer blocks"), std::string::npos) << messageAfter(fewer);
    SyntheticModel stranger = model;
    stranger.add("model.layers.0.self_attn.q_norm.weight", {16}, 1.0f);
    EXPECT_NE(messageAfter(stranger).find("q_norm"), std::string::npos) << messageAfter(stranger);
}

INSTANTIATE_TEST_SUITE_P(Backends, Execution, testing::Values("cpu-reference", "cpu"),
                         [](const auto& param) { return std::string(param.param) == "cpu" ? "cpu" : "reference"; });

void expectSameOnAnyNumberOfThreads(Executable& executable) {
    std::vector<TokenId> ids;
    for (int i = 0; i < 150; ++i) ids.push_back((i * 31) % 97);
    std::vector<float> expected;
    for (const int threads : {1, 2, 3, 7}) {
        JobContext context;
        context.pool = ThreadPool(threads);
        auto sequence = executable.createSequence(160);
        const auto prompt =
            runLogits(executable, **sequence, std::span<const TokenId>(ids).first(149), 0, 149, context);
        HT_ASSERT_OK(prompt);
        std::vector<float> all = *prompt;
        const auto last = runLogits(executable, **sequence, std::span<const TokenId>(ids).last(1), 0, 1, context);
        all.insert(all.end(), last->begin(), last->end());
        if (expected.empty()) expected = all;
        EXPECT_EQ(all, expected) << threads << " threads";
    }
}

TEST(CpuBackend, SameNumbersOnAnyNumberOfThreads) {
    const TemporaryFolder folder;
    makeSyntheticModel({.modelType = "qwen2", .qkvBias = true}).write(folder.path());
    const auto backend = createCpuBackend();
    auto model = loadModel(folder.path(), *backend);
    HT_ASSERT_OK(model);
    expectSameOnAnyNumberOfThreads(*model->executable);
    // With outliers and low rank in every matrix as well, and other numbers than without.
    ModelWeights codes = model->weights, corrected = model->weights;
    for (const WeightSlot& slot : model->graph->weights) {
        if (slot.isVector) continue;
        const PackedTensor& original = model->weights.at(model->graph->findWeight(slot.name));
        codes = codes.with(*model->graph, slot.name, requantized(original, "int4_g64_asym"));
        corrected = corrected.with(*model->graph, slot.name, requantized(original, "int4_g64_asym+out2+rank12"));
    }
    const auto logits = [&](const ModelWeights& weights) {
        EXPECT_TRUE(model->executable->updateWeights(weights, JobContext()));
        auto sequence = model->executable->createSequence(8);
        const std::vector<TokenId> ids{5, 17, 40};
        return runLogits(*model->executable, **sequence, ids, 0, 3).value();
    };
    const std::vector<float> original = logits(model->weights), withCodes = logits(codes), with = logits(corrected);
    EXPECT_LT(relativeError(with, original), relativeError(withCodes, original));
    expectSameOnAnyNumberOfThreads(*model->executable);
}

}  // namespace
}  // namespace halftone::test
