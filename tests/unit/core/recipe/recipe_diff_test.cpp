// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>

#include "tests/unit/core/recipe/recipe_test_support.h"

namespace halftone::test {
namespace {

struct Step {
    std::vector<TensorInfo> tensors = llamaTensors(12);
    Recipe before = Recipe::pure(format("q4_0"));
    Recipe after = before;

    [[nodiscard]] std::vector<RecipeChange> changes() const {
        return diff(resolve(before, tensors), resolve(after, tensors));
    }
    [[nodiscard]] std::string description() const { return describeChanges(changes(), tensors); }
};

TEST(RecipeDiff, EqualRecipesDoNotDiffer) {
    const Step step;
    EXPECT_TRUE(step.changes().empty());
    EXPECT_EQ(step.description(), "no change");
}

TEST(RecipeDiff, OneTensorIsCalledByItsName) {
    Step step;
    step.after.overrides["blk.3.attn_q.weight"] = format("q5_0");
    ASSERT_EQ(step.changes().size(), 1u);
    EXPECT_EQ(step.changes()[0].tensor, "blk.3.attn_q.weight");
    EXPECT_EQ(step.description(), "blk.3.attn_q: Q4_0 → Q5_0");
}

TEST(RecipeDiff, ARoleIsToldWithItsBlocks) {
    Step step;
    step.after.rules.push_back({{{TensorRole::kFfnUp}, 4, 9, ""}, format("q5_0")});
    EXPECT_EQ(step.description(), "ffn_up of blocks 4-9: Q4_0 → Q5_0");
    step.after.overrides["blk.11.ffn_up.weight"] = format("q5_0");
    EXPECT_EQ(step.description(), "ffn_up of blocks 4-9, 11: Q4_0 → Q5_0");
}

TEST(RecipeDiff, TwoGroupsAreBothTold) {
    Step step;
    step.after.rules.push_back({{{TensorRole::kFfnUp, TensorRole::kAttnV}, 0, 1, ""}, format("q8_0")});
    EXPECT_EQ(step.description(), "attn_v of blocks 0-1: Q4_0 → Q8_0; ffn_up of blocks 0-1: Q4_0 → Q8_0");
}

TEST(RecipeDiff, ManyGroupsAreCounted) {
    Step step;
    step.after = Recipe::pure(format("q8_0"));
    // ffn_down has 172 inputs and stays F16 either way.
    EXPECT_EQ(step.changes().size(), 1u + 3u * 12u);
    EXPECT_EQ(step.description(), "37 tensors: Q4_0 → Q8_0");
    step.before.overrides["blk.0.attn_q.weight"] = format("q5_0");
    EXPECT_EQ(step.description(), "37 tensors to Q8_0");
    step.after.overrides["blk.1.attn_v.weight"] = format("q5_0");
    EXPECT_EQ(step.description(), "token_embd: Q4_0 → Q8_0; 36 more tensors");
}

}  // namespace
}  // namespace halftone::test
