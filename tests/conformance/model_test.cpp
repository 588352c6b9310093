// SPDX-License-Identifier: GPL-3.0-or-later
// Whole models on every backend: prompt in one go, in pieces, restarts at a block, captured activations, edited
// weights.
#include <gtest/gtest.h>

#include <algorithm>
#include <tuple>

#include "core/checkpoint/checkpoint.h"
#include "tests/conformance/conformance_backend.h"
#include "tests/conformance/graph_sketch.h"
#include "tests/support/test_paths.h"

namespace halftone::test {
namespace {

struct Model {
    std::shared_ptr<const ModelGraph> graph;
    ModelWeights weights;
};

Result<Model> openModel(const std::filesystem::path& path) {
    HT_ASSIGN_OR_RETURN(const auto checkpoint, Checkpoint::open(path));
    HT_ASSIGN_OR_RETURN(const ModelConfig config, readModelConfig(*checkpoint));
    HT_ASSIGN_OR_RETURN(ModelGraph graph, buildGraph(config, *checkpoint));
    Model model;
    model.graph = std::make_shared<const ModelGraph>(std::move(graph));
    HT_ASSIGN_OR_RETURN(model.weights, ModelWeights::fromCheckpoint(*model.graph, checkpoint));
    return model;
}

struct ModelRun {
    std::vector<float> logits;
    std::vector<std::vector<float>> boundaries;
    ActivationCapture capture;
};

Result<ModelRun> runModel(Executable& executable, Sequence& sequence, std::span<const TokenId> tokens) {
    ModelRun run;
    ForwardOptions options;
    options.logitsEnd = static_cast<int64_t>(tokens.size());
    options.logitsSink = [&](int64_t, int64_t, std::span<const float> logits) -> Status {
        run.logits.insert(run.logits.end(), logits.begin(), logits.end());
        return {};
    };
    options.boundarySink = [&](int, std::span<const float> hidden) -> Status {
        run.boundaries.emplace_back(hidden.begin(), hidden.end());
        return {};
    };
    options.capture = &run.capture;
    HT_TRY(executable.forward(sequence, tokens, options, JobContext()));
    return run;
}

constexpr const char* kModels[] = {"stories260K",
                                   "stories260K/stories260K-f16.gguf",
                                   "babyllama-105/babyllama-105-Q8_0.gguf",
                                   "babyllama-105/babyllama-105-Q4_0.gguf",
                                   "zh-poem-750K",
                                   "slm4096-gpt2"};

class ModelConformance : public testing::TestWithParam<std::tuple<ConformanceBackend, const char*>> {
  protected:
    [[nodiscard]] std::vector<TokenId> tokensFor(const ModelGraph& graph) const {
        RandomValues random(21);
        std::vector<TokenId> tokens;
        const int64_t count = std::min<int64_t>(std::get<0>(GetParam()).maxTokens, graph.config.contextLength - 1);
        for (int64_t i = 0; i < count; ++i)
            tokens.push_back(static_cast<TokenId>(random.index(graph.config.vocabSize)));
        return tokens;
    }
};

TEST_P(ModelConformance, MatchesReferenceInOneGoAndInPieces) {
    const auto& [entry, path] = GetParam();
    HT_OPEN_BACKEND_OR_SKIP(backend, entry);
    HT_SHARED_OR_SKIP(folder, std::string("models/") + path);
    const auto model = openModel(folder);
    HT_ASSERT_OK(model);
    const auto reference = createCpuReferenceBackend()->compile(model->graph, model->weights, JobContext());
    const auto executable = backend.compile(model->graph, model->weights, JobContext());
    HT_ASSERT_OK(executable);
    const std::vector<TokenId> tokens = tokensFor(*model->graph);
    auto expectedSequence = (*reference)->createSequence(model->graph->config.contextLength);
    auto whole = (*executable)->createSequence(model->graph->config.contextLength);
    auto pieces = (*executable)->createSequence(model->graph->config.contextLength);
    HT_ASSERT_OK(pieces);
    const auto expected = runModel(**reference, **expectedSequence, tokens);
    const auto actual = runModel(**executable, **whole, tokens);
    HT_ASSERT_OK(actual);
    EXPECT_LT(relativeDifference(actual->logits, expected->logits), entry.modelTolerance);
    ASSERT_EQ(actual->boundaries.size(), expected->boundaries.size());
    for (size_t block = 0; block < expected->boundaries.size(); ++block) {
        EXPECT_LT(relativeDifference(actual->boundaries[block], expected->boundaries[block]), entry.modelTolerance)
            << "boundary " << block + 1;
    }
    std::vector<float> joined;
    for (size_t begin = 0, size = 1; begin < tokens.size(); begin += size, size = size * 2 + 1) {
        size = std::min(size, tokens.size() - begin);
        const auto part = runModel(**executable, **pieces, std::span<const TokenId>(tokens).subspan(begin, size));
        HT_ASSERT_OK(part);
        joined.insert(joined.end(), part->logits.begin(), part->logits.end());
    }
    EXPECT_LT(relativeDifference(joined, expected->logits), entry.modelTolerance);
}

TEST_P(ModelConformance, CapturesWhatTheReferenceCaptures) {
    const auto& [entry, path] = GetParam();
    HT_OPEN_BACKEND_OR_SKIP(backend, entry);
    HT_SHARED_OR_SKIP(folder, std::string("models/") + path);
    const auto model = openModel(folder);
    HT_ASSERT_OK(model);
    const auto reference = createCpuReferenceBackend()->compile(model->graph, model->weights, JobContext());
    const auto executable = backend.compile(model->graph, model->weights, JobContext());
    HT_ASSERT_OK(executable);
    const std::vector<TokenId> tokens = tokensFor(*model->graph);
    auto expectedSequence = (*reference)->createSequence(model->graph->config.contextLength);
    auto sequence = (*executable)->createSequence(model->graph->config.contextLength);
    const auto expected = runModel(**reference, **expectedSequence, tokens),
               actual = runModel(**executable, **sequence, tokens);
    HT_ASSERT_OK(actual);
    ASSERT_EQ(actual->capture.byWeight.size(), expected->capture.byWeight.size());
    for (const auto& [name, stats] : expected->capture.byWeight) {
        SCOPED_TRACE(name);
        ASSERT_TRUE(actual->capture.byWeight.contains(name));
        const ActivationStats& other = actual->capture.byWeight.at(name);
        EXPECT_EQ(other.tokenCount, stats.tokenCount);
        EXPECT_EQ(other.nonFiniteCount, 0);
        EXPECT_LT(relativeDifference(other.importance(), stats.importance()), 20 * entry.modelTolerance);
        EXPECT_LT(relativeDifference(other.absMax, stats.absMax), 10 * entry.modelTolerance);
        EXPECT_EQ(other.histogram.total(), stats.histogram.total());
    }
}

TEST_P(ModelConformance, RestartAtABlockGivesTheSameLogits) {
    const auto& [entry, path] = GetParam();
    HT_OPEN_BACKEND_OR_SKIP(backend, entry);
    HT_SHARED_OR_SKIP(folder, std::string("models/") + path);
    const auto model = openModel(folder);
    HT_ASSERT_OK(model);
    const auto executable = backend.compile(model->graph, model->weights, JobContext());
    HT_ASSERT_OK(executable);
    const std::vector<TokenId> tokens = tokensFor(*model->graph);
    auto sequence = (*executable)->createSequence(model->graph->config.contextLength);
    const auto whole = runModel(**executable, **sequence, tokens);
    HT_ASSERT_OK(whole);
    for (int block = 1; block <= model->graph->config.blockCount; ++block) {
        (*sequence)->truncate(0);
        std::vector<float> logits;
        ForwardOptions options;
        options.firstBlock = block;
        options.hiddenIn = whole->boundaries[static_cast<size_t>(block - 1)];
        options.logitsEnd = static_cast<int64_t>(tokens.size());
        options.logitsSink = [&](int64_t, int64_t, std::span<const float> rows) -> Status {
            logits.insert(logits.end(), rows.begin(), rows.end());
            return {};
        };
        HT_ASSERT_OK((*executable)->forward(**sequence, tokens, options, JobContext()));
        EXPECT_EQ(logits, whole->logits) << "from block " << block;
    }
}

TEST_P(ModelConformance, EditedWeightsTakeEffectAndGoBack) {
    const auto& [entry, path] = GetParam();
    HT_OPEN_BACKEND_OR_SKIP(backend, entry);
    HT_SHARED_OR_SKIP(folder, std::string("models/") + path);
    const auto model = openModel(folder);
    HT_ASSERT_OK(model);
    const auto executable = backend.compile(model->graph, model->weights, JobContext());
    HT_ASSERT_OK(executable);
    const std::vector<TokenId> tokens = tokensFor(*model->graph);
    const auto logitsNow = [&](Executable& target) {
        auto sequence = target.createSequence(model->graph->config.contextLength);
        return runModel(target, **sequence, tokens).value().logits;
    };
    const std::vector<float> original = logitsNow(**executable);
    const std::string name = "blk.1.ffn_up.weight";
    const WeightSlot& slot = model->graph->weights[static_cast<size_t>(model->graph->findWeight(name))];
    const Format format = Format::parse("int4_channel_asym").value();
    const ModelWeights edited = model->weights.with(
        *model->graph, name, pack(format, RandomValues(31).vector(slot.rows * slot.cols, 0.1f), slot.rows));
    HT_ASSERT_OK((*executable)->updateWeights(edited, JobContext()));
    const std::vector<float> changed = logitsNow(**executable);
    const auto reference = createCpuReferenceBackend()->compile(model->graph, edited, JobContext());
    EXPECT_LT(relativeDifference(changed, logitsNow(**reference)), entry.modelTolerance);
    EXPECT_GT(relativeDifference(changed, original), 1e-3);
    HT_ASSERT_OK((*executable)->updateWeights(model->weights, JobContext()));
    EXPECT_EQ(logitsNow(**executable), original);
}

INSTANTIATE_TEST_SUITE_P(Backends, ModelConformance,
                         testing::Combine(testing::ValuesIn(conformanceBackends()), testing::ValuesIn(kModels)),
                         [](const auto& param) {
                             std::string name = std::get<0>(param.param).name + "_" + std::get<1>(param.param);
                             std::ranges::replace_if(
                                 name, [](unsigned char c) { return !std::isalnum(c); }, '_');
                             return name;
                         });

}  // namespace
}  // namespace halftone::test
