// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/pipeline/recipe_weights.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/pipeline/calibrate.h"
#include "core/pipeline/loaded_model.h"
#include "tests/support/test_paths.h"

namespace halftone::test {
namespace {

using testing::HasSubstr;

Format format(std::string_view name) {
    return Format::parse(name).value();
}

class RecipeWeightsTest : public testing::Test {
  protected:
    void SetUp() override {
        const auto path = sharedPath("models/babyllama-105");
        if (!path) GTEST_SKIP() << "test data absent: ../shared/models/babyllama-105";
        auto model = LoadedModel::open(*path);
        HT_ASSERT_OK(model);
        m_model = *model;
        auto weights = RecipeWeights::create(m_model.checkpoint, m_model.graph);
        HT_ASSERT_OK(weights);
        m_weights = std::move(*weights);
    }

    Result<RecipeWeights::Applied> apply(const Recipe& recipe, const ImportanceData& importance = {}) {
        auto calibration = std::make_shared<const Calibration>(calibrationFrom(importance));
        return m_weights->applyMethods(resolve(recipe, m_model.checkpoint->tensors()), calibration, m_context);
    }

    const PackedTensor& tensor(const ModelWeights& weights, std::string_view name) const {
        return weights.at(m_model.graph->findWeight(name));
    }

    JobContext m_context;
    LoadedModel m_model;
    std::unique_ptr<RecipeWeights> m_weights;
};

TEST_F(RecipeWeightsTest, EveryMatrixTakesTheFormatAndVectorsStay) {
    const auto applied = apply(Recipe::pure(format("q8_0")));
    HT_ASSERT_OK(applied);
    for (size_t i = 0; i < applied->weights.size(); ++i) {
        const WeightSlot& slot = m_model.graph->weights[i];
        const PackedTensor& now = applied->weights.at(static_cast<WeightId>(i));
        EXPECT_EQ(now.layout.format, slot.isVector ? format("f32") : format("q8_0")) << slot.name;
        EXPECT_EQ(now.rows, m_weights->original().at(static_cast<WeightId>(i)).rows) << slot.name;
    }
    EXPECT_GT(applied->distortion.at("blk.0.attn_q.weight").sqnrDb(), 35.0);
}

TEST_F(RecipeWeightsTest, AnEditQuantizesOnlyWhatChangedAndAnUndoNothing) {
    Recipe recipe = Recipe::pure(format("q4_0"));
    const auto first = apply(recipe);
    HT_ASSERT_OK(first);
    EXPECT_EQ(first->quantizedNow, 1 + 7 * 5);
    recipe.overrides["blk.2.ffn_down.weight"] = format("q8_0");
    const auto edited = apply(recipe);
    HT_ASSERT_OK(edited);
    EXPECT_EQ(edited->quantizedNow, 1);
    EXPECT_EQ(tensor(edited->weights, "blk.2.ffn_down.weight").layout.format, format("q8_0"));
    // The other tensors are not copies but the same bytes.
    EXPECT_EQ(tensor(edited->weights, "blk.0.attn_q.weight").bytes.data(),
              tensor(first->weights, "blk.0.attn_q.weight").bytes.data());
    const auto undone = apply(Recipe::pure(format("q4_0")));
    HT_ASSERT_OK(undone);
    EXPECT_EQ(undone->quantizedNow, 0);
    EXPECT_EQ(undone->distortion.size(), first->distortion.size());
}

TEST_F(RecipeWeightsTest, KeptTensorsAreTheMappedOnes) {
    const auto applied = apply(Recipe{});
    HT_ASSERT_OK(applied);
    EXPECT_EQ(applied->quantizedNow, 0);
    EXPECT_TRUE(applied->distortion.empty());
    EXPECT_EQ(tensor(applied->weights, "blk.0.attn_q.weight").bytes.data(),
              tensor(m_weights->original(), "blk.0.attn_q.weight").bytes.data());
}

TEST_F(RecipeWeightsTest, ImportanceIsPartOfTheKey) {
    Recipe recipe;
    recipe.overrides["blk.0.attn_q.weight"] = format("q4_0");
    const auto plain = apply(recipe);
    ImportanceData importance;
    importance.byTensor["blk.0.attn_q.weight"] = std::vector<float>(128, 1.0f);
    for (size_t i = 0; i < 128; ++i) importance.byTensor["blk.0.attn_q.weight"][i] = i < 8 ? 100.0f : 0.01f;
    const auto weighted = apply(recipe, importance);
    HT_ASSERT_OK(plain);
    HT_ASSERT_OK(weighted);
    EXPECT_EQ(weighted->quantizedNow, 1);
    EXPECT_FALSE(std::ranges::equal(tensor(plain->weights, "blk.0.attn_q.weight").bytes,
                                    tensor(weighted->weights, "blk.0.attn_q.weight").bytes));
    importance.byTensor["blk.0.attn_q.weight"].pop_back();
    const auto misfit = apply(recipe, importance);
    ASSERT_FALSE(misfit.has_value());
    EXPECT_THAT(misfit.error().message, HasSubstr("has 127 values, but the tensor has rows of 128"));
}

TEST_F(RecipeWeightsTest, TheCacheForgetsWhatWasUsedLongestAgo) {
    auto small = RecipeWeights::create(m_model.checkpoint, m_model.graph, 1);
    HT_ASSERT_OK(small);
    const ResolvedRecipe recipe = resolve(Recipe::pure(format("q4_0")), m_model.checkpoint->tensors());
    const auto first = (*small)->applyMethods(recipe, nullptr, m_context);
    HT_ASSERT_OK(first);
    EXPECT_LT((*small)->cachedBytes(), 64 << 10);
    const auto again = (*small)->applyMethods(recipe, nullptr, m_context);
    HT_ASSERT_OK(again);
    EXPECT_EQ(again->quantizedNow, first->quantizedNow);
    // What was handed out lives on without the cache.
    EXPECT_TRUE(std::ranges::equal(tensor(first->weights, "token_embd.weight").bytes,
                                   tensor(again->weights, "token_embd.weight").bytes));
}

TEST_F(RecipeWeightsTest, ErrorsOfTheRecipeAndCancelStopIt) {
    Recipe recipe = Recipe::pure(format("q4_0"));
    recipe.rules.push_back({{{}, std::nullopt, std::nullopt, "("}, format("q8_0")});
    EXPECT_THAT(apply(recipe).error().message, HasSubstr("regular expression"));
    std::stop_source stop;
    stop.request_stop();
    m_context.stop = stop.get_token();
    EXPECT_EQ(apply(Recipe::pure(format("q5_0"))).error().code, ErrorCode::kCancelled);
}

}  // namespace
}  // namespace halftone::test
