// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/core/recipe/recipe_test_support.h"

namespace halftone::test {
namespace {

using Severity = RecipeProblem::Severity;
using testing::HasSubstr;

Recipe parse(const std::string& statements) {
    auto recipe = Recipe::parse("halftone-recipe 1\n" + statements);
    if (!recipe) ADD_FAILURE() << recipe.error().message;
    return recipe.value_or(Recipe{});
}

// The messages of one severity, one a line.
std::string messages(const ResolvedRecipe& resolved, Severity severity) {
    std::string out;
    for (const RecipeProblem& problem : resolved.problems) {
        if (problem.severity == severity) out += problem.message + "\n";
    }
    return out;
}

TEST(Resolve, PureTakesEveryMatrixAndLeavesNormsInF32) {
    const auto tensors = llamaTensors(2);
    const ResolvedRecipe resolved = resolve(Recipe::pure(format("q8_0")), tensors);
    ASSERT_EQ(resolved.tensors.size(), tensors.size());
    for (size_t i = 0; i < tensors.size(); ++i) {
        const ResolvedTensor& tensor = resolved.tensors[i];
        const bool norm = isNorm(tensors[i].role);
        EXPECT_EQ(tensor.name, tensors[i].canonicalName);
        EXPECT_EQ(tensor.quantizable, !norm);
        if (norm) {
            EXPECT_EQ(tensor.format, format("f32"));
            EXPECT_EQ(tensor.bytes, 256 * 4);
        } else {
            EXPECT_EQ(tensor.format, tensor.cols == 172 ? format("f16") : format("q8_0")) << tensor.name;
        }
    }
    EXPECT_EQ(resolved.find("token_embd.weight")->bytes, 512 * 256 / 32 * 34);
    EXPECT_EQ(resolved.find("nowhere"), nullptr);
}

TEST(Resolve, AFallbackIsToldBeforeAnyWork) {
    const ResolvedRecipe resolved = resolve(Recipe::pure(format("q4_k")), llamaTensors(4));
    EXPECT_THAT(messages(resolved, Severity::kNote),
                HasSubstr("blk.3.ffn_down.weight has rows of 172 values, which Q4_K's blocks of 256 do not divide: it "
                          "takes F16 instead.\n"));
    EXPECT_EQ(messages(resolved, Severity::kWarning), "");
    EXPECT_TRUE(resolved.find("blk.3.ffn_down.weight")->fellBack());
    // F16 is what the file holds, so the tensor goes over as it is.
    EXPECT_TRUE(resolved.find("blk.3.ffn_down.weight")->kept);
    EXPECT_FALSE(resolved.find("blk.3.ffn_up.weight")->fellBack());
}

TEST(Resolve, LaterRulesWinAndOverridesWinOverRules) {
    const ResolvedRecipe resolved = resolve(parse("default q4_0\n"
                                                  "rule role=attn_q,attn_v format=q5_0\n"
                                                  "rule blocks=1- match=\"attn_[qv]\" format=q8_0\n"
                                                  "tensor blk.2.attn_v.weight format=int4_g128_sym\n"
                                                  "tensor blk.2.ffn_down.weight format=nf4_g64_f16\n"
                                                  "tensor blk.1.ffn_down.weight format=kmeans3_channel\n"),
                                            llamaTensors(3));
    EXPECT_EQ(resolved.find("blk.0.attn_q.weight")->format, format("q5_0"));
    EXPECT_EQ(resolved.find("blk.1.attn_q.weight")->format, format("q8_0"));
    EXPECT_EQ(resolved.find("blk.2.attn_v.weight")->format, format("int4_g128_sym"));
    EXPECT_EQ(resolved.find("blk.2.ffn_down.weight")->format, format("nf4_g64_f16"));
    EXPECT_EQ(resolved.find("blk.1.ffn_down.weight")->format, format("kmeans3_channel"));
    EXPECT_EQ(resolved.find("blk.2.ffn_up.weight")->format, format("q4_0"));
}

TEST(Resolve, WithoutDefaultWhatNoRuleTouchesStaysAsStored) {
    const ResolvedRecipe resolved = resolve(parse("rule role=ffn_up format=q8_0\n"), llamaTensors(1));
    EXPECT_TRUE(resolved.find("blk.0.attn_q.weight")->kept);
    EXPECT_EQ(resolved.find("blk.0.attn_q.weight")->format, format("f16"));
    EXPECT_EQ(resolved.find("blk.0.attn_q.weight")->bytes, 256 * 256 * 2);
    EXPECT_FALSE(resolved.find("blk.0.ffn_up.weight")->kept);
}

TEST(Resolve, TotalsAddUp) {
    const ResolvedRecipe resolved = resolve(Recipe::pure(format("q4_k")), llamaTensors(3));
    RecipeTotals sum;
    for (const ResolvedTensor& tensor : resolved.tensors) {
        sum.bytes += tensor.bytes;
        sum.sourceBytes += tensor.sourceBytes;
        sum.parameters += tensor.rows * tensor.cols;
    }
    EXPECT_EQ(resolved.totals.bytes, sum.bytes);
    EXPECT_EQ(resolved.totals.sourceBytes, sum.sourceBytes);
    EXPECT_EQ(resolved.totals.parameters, sum.parameters);
    EXPECT_EQ(sum.sourceBytes, 2 * sum.parameters);
    EXPECT_EQ(resolved.totals.quantizedParameters, sum.parameters - 256 * 4);
    EXPECT_EQ(resolved.totals.quantizedBytes, sum.bytes - 256 * 4 * 4);
    EXPECT_DOUBLE_EQ(resolved.totals.bitsPerWeight(), 8.0 * double(sum.bytes) / double(sum.parameters));
}

TEST(Resolve, WhatMatchesNothingIsAWarning) {
    const ResolvedRecipe resolved = resolve(parse("default q8_0\n"
                                                  "rule blocks=40-50 format=q4_0\n"
                                                  "rule role=attn_norm format=q4_0\n"
                                                  "rule role=attn_v format=q4_0\n"
                                                  "rule role=attn_v format=q5_0\n"
                                                  "tensor blk.9.attn_q.weight format=q4_0\n"
                                                  "tensor output_norm.weight format=q4_0\n"),
                                            llamaTensors(2));
    const std::string warnings = messages(resolved, Severity::kWarning);
    EXPECT_THAT(warnings, HasSubstr("Rule 1 (blocks=40-50) matches no tensor of this checkpoint.\n"));
    EXPECT_THAT(warnings, HasSubstr("Rule 2 (role=attn_norm) matches only tensors that take no format"));
    EXPECT_THAT(warnings, HasSubstr("The recipe names blk.9.attn_q.weight, which this checkpoint does not have.\n"));
    EXPECT_THAT(warnings, HasSubstr("output_norm.weight is no weight matrix: it stays F32"));
    EXPECT_THAT(messages(resolved, Severity::kNote), HasSubstr("Rule 3 (role=attn_v) decides nothing"));
    EXPECT_EQ(messages(resolved, Severity::kError), "");
}

TEST(Resolve, ABadRegexIsAnErrorThatNamesTheRule) {
    const ResolvedRecipe resolved =
        resolve(parse("default q8_0\nrule match=\"attn_(\" format=q4_0\n"), llamaTensors(1));
    EXPECT_THAT(messages(resolved, Severity::kError),
                HasSubstr("Rule 1 (match=\"attn_(\"): the regular expression \"attn_(\" is wrong"));
}

TEST(Resolve, ARegexThatBacktracksWithoutEndGivesUp) {
    auto tensors = llamaTensors(1);
    tensors.push_back(makeTensor(std::string(60, 'a') + "!", TensorRole::kOther, {32, 256}));
    const ResolvedRecipe resolved = resolve(parse("default q8_0\nrule match=\"^(a+)+$\" format=q4_0\n"), tensors);
    EXPECT_THAT(messages(resolved, Severity::kError), HasSubstr("gave up on aaaa"));
}

TEST(Resolve, UndecodableAndIntegerTensorsAreKeptWithANote) {
    auto tensors = llamaTensors(1);
    tensors.push_back(makeTensor("blk.0.attn_k.weight", TensorRole::kAttnK, {128, 256}, DType::kIQ2_XS));
    tensors.push_back(makeTensor("layers.0.qweight", TensorRole::kOther, {32, 256}, DType::kI32));
    tensors.push_back(makeTensor("blk.0.ssm_conv1d.weight", TensorRole::kOther, {256, 4}, DType::kF32));
    const ResolvedRecipe resolved = resolve(Recipe::pure(format("q4_0")), tensors);
    const std::string notes = messages(resolved, Severity::kNote);
    EXPECT_THAT(
        notes,
        HasSubstr(
            "blk.0.attn_k.weight is stored as IQ2_XS, which this program does not decode: it keeps that type.\n"));
    EXPECT_THAT(notes, HasSubstr("layers.0.qweight holds I32 values, not weights: it keeps that type.\n"));
    for (const char* name : {"blk.0.attn_k.weight", "layers.0.qweight", "blk.0.ssm_conv1d.weight"}) {
        EXPECT_TRUE(resolved.find(name)->kept) << name;
        EXPECT_EQ(resolved.find(name)->bytes, resolved.find(name)->sourceBytes) << name;
    }
}

TEST(Resolve, AFormatThatCannotBeWrittenIsAnError) {
    const auto unwritable = Format::of(DType::kIQ2_XS);
    const ResolvedRecipe resolved = resolve(Recipe::pure(unwritable), llamaTensors(1));
    EXPECT_THAT(messages(resolved, Severity::kError), HasSubstr("IQ2_XS is a type that this program does not write"));
}

}  // namespace
}  // namespace halftone::test
