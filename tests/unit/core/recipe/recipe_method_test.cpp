// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/test_paths.h"
#include "tests/unit/core/recipe/recipe_test_support.h"

namespace halftone::test {
namespace {

using testing::HasSubstr;
using testing::Not;

MethodChoice method(std::string_view name) {
    return MethodChoice::parse(name).value();
}

Recipe withMethods() {
    Recipe recipe = Recipe::pure(format("int4_g128_asym"), method("gptq:damping=0.05"));
    recipe.rules.push_back({{{TensorRole::kAttnV}, std::nullopt, std::nullopt, ""}, format("q8_0")});
    recipe.rules.push_back({{{TensorRole::kFfnDown}, 0, 1, ""}, format("int3_g64_asym"), method("hqq")});
    recipe.overrides["blk.2.ffn_down.weight"] = format("int8_g32_sym");
    recipe.overrides["blk.3.ffn_down.weight"] = format("int8_g32_sym");
    recipe.methodOverrides["blk.3.ffn_down.weight"] = method("mse");
    recipe.methodOverrides["blk.0.ffn_up.weight"] = method("awq:clip=0");
    return recipe;
}

TEST(RecipeMethods, SurviveTheRoundTripAsVersionTwo) {
    const Recipe recipe = withMethods();
    const std::string text = recipe.toText();
    EXPECT_THAT(text, HasSubstr("halftone-recipe 2\n"));
    EXPECT_THAT(text, HasSubstr("default int4_g128_asym method=gptq:damping=0.05\n"));
    EXPECT_THAT(text, HasSubstr("tensor blk.0.ffn_up.weight method=awq:clip=0\n"));
    const auto parsed = Recipe::parse(text);
    HT_ASSERT_OK(parsed);
    EXPECT_EQ(*parsed, recipe) << text;
    EXPECT_EQ(recipe.overriddenTensorCount(), 3U) << "one of them has a format and a method of its own";
}

TEST(RecipeMethods, ARecipeWithoutMethodsIsReadableByOlderPrograms) {
    const std::string text = Recipe::pure(format("q4_k")).toText();
    EXPECT_THAT(text, HasSubstr("halftone-recipe 1\n"));
    EXPECT_THAT(text, Not(HasSubstr("method")));
    EXPECT_EQ(Recipe::parse(text)->defaultMethod, MethodChoice{});
}

TEST(RecipeMethods, TheMethodGoesWithTheStatementThatDecidesTheFormat) {
    const ResolvedRecipe resolved = resolve(withMethods(), llamaTensors(4));
    const auto methodOf = [&](const char* name) { return resolved.find(name)->method.name(); };
    EXPECT_EQ(methodOf("blk.0.attn_q.weight"), "gptq:damping=0.05");
    EXPECT_EQ(methodOf("blk.0.attn_v.weight"), "gptq:damping=0.05");
    EXPECT_EQ(methodOf("blk.1.ffn_down.weight"), "hqq");
    EXPECT_EQ(methodOf("blk.2.ffn_down.weight"), "gptq:damping=0.05");
    EXPECT_EQ(methodOf("blk.3.ffn_down.weight"), "mse");
    EXPECT_EQ(methodOf("blk.0.ffn_up.weight"), "awq:clip=0");
    EXPECT_EQ(methodOf("blk.0.attn_norm.weight"), "nearest");
}

TEST(RecipeMethods, AMisfitIsToldAtOnceAndGivesWayToTheDefault) {
    const ResolvedRecipe resolved = resolve(Recipe::pure(format("int4_g128_sym"), method("hqq")), llamaTensors(2));
    EXPECT_EQ(resolved.find("blk.0.attn_q.weight")->method, MethodChoice{});
    EXPECT_EQ(resolved.find("blk.0.attn_q.weight")->requestedMethod, method("hqq"));
    EXPECT_TRUE(resolved.find("blk.0.attn_q.weight")->methodFellBack());
    int64_t told = 0;
    for (const RecipeProblem& problem : resolved.problems) {
        if (problem.message.find("HQQ moves the zero point") == std::string::npos) continue;
        ++told;
        EXPECT_EQ(problem.severity, RecipeProblem::Severity::kWarning);
        EXPECT_THAT(problem.message, HasSubstr("rounded to the nearest value instead"));
    }
    EXPECT_EQ(told, 1) << "once, not once per tensor";
    Recipe unknown;
    unknown.methodOverrides["no.such.weight"] = method("mse");
    const ResolvedRecipe missing = resolve(unknown, llamaTensors(1));
    EXPECT_THAT(missing.problems.front().message, HasSubstr("no.such.weight"));
}

TEST(RecipeMethods, ErrorsNameTheLineAndWhatIsAccepted) {
    const auto error = [](const std::string& line) {
        return Recipe::parse("halftone-recipe 2\n" + line + "\n").error().message;
    };
    EXPECT_THAT(error("default q4_k method=gptp"), HasSubstr("line 2: \"gptp\" is not a method; there are nearest"));
    EXPECT_THAT(error("rule method=gptq"), HasSubstr("the rule has no format="));
    EXPECT_THAT(error("rule format=q4_0 method=gptq method=mse"), HasSubstr("stands twice"));
    EXPECT_THAT(error("tensor a"), HasSubstr("format= or method= or both"));
    EXPECT_THAT(error("tensor a method=mse method=mse"), HasSubstr("has a method already"));
    EXPECT_THAT(error("tensor a weight=3"), HasSubstr("format= or method= or both"));
    EXPECT_THAT(error("default q4_k format=q4_0"), HasSubstr("may take method="));
}

TEST(RecipeMethods, AChangeOfMethodAloneIsAChange) {
    const auto tensors = llamaTensors(2);
    Recipe after = Recipe::pure(format("int4_g128_asym"));
    const ResolvedRecipe before = resolve(after, tensors);
    after.methodOverrides["blk.1.ffn_down.weight"] = method("gptq");
    const auto changes = diff(before, resolve(after, tensors));
    ASSERT_EQ(changes.size(), 1u);
    EXPECT_EQ(changes[0].methodAfter, method("gptq"));
    EXPECT_EQ(describeChanges(changes, tensors), "blk.1.ffn_down: INT4 g128 asym → INT4 g128 asym by GPTQ");
}

}  // namespace
}  // namespace halftone::test
