// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/test_paths.h"
#include "tests/unit/core/recipe/recipe_test_support.h"

namespace halftone::test {
namespace {

using testing::HasSubstr;

Recipe everyStatement() {
    Recipe recipe;
    recipe.name = R"(a "quoted" name \ with # and tab	)";
    recipe.defaultFormat = format("q4_k");
    recipe.rules.push_back({{{TensorRole::kAttnV, TensorRole::kFfnDown}, 0, 3, ""}, format("q6_k")});
    recipe.rules.push_back({{{}, 4, std::nullopt, R"(^blk\.\d+\.ffn_(up|gate)\\ "x")"}, format("int4_g128_asym")});
    recipe.rules.push_back({{{}, std::nullopt, 2, ""}, format("int8_channel_sym")});
    recipe.rules.push_back({{{}, 7, 7, ""}, format("int3_tensor_sym")});
    recipe.rules.push_back({{}, format("bf16")});
    recipe.overrides["blk.7.ffn_down.weight"] = format("q5_k");
    recipe.overrides["a name with spaces # and = \\"] = format("f32");
    return recipe;
}

TEST(RecipeText, EveryStatementSurvivesTheRoundTrip) {
    const Recipe recipe = everyStatement();
    const auto parsed = Recipe::parse(recipe.toText());
    HT_ASSERT_OK(parsed);
    EXPECT_EQ(*parsed, recipe) << recipe.toText();
    EXPECT_EQ(parsed->toText(), recipe.toText());
}

TEST(RecipeText, TheExampleOfTheHeaderParses) {
    const auto recipe = Recipe::parse(
        "halftone-recipe 1\n"
        "name \"Q4_K, sensitive tensors wider\"  # a comment\n"
        "default q4_k\r\n"
        "\n"
        "# another\n"
        "rule role=attn_v,ffn_down blocks=0-3 format=q6_k\n"
        "rule match=\"^output\" format=q8_0\n"
        "tensor blk.7.ffn_down.weight format=q5_k");
    HT_ASSERT_OK(recipe);
    EXPECT_EQ(recipe->name, "Q4_K, sensitive tensors wider");
    EXPECT_EQ(recipe->defaultFormat, format("q4_k"));
    ASSERT_EQ(recipe->rules.size(), 2u);
    EXPECT_EQ(recipe->rules[0].match.roles, (std::set<TensorRole>{TensorRole::kAttnV, TensorRole::kFfnDown}));
    EXPECT_EQ(recipe->rules[0].match.firstBlock, 0);
    EXPECT_EQ(recipe->rules[0].match.lastBlock, 3);
    EXPECT_EQ(recipe->rules[1].match.regex, "^output");
    EXPECT_EQ(recipe->overrides.at("blk.7.ffn_down.weight"), format("q5_k"));
}

TEST(RecipeText, KeepMeansNoDefault) {
    const auto recipe = Recipe::parse("halftone-recipe 1\ndefault keep\n");
    HT_ASSERT_OK(recipe);
    EXPECT_EQ(recipe->defaultFormat, std::nullopt);
    EXPECT_THAT(recipe->toText(), HasSubstr("default keep\n"));
}

struct BadRecipe {
    const char* text;
    const char* expected;
};

class RecipeErrors : public testing::TestWithParam<BadRecipe> {};

TEST_P(RecipeErrors, NameTheLineAndTheReason) {
    const auto recipe = Recipe::parse(GetParam().text);
    ASSERT_FALSE(recipe.has_value()) << GetParam().text;
    EXPECT_EQ(recipe.error().code, ErrorCode::kInvalidData);
    EXPECT_THAT(recipe.error().message, HasSubstr(GetParam().expected));
    EXPECT_EQ(recipe.error().message.find('\n'), std::string::npos);
    EXPECT_TRUE(recipe.error().message.ends_with('.')) << recipe.error().message;
}

INSTANTIATE_TEST_SUITE_P(
    All, RecipeErrors,
    testing::Values(
        BadRecipe{"", "Recipe, line 1: a recipe begins with"},
        BadRecipe{"\n# only a comment\n", "line 2: a recipe begins with"},
        BadRecipe{"default q4_k\n", "line 1: a recipe begins with"},
        BadRecipe{"halftone-recipe\n", "line 1: a recipe begins with"},
        BadRecipe{"halftone-recipe 3\n", "line 1: the recipe has version 3"},
        BadRecipe{"halftone-recipe 0\n", "line 1: the version is 1 or more"},
        BadRecipe{"halftone-recipe one\n", "the version needs a whole number"},
        BadRecipe{"halftone-recipe 1\nhalftone-recipe 1\n", "line 2: the header may stand only once"},
        BadRecipe{"halftone-recipe 1\nname \"a\"\nname \"b\"\n", "line 3: the recipe has a name already"},
        BadRecipe{"halftone-recipe 1\nname\n", "line 2: name takes one text"},
        BadRecipe{"halftone-recipe 1\nname \"a\n", "line 2: a quoted text is not closed"},
        BadRecipe{"halftone-recipe 1\nname \"a\"b\n", "line 2: a space is missing after the closing quote"},
        BadRecipe{"halftone-recipe 1\nname a\"b\"\n", "line 2: a quote may only open a word"},
        BadRecipe{"halftone-recipe 1\ndefault\n", "line 2: default takes one format"},
        BadRecipe{"halftone-recipe 1\ndefault q4_k q5_k\n", "line 2: default takes one format"},
        BadRecipe{"halftone-recipe 1\ndefault q4_k\ndefault q4_k\n", "line 3: the recipe has a default already"},
        BadRecipe{"halftone-recipe 1\ndefault q99\n", "line 2:"},
        BadRecipe{"halftone-recipe 1\ndefualt q4_k\n", "line 2: \"defualt\" is not a statement"},
        BadRecipe{"halftone-recipe 1\nrule=x format=q4_k\n", "line 2: \"rule=\" does not begin a statement"},
        BadRecipe{"halftone-recipe 1\nrule role=attn_v\n", "line 2: the rule has no format="},
        BadRecipe{"halftone-recipe 1\nrule q4_k\n", "line 2: \"q4_k\" is not a condition"},
        BadRecipe{"halftone-recipe 1\nrule =x format=q4_k\n", "line 2: there is nothing before \"=\""},
        BadRecipe{"halftone-recipe 1\nrule role=attn_w format=q4_k\n",
                  "line 2: \"attn_w\" is not a role; there are token_embd"},
        BadRecipe{"halftone-recipe 1\nrule role=attn_v, format=q4_k\n", "line 2: \"\" is not a role"},
        BadRecipe{"halftone-recipe 1\nrule layer=3 format=q4_k\n", "line 2: \"layer=\" is not part of a rule"},
        BadRecipe{"halftone-recipe 1\nrule blocks=3 blocks=4 format=q4_k\n", "line 2: \"blocks=\" stands twice"},
        BadRecipe{"halftone-recipe 1\nrule blocks=4-3 format=q4_k\n", "line 2: the range of blocks 4-3 runs backwards"},
        BadRecipe{"halftone-recipe 1\nrule blocks=- format=q4_k\n", "line 2: blocks= takes a number or a range"},
        BadRecipe{"halftone-recipe 1\nrule blocks=1x format=q4_k\n", "line 2: blocks= needs a whole number"},
        BadRecipe{"halftone-recipe 1\nrule blocks=99999999999 format=q4_k\n", "line 2: blocks= needs a whole number"},
        BadRecipe{"halftone-recipe 1\nrule match= format=q4_k\n", "line 2: match= needs a regular expression"},
        BadRecipe{"halftone-recipe 1\ntensor x\n", "line 2: tensor takes a name, and format= or method= or both"},
        BadRecipe{"halftone-recipe 1\ntensor x format=q4_k y\n", "line 2: tensor takes a name, and format= or method= or both"},
        BadRecipe{"halftone-recipe 1\ntensor x format=q4_k\ntensor x format=q5_k\n",
                  "line 3: tensor x has a format already"},
        BadRecipe{"halftone-recipe 1\nname \"\xC0\xAF\"\n", "line 2: the text is not UTF-8"},
        BadRecipe{"halftone-recipe 1\nname \"\x01\"\n", "line 2: there is a control character"}));

TEST(RecipeText, AWordWithoutEndIsRefused) {
    const auto recipe = Recipe::parse("halftone-recipe 1\nrule match=" + std::string(100000, 'a') + " format=q4_k\n");
    ASSERT_FALSE(recipe.has_value());
    EXPECT_THAT(recipe.error().message, HasSubstr("line 2: a word is longer than"));
}

TEST(RecipeFile, SaveReplacesAndLoadNamesTheFile) {
    const TemporaryFolder folder;
    const auto path = folder.path() / "mine.recipe";
    HT_ASSERT_OK(Recipe::pure(format("q4_0")).save(path));
    HT_ASSERT_OK(everyStatement().save(path));
    const auto loaded = Recipe::load(path);
    HT_ASSERT_OK(loaded);
    EXPECT_EQ(*loaded, everyStatement());
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);

