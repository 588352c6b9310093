// SPDX-License-Identifier: GPL-3.0-or-later
// A rotated model says what the model said, and its outliers are gone.
#include "core/pipeline/rotate_model.h"

#include <gtest/gtest.h>

#include "tests/support/test_paths.h"
#include "tests/unit/core/inference/loaded_model.h"
#include "tests/unit/core/inference/synthetic_model.h"

namespace halftone::test {
namespace {

namespace fs = std::filesystem;

Result<std::vector<float>> logitsOf(const fs::path& path) {
    HT_ASSIGN_OR_RETURN(const LoadedModel model, loadModel(path, *createCpuBackend()));
    std::vector<TokenId> tokens;
    for (TokenId i = 0; i < 48; ++i) tokens.push_back((i * 37 + 11) % TokenId(model.graph->config.vocabSize));
    HT_ASSIGN_OR_RETURN(const auto sequence, model.executable->createSequence(std::ssize(tokens)));
    return runLogits(*model.executable, *sequence, tokens, 0, std::ssize(tokens));
}

Result<ExportReport> rotate(const fs::path& from, const fs::path& to, const RotationSettings& settings = {},
                            DType storage = DType::kF32, const JobContext& context = JobContext()) {
    HT_ASSIGN_OR_RETURN(const LoadedModel model, openModel(from));
    return exportRotated(model.checkpoint, *model.graph, settings, storage, to, context);
}

void expectSameLogits(const fs::path& from, const fs::path& to, const RotationSettings& settings = {.seed = 5}) {
    const auto report = rotate(from, to, settings);
    HT_ASSERT_OK(report);
    EXPECT_EQ(report->tensorsVerified, report->tensorsWritten);
    const auto before = logitsOf(from), after = logitsOf(to);
    HT_ASSERT_OK(before);
    HT_ASSERT_OK(after);
    EXPECT_LT(relativeError(*after, *before), 2e-5) << from;
}

fs::path samplePath() {
    return sourceDir() / "resources" / "sample";
}

struct NamedModel {
    const char* name;
    SyntheticOptions options;
};

class RotateArchitecture : public testing::TestWithParam<NamedModel> {};

TEST_P(RotateArchitecture, SaysTheSame) {
    const TemporaryFolder folder;
    const fs::path model = folder.path() / "model";
    fs::create_directory(model);
    makeSyntheticModel(GetParam().options).write(model);
    expectSameLogits(model, folder.path() / "rotated.gguf");
}

INSTANTIATE_TEST_SUITE_P(
    All, RotateArchitecture,
    testing::Values(NamedModel{"llama", {}}, NamedModel{"llama_tied", {.headDim = 20, .tied = true}},
                    NamedModel{"llama_biases", {.qkvBias = true, .outputBias = true}},
                    NamedModel{"mistral", {.modelType = "mistral", .extra = {{"sliding_window", 7}}}},
                    NamedModel{"qwen2", {.modelType = "qwen2", .headDim = 12, .qkvBias = true, .tied = true}},
                    NamedModel{"qwen3", {.modelType = "qwen3", .headDim = 24, .headNorms = true, .tied = true}}),
    [](const auto& model) { return std::string(model.param.name); });

TEST(RotateModel, RealCheckpointsSayTheSame) {
    const TemporaryFolder folder;
    expectSameLogits(samplePath(), folder.path() / "sample.gguf");
    HT_SHARED_OR_SKIP(models, "models");
    for (const char* name : {"babyllama-105", "stories260K", "zh-poem-750K", "stories260K/stories260K-f32.gguf"})
        expectSameLogits(models / name, folder.path() / "rotated.gguf");
}

TEST(RotateModel, TheHeadIsWrittenApartAndNormsBecomeOnes) {
    const TemporaryFolder folder;
    const fs::path once = folder.path() / "once.gguf", twice = folder.path() / "twice.gguf";
    HT_ASSERT_OK(rotate(samplePath(), once, {}, DType::kF16));
    const auto rotated = openModel(once);
    HT_ASSERT_OK(rotated);
    EXPECT_FALSE(rotated->graph->config.tiedEmbeddings);
    const auto norm = openRows(rotated->checkpoint, *rotated->checkpoint->find("output_norm.weight"));
    HT_ASSERT_OK(norm);
    std::vector<float> values(static_cast<size_t>((*norm)->cols()));
    HT_ASSERT_OK((*norm)->readRows(0, 1, values));
    EXPECT_EQ(values, std::vector<float>(values.size(), 1.0f));
    // A rotated model is a model: rotated again it says the same.
    expectSameLogits(once, twice, {.seed = 9, .headValues = false});
}

TEST(RotateModel, SeedAndThreadsDecideNothingButTheSeed) {
    const TemporaryFolder folder;
    const auto bytesBy = [&](uint64_t seed, int threads) {
        const fs::path path = folder.path() / "rotated.gguf";
        const auto report =
            rotate(samplePath(), path, {.seed = seed}, DType::kF16, JobContext{{}, nullptr, ThreadPool(threads)});
        EXPECT_TRUE(report.has_value());
        return readFile(path);
    };
    const std::string first = bytesBy(1, 1);
    EXPECT_TRUE(first == bytesBy(1, 2));
    EXPECT_FALSE(first == bytesBy(2, 2));
}

TEST(RotateModel, WhatCannotBeRotatedSaysWhy) {
    HT_SHARED_OR_SKIP(path, "models/slm4096-gpt2");
    const TemporaryFolder folder;
    const auto report = rotate(path, folder.path() / "rotated.gguf");
    ASSERT_FALSE(report.has_value());
    EXPECT_EQ(report.error().code, ErrorCode::kUnsupported);
    EXPECT_EQ(
        report.error().message,
        "gpt2 models cannot be rotated: their norms take off the mean, which a rotation does not keep (LayerNorm).");
    EXPECT_TRUE(fs::is_empty(folder.path()));
}

TEST(RotateModel, ACancelLeavesNothing) {
    const TemporaryFolder folder;
    std::stop_source stop;
    stop.request_stop();
    const auto report = rotate(samplePath(), folder.path() / "rotated.gguf", {}, DType::kF16,
                               JobContext{stop.get_token(), nullptr, ThreadPool()});
    ASSERT_FALSE(report.has_value());
    EXPECT_EQ(report.error().code, ErrorCode::kCancelled);
    EXPECT_TRUE(fs::is_empty(folder.path()));
}

}  // namespace
}  // namespace halftone::test
