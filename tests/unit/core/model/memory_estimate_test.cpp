// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/memory_estimate.h"

#include <gtest/gtest.h>

#include "tests/support/test_paths.h"

namespace halftone::test {
namespace {

constexpr int64_t kMiB = int64_t(1) << 20;

/// The shape of Llama 3 8B.
ModelConfig llama3() {
    ModelConfig config;
    config.vocabSize = 128256;
    config.hiddenSize = 4096;
    config.ffnSize = 14336;
    config.blockCount = 32;
    config.headCount = 32;
    config.kvHeadCount = 8;
    config.headDim = 128;
    config.contextLength = 8192;
    return config;
}

TEST(MemoryEstimate, CacheIsWhatTheRuntimeReports) {
    const ModelConfig config = llama3();
    const auto full = estimateMemory(config, {.weightBytes = 5 * kMiB, .contextLength = 8192});
    HT_ASSERT_OK(full);
    EXPECT_EQ(full->keys, 512 * kMiB);
    EXPECT_EQ(full->values, 512 * kMiB);
    EXPECT_EQ(full->weights, 5 * kMiB);
    EXPECT_EQ(full->total(), full->weights + full->cache() + full->scratch);
    // 34 and 18 bytes for 32 values.
    const auto smaller = estimateMemory(
        config, {.weightBytes = 0, .contextLength = 8192, .keyType = DType::kQ8_0, .valueType = DType::kQ4_0});
    HT_ASSERT_OK(smaller);
    EXPECT_EQ(smaller->keys, 272 * kMiB);
    EXPECT_EQ(smaller->values, 144 * kMiB);
    // llama.cpp reports a compute buffer of 258.50 MiB for this model at a context of 512.
    const auto small = estimateMemory(config, {.weightBytes = 0, .contextLength = 512});
    HT_ASSERT_OK(small);
    EXPECT_NEAR(double(small->scratch) / double(kMiB), 258.5, 0.03 * 258.5);
}

TEST(MemoryEstimate, CellsComeInWholeSteps) {
    const auto one = estimateMemory(llama3(), {.weightBytes = 0, .contextLength = 1});
    const auto step = estimateMemory(llama3(), {.weightBytes = 0, .contextLength = kCacheStep});
    const auto next = estimateMemory(llama3(), {.weightBytes = 0, .contextLength = kCacheStep + 1});
    HT_ASSERT_OK(one);
    HT_ASSERT_OK(step);
    HT_ASSERT_OK(next);
    EXPECT_EQ(one->cells, kCacheStep);
    EXPECT_EQ(one->total(), step->total());
    EXPECT_EQ(next->cache(), 2 * step->cache());
}

TEST(MemoryEstimate, BlocksMustDivideAHead) {
    ModelConfig config = llama3();
    config.headDim = 80;
    EXPECT_TRUE(estimateMemory(config, {.weightBytes = 0, .contextLength = 512}));
    const auto refused = estimateMemory(config, {.weightBytes = 0, .contextLength = 512, .keyType = DType::kQ8_0});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(refused.error().message, "Heads of 80 values are no whole number of Q8_0 blocks of 32; take F16 cells.");
    EXPECT_FALSE(estimateMemory(llama3(), {.weightBytes = 0, .contextLength = 512, .keyType = DType::kQ4_K}));
}

TEST(MemoryEstimate, NonsenseIsRefusedInsteadOfOverflowing) {
    EXPECT_FALSE(estimateMemory(llama3(), {.weightBytes = 0, .contextLength = 0}));
    EXPECT_FALSE(estimateMemory(llama3(), {.weightBytes = 0, .contextLength = 512, .batchTokens = 0}));
    EXPECT_FALSE(estimateMemory(llama3(), {.weightBytes = 0, .contextLength = int64_t(1) << 62}));
    ModelConfig config = llama3();
    config.blockCount = int64_t(1) << 40;
    EXPECT_FALSE(estimateMemory(config, {.weightBytes = 0, .contextLength = int64_t(1) << 40}));
}

TEST(MemoryEstimate, TheLongestContextFitsAndTheNextStepDoesNot) {
    const ModelConfig config = llama3();
    MemoryRequest request{.weightBytes = 4'900'000'000};
    const int64_t budget = 5'600'000'000;
    const auto found = longestContext(config, request, budget);
    HT_ASSERT_OK(found);
    ASSERT_TRUE(found->has_value());
    request.contextLength = **found;
    EXPECT_EQ(request.contextLength % kCacheStep, 0);
    EXPECT_LE(estimateMemory(config, request)->total(), budget);
    request.contextLength += kCacheStep;
    EXPECT_GT(estimateMemory(config, request)->total(), budget);
    EXPECT_EQ(longestContext(config, request, int64_t(1) << 40)->value(), config.contextLength);
    EXPECT_FALSE(longestContext(config, request, 4'000'000'000)->has_value());
    ModelConfig tiny = config;
    tiny.contextLength = 100;
    EXPECT_EQ(longestContext(tiny, request, int64_t(1) << 40)->value(), 100) << "a model shorter than a step";
}

TEST(MemoryEstimate, RoomForWeightsIsWhatIsLeft) {
    const auto estimate = estimateMemory(llama3(), {.weightBytes = 7, .contextLength = 4096});
    HT_ASSERT_OK(estimate);
    EXPECT_EQ(roomForWeights(*estimate, estimate->total()), 7);
    EXPECT_LT(roomForWeights(*estimate, 1000), 0);
}

}  // namespace
}  // namespace halftone::test