    std::ofstream(path) << "halftone-recipe 1\nnonsense\n";
    EXPECT_THAT(Recipe::load(path).error().message, HasSubstr("mine.recipe, line 2:"));
    EXPECT_EQ(Recipe::load(folder.path() / "none.recipe").error().code, ErrorCode::kNotFound);
    EXPECT_FALSE(everyStatement().save(folder.path() / "absent" / "x.recipe").has_value());
}

TEST(RecipeFile, EveryPresetParsesAndSaysWhatItIsFor) {
    int count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(sourceDir() / "resources/presets")) {
        if (entry.path().extension() != ".recipe") continue;
        ++count;
        const auto recipe = Recipe::load(entry.path());
        HT_ASSERT_OK(recipe);
        EXPECT_FALSE(recipe->name.empty()) << entry.path();
        EXPECT_THAT(readFile(entry.path()), HasSubstr("\n# ")) << entry.path();
        const ResolvedRecipe resolved = resolve(*recipe, llamaTensors(3));
        for (const RecipeProblem& problem : resolved.problems) {
            EXPECT_EQ(problem.severity, RecipeProblem::Severity::kNote) << entry.path() << ": " << problem.message;
        }
    }
    EXPECT_GE(count, 10);
}

}  // namespace
}  // namespace halftone::test
