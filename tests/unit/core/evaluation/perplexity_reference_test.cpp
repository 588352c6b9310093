// SPDX-License-Identifier: GPL-3.0-or-later
// The perplexities that ../shared/SOURCES.md states for its checkpoints, each by the protocol it states them for.
#include <functional>

#include <gtest/gtest.h>

#include "core/evaluation/evaluate.h"
#include "core/pipeline/loaded_model.h"
#include "tests/support/test_paths.h"

namespace halftone::test {
namespace {

constexpr double kTolerance = 0.002;

struct Case {
    const char* model;
    const char* text;
    Protocol protocol;
    size_t maxTokens;  // 0: the whole text
    bool newlinesAsSpaces;
    size_t maxBytes;
    int64_t scored;  // 0: not stated
    double perplexity;
};

constexpr Protocol kL512{ProtocolKind::kHalfScored, 512}, kL256{ProtocolKind::kHalfScored, 256};
constexpr Protocol kW512{ProtocolKind::kBosWindow, 512}, kW256{ProtocolKind::kBosWindow, 256},
    kW128{ProtocolKind::kBosWindow, 128};
constexpr Protocol kW0{ProtocolKind::kPlainWindow, 128};
constexpr const char* kStories = "text/tinystories-a.txt";

const Case kStoriesW{"models/stories260K", kStories, kW512, 0, false, 0, 58452, 5.0211};
const Case kStoriesF32L{"models/stories260K/stories260K-f32.gguf", kStories, kL512, 0, false, 0, 29070, 4.6128};
const Case kStoriesF16L{"models/stories260K/stories260K-f16.gguf", kStories, kL512, 0, false, 0, 29070, 4.6127};
const Case kBabyW{"models/babyllama-105", kStories, kW256, 40000, false, 0, 40000, 2.3361};
const Case kBabyF16L{"models/babyllama-105/babyllama-105-f16.gguf", kStories, kL256, 0, true, 40000, 0, 2.1386};
const Case kBabyQ8L{"models/babyllama-105/babyllama-105-Q8_0.gguf", kStories, kL256, 0, true, 40000, 0, 2.1387};
const Case kBabyQ4L{"models/babyllama-105/babyllama-105-Q4_0.gguf", kStories, kL256, 0, true, 40000, 0, 2.3559};
const Case kPoemW{"models/zh-poem-750K", "text/zh-tang-poems-a.txt", kW128, 0, false, 0, 14043, 175.27};
const Case kGpt2W0{"models/slm4096-gpt2", "text/slm4096-corpus.txt", kW0, 0, false, 0, 4064, 1.0739};

void expectPerplexity(const Case& expected, const std::shared_ptr<Backend>& backend) {
    HT_SHARED_OR_SKIP(modelPath, expected.model);
    HT_SHARED_OR_SKIP(textPath, expected.text);
    const auto model = LoadedModel::open(modelPath);
    HT_ASSERT_OK(model);
    std::string text = readFile(textPath);
    if (expected.maxBytes > 0) text.resize(expected.maxBytes);
    if (expected.newlinesAsSpaces) std::replace(text.begin(), text.end(), '\n', ' ');
    auto tokens = model->tokenize(text);
    HT_ASSERT_OK(tokens);
    if (expected.maxTokens > 0) tokens->resize(std::min(tokens->size(), expected.maxTokens));
    const auto windows = makeWindows(*tokens, expected.protocol, evaluationBos(expected.protocol, *model->tokenizer));
    HT_ASSERT_OK(windows);
    const auto weights = ModelWeights::fromCheckpoint(*model->graph, model->checkpoint);
    HT_ASSERT_OK(weights);
    const JobContext context;
    const auto executable = backend->compile(model->graph, *weights, context);
    HT_ASSERT_OK(executable);
    const auto result = evaluatePerplexity(**executable, *windows, expected.protocol, {}, context);
    HT_ASSERT_OK(result);
    if (expected.scored > 0) {
        EXPECT_EQ(result->scored, expected.scored);
    }
    EXPECT_NEAR(result->perplexity.mean, expected.perplexity, kTolerance * expected.perplexity);
    std::printf("%s %s: %.5f (%lld scored, %.1f s)\n", expected.model, result->protocol.c_str(),
                result->perplexity.mean, static_cast<long long>(result->scored), result->seconds);
}

class FastPerplexity : public testing::TestWithParam<Case> {};
TEST_P(FastPerplexity, IsTheStatedOne) {
    expectPerplexity(GetParam(), createCpuBackend());
}
INSTANTIATE_TEST_SUITE_P(Stated, FastPerplexity,
                         testing::Values(kStoriesW, kStoriesF32L, kStoriesF16L, kBabyW, kBabyF16L, kBabyQ8L, kBabyQ4L,
                                         kPoemW, kGpt2W0));

// The scalar reference is slow: the figures whose texts are short.
class ReferencePerplexity : public testing::TestWithParam<Case> {};
TEST_P(ReferencePerplexity, IsTheStatedOne) {
    expectPerplexity(GetParam(), createCpuReferenceBackend());
}
INSTANTIATE_TEST_SUITE_P(Stated, ReferencePerplexity, testing::Values(kPoemW, kGpt2W0));

}  // namespace
}  // namespace halftone::test
