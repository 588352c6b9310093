// SPDX-License-Identifier: GPL-3.0-or-later
// Methods on the bundled sample checkpoint: real layers, real text.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/evaluation/evaluate.h"
#include "core/pipeline/calibrate.h"
#include "core/pipeline/recipe_weights.h"
#include "core/quant/methods/error_report.h"
#include "tests/support/test_paths.h"

namespace halftone::test {
namespace {

using testing::HasSubstr;

Format format(std::string_view name) {
    return Format::parse(name).value();
}
MethodChoice method(std::string_view name) {
    return MethodChoice::parse(name).value();
}

std::vector<TokenId> tokensOf(const LoadedModel& model, const std::string& file, size_t most) {
    auto tokens = model.tokenize(readFile(sourceDir() / "resources" / "texts" / file)).value();
    tokens.resize(std::min(most, tokens.size()));
    return tokens;
}

class MethodsTest : public testing::Test {
  protected:
    static void SetUpTestSuite() {
        auto model = LoadedModel::open(sourceDir() / "resources" / "sample");
        HT_ASSERT_OK(model);
        s_model = std::make_unique<LoadedModel>(*model);
        auto calibration = collectCalibration(*s_model, tokensOf(*s_model, "calibration.txt", 8000),
                                              {.dataset = "c.txt"}, JobContext());
        HT_ASSERT_OK(calibration);
        s_calibration = std::make_shared<const Calibration>(std::move(*calibration));
    }
    static void TearDownTestSuite() {
        s_calibration.reset();
        s_model.reset();
    }
    void SetUp() override {
        ASSERT_TRUE(s_calibration);
        m_weights = RecipeWeights::create(s_model->checkpoint, s_model->graph).value();
    }

    Result<RecipeWeights::Applied> apply(const Recipe& recipe) {
        return m_weights->applyMethods(resolve(recipe, s_model->checkpoint->tensors()), s_calibration, m_context);
    }

    double nll(const ModelWeights& weights) {
        const auto executable = createCpuBackend()->compile(s_model->graph, weights, m_context).value();
        const Protocol protocol{ProtocolKind::kBosWindow, 512};
        const auto windows = makeWindows(tokensOf(*s_model, "evaluation.txt", 4000), protocol,
                                         evaluationBos(protocol, *s_model->tokenizer))
                                 .value();
        return evaluatePerplexity(*executable, windows, protocol, {}, m_context)->nll.mean;
    }

    double outputError(const RecipeWeights::Applied& applied, const std::string& name) {
        const WeightId id = s_model->graph->findWeight(name);
        const PackedTensor& packed = applied.weights.at(id);
        const QuantizedTensor tensor{.packed = packed, .format = packed.layout.format, .distortion = {}};
        const auto rows = openRows(s_model->checkpoint, *s_model->checkpoint->find(name)).value();
        return measureTensorError(*rows, tensor, s_calibration->find(name), m_context)->outputError.value();
    }

