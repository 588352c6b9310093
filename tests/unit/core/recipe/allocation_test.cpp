// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/recipe/allocation.h"

#include <functional>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/recipe/recipe_from_formats.h"
#include "tests/unit/core/recipe/recipe_test_support.h"

namespace halftone::test {
namespace {

using testing::ElementsAre;

AllocationTensor tensorWith(std::vector<std::pair<int64_t, double>> choices) {
    AllocationTensor tensor;
    for (const auto& [bytes, harm] : choices) tensor.choices.push_back({Format(), bytes, harm});
    return tensor;
}

// The least harm there is, by trying everything.
double bestHarm(const std::vector<AllocationTensor>& tensors, int64_t budget, size_t from = 0) {
    if (from == tensors.size()) return 0;
    double best = 1e300;
    for (const AllocationChoice& choice : tensors[from].choices) {
        if (choice.bytes <= budget)
            best = std::min(best, choice.harm + bestHarm(tensors, budget - choice.bytes, from + 1));
    }
    return best;
}

TEST(Allocation, BytesGoWhereTheyBuyMost) {
    const std::vector<AllocationTensor> tensors{tensorWith({{10, 5}, {20, 1}}), tensorWith({{10, 50}, {20, 10}}),
                                                tensorWith({{20, 0.1}, {10, 0.2}})};
    EXPECT_EQ(smallestBytes(tensors), 30);
    EXPECT_FALSE(allocate(tensors, 29));
    EXPECT_THAT(allocate(tensors, 30)->chosen, ElementsAre(0, 0, 1));
    EXPECT_THAT(allocate(tensors, 49)->chosen, ElementsAre(0, 1, 1));
    const auto all = allocate(tensors, 1000);
    EXPECT_THAT(all->chosen, ElementsAre(1, 1, 0));
    EXPECT_EQ(all->bytes, 60);
    EXPECT_DOUBLE_EQ(all->harm, 11.1);
}

TEST(Allocation, LargerAndNoBetterIsNeverTaken) {
    const std::vector<AllocationTensor> tensors{tensorWith({{30, 4}, {10, 4}, {20, 7}, {10, 5}})};
    EXPECT_THAT(allocate(tensors, 100)->chosen, ElementsAre(1));
}

TEST(Allocation, WhatIsLeftIsSpentOffTheHull) {
    // The middle choice lies above the line between the others and is right where the large one does not fit.
    const std::vector<AllocationTensor> tensors{tensorWith({{10, 10}, {20, 8}, {30, 0}})};
    EXPECT_THAT(allocate(tensors, 29)->chosen, ElementsAre(1));
    EXPECT_THAT(allocate(tensors, 30)->chosen, ElementsAre(2));
}

TEST(Allocation, IsCloseToTheBestOfAllOnRandomProblems) {
    std::mt19937 random(7);
    for (int round = 0; round < 60; ++round) {
        std::vector<AllocationTensor> tensors;
        double largestStep = 0;
        for (int i = 0; i < 6; ++i) {
            double harm = 1 + double(random() % 1000), before = harm;
            int64_t bytes = 5 + int64_t(random() % 20);
            std::vector<std::pair<int64_t, double>> choices;
            for (int k = 0; k < 4; ++k) {
                choices.emplace_back(bytes, harm);
                bytes += 3 + int64_t(random() % 12);
                before = harm;
                harm *= 0.2 + 0.5 * double(random() % 100) / 100;
                largestStep = std::max(largestStep, before - harm);
            }
            tensors.push_back(tensorWith(choices));
        }
        const int64_t budget = smallestBytes(tensors) + int64_t(random() % 90);
        const auto found = allocate(tensors, budget);
        ASSERT_TRUE(found);
        EXPECT_LE(found->bytes, budget);
        const double best = bestHarm(tensors, budget);
        EXPECT_GE(found->harm, best - 1e-9);
        EXPECT_LE(found->harm, best + largestStep);
        EXPECT_LE(found->harm, 1.6 * best) << "round " << round;
    }
}

TEST(RecipeFromFormats, GivesEachTensorItsFormatInFewRules) {
    const auto tensors = llamaTensors(8);
    const auto formatOf = [](const TensorInfo& tensor) {
        if (tensor.role == TensorRole::kTokenEmbedding) return Format::of(DType::kQ8_0);
        const bool isWide = (tensor.role == TensorRole::kAttnV || tensor.role == TensorRole::kAttnK) &&
                            (tensor.block < 3 || tensor.block == 5);
        return Format::of(isWide ? DType::kQ6_K : DType::kQ4_0);
    };
    EXPECT_EQ(commonestFormat(tensors, formatOf), Format::of(DType::kQ4_0));
    const Recipe recipe = recipeFromFormats(Format::of(DType::kQ4_0), tensors, formatOf);
    EXPECT_EQ(recipe.rules.size(), 3u) << recipe.toText();
    EXPECT_TRUE(recipe.overrides.empty());
    const ResolvedRecipe resolved = resolve(recipe, tensors);
    for (size_t i = 0; i < tensors.size(); ++i) {
        if (tensors[i].isQuantizable()) {
            EXPECT_EQ(resolved.tensors[i].requested, formatOf(tensors[i])) << tensors[i].canonicalName;
        }
    }
}

TEST(RecipeFromFormats, NamesTensorsThatRulesCannotTellApart) {
    std::vector<TensorInfo> tensors{makeTensor("a.weight", TensorRole::kOther, {64, 64}),
                                    makeTensor("b.weight", TensorRole::kOther, {64, 64})};
    const auto formatOf = [](const TensorInfo& tensor) {
        return Format::of(tensor.canonicalName == "a.weight" ? DType::kQ8_0 : DType::kQ4_0);
    };
    const Recipe recipe = recipeFromFormats(Format::of(DType::kQ4_0), tensors, formatOf);
    EXPECT_TRUE(recipe.rules.empty());
    EXPECT_EQ(recipe.overrides.size(), 1u);
    EXPECT_EQ(resolve(recipe, tensors).find("a.weight")->requested, Format::of(DType::kQ8_0));
}

}  // namespace
}  // namespace halftone::test
