// SPDX-License-Identifier: GPL-3.0-or-later
#include <map>
#include <set>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/recipe/stock_mix.h"
#include "tests/unit/core/recipe/recipe_test_support.h"

namespace halftone::test {
namespace {

using testing::HasSubstr;

struct Shape {
    int blocks = 32;
    int64_t heads = 32, keyValueHeads = 8;
    int experts = 0;
    bool hasHead = true;
};

std::vector<TensorInfo> modelTensors(const Shape& shape) {
    constexpr int64_t kHidden = 4096, kHeadWidth = 128, kFeedForward = 14336, kVocabulary = 32000;
    std::vector<TensorInfo> tensors{
        makeTensor("token_embd.weight", TensorRole::kTokenEmbedding, {kVocabulary, kHidden})};
    if (shape.hasHead) tensors.push_back(makeTensor("output.weight", TensorRole::kOutput, {kVocabulary, kHidden}));
    for (int block = 0; block < shape.blocks; ++block) {
        const auto add = [&](std::string_view name, TensorRole role, std::vector<int64_t> dims) {
            tensors.push_back(makeTensor(fmt::format("blk.{}.{}.weight", block, name), role, std::move(dims)));
            tensors.back().block = block;
        };
        add("attn_norm", TensorRole::kAttnNorm, {kHidden});
        add("attn_q", TensorRole::kAttnQ, {shape.heads * kHeadWidth, kHidden});
        add("attn_k", TensorRole::kAttnK, {shape.keyValueHeads * kHeadWidth, kHidden});
        add("attn_v", TensorRole::kAttnV, {shape.keyValueHeads * kHeadWidth, kHidden});
        add("attn_output", TensorRole::kAttnOutput, {kHidden, kHidden});
        if (shape.experts > 0) {
            add("ffn_gate_inp", TensorRole::kRouter, {shape.experts, kHidden});
            add("ffn_down_exps", TensorRole::kExpertDown, {shape.experts, kHidden, kFeedForward});
        } else {
            add("ffn_gate", TensorRole::kFfnGate, {kFeedForward, kHidden});
            add("ffn_down", TensorRole::kFfnDown, {kHidden, kFeedForward});
        }
    }
    return tensors;
}

StockMix mixNamed(std::string_view name) {
    auto mix = findStockMix(name);
    if (!mix) ADD_FAILURE() << mix.error().message;
    return mix.value_or(StockMix{});
}

ResolvedRecipe resolveMix(std::string_view name, const std::vector<TensorInfo>& tensors, bool withImportance = false) {
    return resolve(stockMixRecipe(mixNamed(name), tensors, withImportance), tensors);
}

// The blocks whose tensor of that name has the type.
std::set<int> blocksWith(const ResolvedRecipe& resolved, std::string_view tensor, std::string_view type, int blocks) {
    std::set<int> found;
    for (int block = 0; block < blocks; ++block) {
        const auto* entry = resolved.find(fmt::format("blk.{}.{}.weight", block, tensor));
        if (entry && entry->format == format(type)) found.insert(block);
    }
    return found;
}

std::set<int> range(int first, int last) {
    std::set<int> blocks;
    for (int block = first; block <= last; ++block) blocks.insert(block);
    return blocks;
}

TEST(StockMix, Q4KMGivesSixBitsToHalfOfTheValuesAndDownProjections) {
    const auto tensors = modelTensors({});
    const ResolvedRecipe resolved = resolveMix("Q4_K_M", tensors);
    const std::set<int> wide{0, 1, 2, 3, 6, 9, 12, 15, 18, 21, 24, 27, 28, 29, 30, 31};
    EXPECT_EQ(blocksWith(resolved, "attn_v", "q6_k", 32), wide);
    EXPECT_EQ(blocksWith(resolved, "ffn_down", "q6_k", 32), wide);
    EXPECT_EQ(blocksWith(resolved, "attn_q", "q4_k", 32), range(0, 31));
    EXPECT_EQ(blocksWith(resolved, "attn_output", "q4_k", 32), range(0, 31));
    EXPECT_EQ(resolved.find("output.weight")->format, format("q6_k"));
    EXPECT_EQ(resolved.find("token_embd.weight")->format, format("q4_k"));
    EXPECT_EQ(resolved.find("blk.0.attn_norm.weight")->format, format("f32"));
    EXPECT_TRUE(resolved.problems.empty()) << resolved.problems.front().message;
}

TEST(StockMix, ATiedEmbeddingIsTheHead) {
    const auto tensors = modelTensors({.blocks = 6, .hasHead = false});
    const ResolvedRecipe resolved = resolveMix("q4_k_m", tensors);
    EXPECT_EQ(resolved.find("token_embd.weight")->format, format("q6_k"));
    EXPECT_EQ(blocksWith(resolved, "attn_v", "q6_k", 6), (std::set<int>{2, 5}));
}

TEST(StockMix, SmallMixesFavourTheFirstBlocks) {
    const auto tensors = modelTensors({});
    const ResolvedRecipe q4 = resolveMix("q4_k_s", tensors);
    EXPECT_EQ(blocksWith(q4, "attn_v", "q5_k", 32), range(0, 3));
    EXPECT_EQ(blocksWith(q4, "ffn_down", "q5_k", 32), range(0, 3));
    const ResolvedRecipe q3 = resolveMix("q3_k_m", tensors);
    EXPECT_EQ(blocksWith(q3, "attn_v", "q5_k", 32), range(0, 1));
    EXPECT_EQ(blocksWith(q3, "attn_v", "q4_k", 32), range(2, 31));
    EXPECT_EQ(blocksWith(q3, "ffn_down", "q5_k", 32), range(0, 1));
    EXPECT_EQ(blocksWith(q3, "attn_output", "q4_k", 32), range(0, 31));
    EXPECT_EQ(blocksWith(resolveMix("q2_k_s", tensors), "ffn_down", "q4_k", 32), range(0, 3));
}

TEST(StockMix, SharedKeysMakeRoomForValues) {
    const auto shared = modelTensors({.blocks = 8, .heads = 32, .keyValueHeads = 8});
    const auto separate = modelTensors({.blocks = 8, .heads = 32, .keyValueHeads = 32});
    EXPECT_EQ(blocksWith(resolveMix("q2_k", shared), "attn_v", "q4_k", 8), range(0, 7));
    EXPECT_EQ(blocksWith(resolveMix("q2_k", separate), "attn_v", "q3_k", 8), range(0, 7));
    EXPECT_EQ(blocksWith(resolveMix("iq4_xs", shared), "attn_v", "q5_k", 8), range(0, 7));
    EXPECT_EQ(blocksWith(resolveMix("iq4_xs", separate), "attn_v", "iq4_xs", 8), range(0, 7));
    // 80 blocks with shared keys: no value below five bits.
    const auto large = modelTensors({.blocks = 80, .heads = 64, .keyValueHeads = 8});
    EXPECT_EQ(blocksWith(resolveMix("q3_k_s", large), "attn_v", "q5_k", 80), range(0, 79));
}

TEST(StockMix, EightExpertsGetEightBitKeysAndValues) {
    const auto tensors = modelTensors({.blocks = 8, .experts = 8});
    const ResolvedRecipe resolved = resolveMix("q4_k_m", tensors);
    EXPECT_EQ(blocksWith(resolved, "attn_v", "q8_0", 8), range(0, 7));
    EXPECT_EQ(blocksWith(resolved, "attn_k", "q8_0", 8), range(0, 7));
    EXPECT_EQ(blocksWith(resolved, "attn_output", "q5_k", 8), range(0, 7));
    EXPECT_EQ(blocksWith(resolved, "ffn_down_exps", "q6_k", 8), (std::set<int>{0, 3, 6, 7}));
}

TEST(StockMix, ImportanceChangesTheFirstDownProjections) {
    const auto tensors = modelTensors({});
    EXPECT_TRUE(blocksWith(resolveMix("q4_0", tensors, false), "ffn_down", "q4_1", 32).empty());
    EXPECT_EQ(blocksWith(resolveMix("q4_0", tensors, true), "ffn_down", "q4_1", 32), range(0, 3));
    EXPECT_EQ(blocksWith(resolveMix("iq4_nl", tensors, false), "ffn_down", "q5_k", 32), range(0, 3));
    EXPECT_TRUE(blocksWith(resolveMix("iq4_nl", tensors, true), "ffn_down", "q5_k", 32).empty());
}

TEST(StockMix, AMixIsRecognizedByItsTypesAndReadableAsARecipe) {
    const auto tensors = modelTensors({});
    for (const StockMix& mix : stockMixes()) {
        const Recipe recipe = stockMixRecipe(mix, tensors);
        const ResolvedRecipe resolved = resolve(recipe, tensors);
        const StockMix* found = matchingStockMix(resolved, tensors);
        ASSERT_NE(found, nullptr) << mix.name;
        EXPECT_EQ(found->name, mix.name);
        const auto read = Recipe::parse(recipe.toText());
        ASSERT_TRUE(read) << read.error().message;
        EXPECT_EQ(*read, recipe) << mix.name;
    }
    EXPECT_EQ(matchingStockMix(resolve(Recipe::pure(format("q4_k")), tensors), tensors), nullptr);
}

TEST(StockMix, AnUnknownNameIsToldWhatThereIs) {
    const auto mix = findStockMix("q4_k_xl");
    ASSERT_FALSE(mix);
    EXPECT_THAT(mix.error().message, HasSubstr("\"q4_k_xl\" is not a known mix; there are q2_k_s, q2_k,"));
}

}  // namespace
}  // namespace halftone::test