    static std::unique_ptr<LoadedModel> s_model;
    static std::shared_ptr<const Calibration> s_calibration;
    JobContext m_context;
    std::unique_ptr<RecipeWeights> m_weights;
};

std::unique_ptr<LoadedModel> MethodsTest::s_model;
std::shared_ptr<const Calibration> MethodsTest::s_calibration;

TEST_F(MethodsTest, CalibrationBlockByBlockIsThatOfTheWholeModel) {
    const auto tokens = tokensOf(*s_model, "calibration.txt", 1500);
    ActivationCapture besides;
    const auto streamed = collectCalibration(
        *s_model, tokens, {.contextLength = 512, .withHessians = true, .capture = &besides}, m_context);
    HT_ASSERT_OK(streamed);
    const auto executable = createCpuBackend()->compile(s_model->graph, m_weights->original(), m_context).value();
    const auto whole = captureActivations(*executable, tokens, 512, s_model->tokenizer->bos(), m_context);
    HT_ASSERT_OK(whole);
    EXPECT_EQ(streamed->byTensor.size(), whole->byWeight.size());
    EXPECT_EQ(besides.byWeight.size(), whole->byWeight.size()) << "distributions come from the same pass";
    for (const auto& [name, stats] : whole->byWeight) {
        const InputStatistics* own = streamed->find(name);
        ASSERT_TRUE(own) << name;
        EXPECT_EQ(own->tokens, double(stats.tokenCount)) << name;
        ASSERT_TRUE(besides.byWeight.contains(name)) << name;
        EXPECT_EQ(besides.byWeight.at(name).tokenCount, stats.tokenCount) << name;
        EXPECT_NEAR(besides.byWeight.at(name).summary().kurtosis, stats.summary().kurtosis,
                    1e-3 * stats.summary().kurtosis)
            << name;
        const auto expected = stats.importance(), found = own->importance();
        ASSERT_EQ(found.size(), expected.size());
        for (size_t i = 0; i < found.size(); ++i) {
            ASSERT_NEAR(found[i], expected[i], 1e-4f * expected[i] + 1e-9f) << name << " channel " << i;
            ASSERT_NEAR(own->hessian->at(int64_t(i), int64_t(i)) / own->tokens, expected[i],
                        1e-4f * expected[i] + 1e-9f);
        }
    }
    EXPECT_EQ(streamed->find("blk.0.attn_q.weight")->hessian, streamed->find("blk.0.attn_v.weight")->hessian);
    EXPECT_EQ(streamed->chunkCount, 3);
    JobContext one;
    one.pool = ThreadPool(1);
    const auto alone = collectCalibration(*s_model, tokens, {}, one);
    HT_ASSERT_OK(alone);
    EXPECT_TRUE(std::ranges::equal(alone->find("blk.3.ffn_down.weight")->hessian->sums,
                                   streamed->find("blk.3.ffn_down.weight")->hessian->sums));
}

TEST_F(MethodsTest, GptqLowersOutputErrorAndDoesNotRaisePerplexity) {
    for (const char* name : {"int4_g128_asym", "int3_g64_asym"}) {
        const auto nearest = apply(Recipe::pure(format(name)));
        const auto gptq = apply(Recipe::pure(format(name), method("gptq")));
        HT_ASSERT_OK(nearest);
        HT_ASSERT_OK(gptq);
        for (const char* tensor : {"blk.0.attn_q.weight", "blk.2.attn_output.weight", "blk.3.ffn_down.weight",
                                   "blk.5.ffn_up.weight", "token_embd.weight"}) {
            EXPECT_LT(outputError(*gptq, tensor), outputError(*nearest, tensor)) << name << " " << tensor;
        }
        EXPECT_LE(nll(gptq->weights), nll(nearest->weights)) << name;
    }
}

TEST_F(MethodsTest, AwqFoldsItsScalesWithoutChangingTheModel) {
    const double original = nll(m_weights->original());
    const auto smooth = apply(Recipe::pure(format("int8_g32_asym"), method("smoothquant")));
    HT_ASSERT_OK(smooth);
    EXPECT_NEAR(nll(smooth->weights), original, 0.002);
    const auto applied = apply(Recipe::pure(format("int8_g32_asym"), method("awq:clip=0")));
    HT_ASSERT_OK(applied);
    EXPECT_NEAR(nll(applied->weights), original, 0.002);
    const auto norm = [&](const ModelWeights& weights) {
        const PackedTensor& tensor = weights.at(s_model->graph->findWeight("blk.1.ffn_norm.weight"));
        return std::vector<std::byte>(tensor.bytes.begin(), tensor.bytes.end());
    };
    EXPECT_NE(norm(applied->weights), norm(m_weights->original())) << "nothing was scaled, so nothing was tested";
    const auto coarse = apply(Recipe::pure(format("int3_g64_asym"), method("awq")));
    const auto nearest = apply(Recipe::pure(format("int3_g64_asym")));
    HT_ASSERT_OK(coarse);
    EXPECT_LT(nll(coarse->weights), nll(nearest->weights));
    // The table of embeddings is the head too: its columns belong to both, so the last norm stays.
    const WeightId last = s_model->graph->findWeight("output_norm.weight");
    EXPECT_TRUE(std::ranges::equal(coarse->weights.at(last).bytes, m_weights->original().at(last).bytes));
}

TEST_F(MethodsTest, OnlyWhatAMethodChangesIsQuantizedAnew) {
    Recipe recipe = Recipe::pure(format("int4_g64_asym"));
    const auto first = apply(recipe);
    HT_ASSERT_OK(first);
    recipe.methodOverrides["blk.2.ffn_down.weight"] = method("gptq");
    EXPECT_EQ(apply(recipe)->quantizedNow, 1);
    recipe.methodOverrides["blk.2.ffn_down.weight"] = method("gptq:damping=0.1");
    EXPECT_EQ(apply(recipe)->quantizedNow, 1);
    recipe.methodOverrides.clear();
    EXPECT_EQ(apply(recipe)->quantizedNow, 0);
}

TEST_F(MethodsTest, AMissingCalibrationIsNamed) {
    const ResolvedRecipe recipe =
        resolve(Recipe::pure(format("int4_g64_asym"), method("gptq")), s_model->checkpoint->tensors());
    EXPECT_TRUE(needsHessians(recipe));
    const auto without = m_weights->applyMethods(recipe, nullptr, m_context);
    ASSERT_FALSE(without.has_value());
    EXPECT_THAT(without.error().message, HasSubstr("calibrate on a text first"));
    const auto onlyImportance = std::make_shared<const Calibration>(calibrationFrom(importanceFrom(*s_calibration)));
    const auto importance = m_weights->applyMethods(recipe, onlyImportance, m_context);
    ASSERT_FALSE(importance.has_value());
    EXPECT_FALSE(collectCalibration(*s_model, {}, {}, m_context).has_value());
}

TEST_F(MethodsTest, AnExportHoldsTheBytesThatRun) {
    for (const char* name : {"gptq", "awq"}) {
        const Recipe recipe = Recipe::pure(format("q4_0"), method(name));
        const ResolvedRecipe resolved = resolve(recipe, s_model->checkpoint->tensors());
        const auto applied = m_weights->applyMethods(resolved, s_calibration, m_context);
        HT_ASSERT_OK(applied);
        const TemporaryFolder folder;
        const auto report = exportWithMethods(s_model->checkpoint, *s_model->graph, resolved, recipe.toText(),
                                              s_calibration, folder.path() / "out.gguf", m_context);
        HT_ASSERT_OK(report);
        const auto written = Checkpoint::open(folder.path() / "out.gguf");
        HT_ASSERT_OK(written);
        for (const char* tensor : {"blk.1.ffn_down.weight", "blk.4.attn_output.weight", "blk.0.ffn_up.weight",
                                   "token_embd.weight", "blk.3.attn_norm.weight"}) {
            const TensorInfo* info = (*written)->find(tensor);
            ASSERT_TRUE(info) << tensor;
            const PackedTensor& run = applied->weights.at(s_model->graph->findWeight(tensor));
            EXPECT_TRUE(std::ranges::equal((*written)->bytes(*info), run.bytes)) << name << " " << tensor;
        }
    }
}

TEST_F(MethodsTest, CorrectionsOfARecipeRunAndHelp) {
    const std::string name = "blk.2.ffn_down.weight";
    const auto applied = [&](const char* formatName) { return apply(Recipe::pure(format(formatName))).value(); };
    const auto bare = applied("int2_g32_asym");
    const int64_t before = m_weights->cachedBytes();
    const auto outliers = applied("int2_g32_asym+out0.5"), both = applied("int2_g32_asym+out0.5+rank16");
    EXPECT_GT(m_weights->cachedBytes() - 2 * before, before / 10) << "corrections take their share of the cache";
    const double bareError = outputError(bare, name), outlierError = outputError(outliers, name);
    EXPECT_LT(outlierError, bareError);
    EXPECT_LT(outputError(both, name), outlierError);
    const double bareNll = nll(bare.weights);
    EXPECT_LT(nll(outliers.weights), bareNll);
    EXPECT_LT(nll(both.weights), nll(outliers.weights));
    // Another calibration is another correction.
    const auto plain = m_weights->applyMethods(
        resolve(Recipe::pure(format("int2_g32_asym+out0.5+rank16")), s_model->checkpoint->tensors()), nullptr,
        m_context);
    HT_ASSERT_OK(plain);
    EXPECT_GT(plain->quantizedNow, 0);
    EXPECT_GT(outputError(*plain, name), outputError(both, name));
}

TEST_F(MethodsTest, AutoRoundBringsTheBlockCloserAndKeepsWhatItLearned) {
    const std::string quick = "autoround:iterations=20:tokens=2048:batch=1024";
    Recipe nearest, learned;
    for (const char* role : {"attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"}) {
        const std::string name = fmt::format("blk.2.{}.weight", role);
        nearest.overrides[name] = learned.overrides[name] = format("int3_g64_asym");
        nearest.methodOverrides[name] = method("gptq");
        learned.methodOverrides[name] = method(quick);
    }
    Progress progress;
    m_context.progress = &progress;
    const auto after = apply(learned);
    HT_ASSERT_OK(after);
    EXPECT_EQ(after->quantizedNow, 7);
    const auto before = apply(nearest);
    HT_ASSERT_OK(before);
    EXPECT_LT(nll(after->weights), nll(before->weights));
    // Another tensor elsewhere: nothing is learned again, and an export has the bytes that ran.
    learned.overrides["blk.4.ffn_up.weight"] = format("q8_0");
    const auto edited = apply(learned);
    HT_ASSERT_OK(edited);
    EXPECT_EQ(edited->quantizedNow, 1);
    const auto other = RecipeWeights::create(s_model->checkpoint, s_model->graph).value();
    const auto again = other->applyMethods(resolve(learned, s_model->checkpoint->tensors()), s_calibration, m_context);
    HT_ASSERT_OK(again);
    EXPECT_EQ(again->quantizedNow, 8);
    for (const auto& [name, choice] : learned.methodOverrides) {
        const WeightId id = s_model->graph->findWeight(name);
        EXPECT_TRUE(std::ranges::equal(again->weights.at(id).bytes, after->weights.at(id).bytes)) << name;
    }
}

TEST_F(MethodsTest, AutoRoundNeedsTheTextAndLeavesTheHeadToGptq) {
    auto bare = std::make_shared<Calibration>(*s_calibration);
    bare->windows.clear();
    Recipe recipe;
    recipe.overrides["blk.0.attn_q.weight"] = format("int4_g128_asym");
    recipe.methodOverrides["blk.0.attn_q.weight"] = method("autoround");
    const auto refused = m_weights->applyMethods(resolve(recipe, s_model->checkpoint->tensors()), bare, m_context);
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message, HasSubstr("calibrate on a text first"));
    bare->windows = {{1, 2, 100000}};
    const auto foreign = m_weights->applyMethods(resolve(recipe, s_model->checkpoint->tensors()), bare, m_context);
    ASSERT_FALSE(foreign);
    EXPECT_THAT(foreign.error().message, HasSubstr("another model"));
    Recipe head;
    head.overrides["token_embd.weight"] = format("int4_g128_asym");
    head.methodOverrides["token_embd.weight"] = method("gptq");
    const auto gptq = apply(head);
    head.methodOverrides["token_embd.weight"] = method("autoround");
    const auto rounded = apply(head);
    HT_ASSERT_OK(rounded);
    const WeightId id = s_model->graph->findWeight("token_embd.weight");
    EXPECT_TRUE(std::ranges::equal(rounded->weights.at(id).bytes, gptq->weights.at(id).bytes));
}

}  // namespace
}  // namespace halftone::test
