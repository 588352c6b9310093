// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/pipeline/activation_scales.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/pipeline/calibrate.h"
#include "core/pipeline/recipe_weights.h"
#include "tests/support/test_paths.h"

namespace halftone::test {
namespace {

using testing::HasSubstr;

class ActivationScalesTest : public testing::Test {
  protected:
    void SetUp() override {
        auto model = LoadedModel::open(sourceDir() / "resources" / "sample");
        HT_ASSERT_OK(model);
        m_model = std::make_unique<LoadedModel>(*model);
        auto tokens = model->tokenize(readFile(sourceDir() / "resources" / "texts" / "calibration.txt")).value();
        tokens.resize(1500);
        auto calibration = collectCalibration(*m_model, tokens, {.withHessians = false}, JobContext());
        HT_ASSERT_OK(calibration);
        m_calibration = std::make_shared<const Calibration>(std::move(*calibration));
    }
    [[nodiscard]] float scale(const ActivationFormat& format, const std::string& name) const {
        return (*format.scales)[static_cast<size_t>(m_model->graph->findWeight(name))];
    }
    std::unique_ptr<LoadedModel> m_model;
    std::shared_ptr<const Calibration> m_calibration;
};

TEST_F(ActivationScalesTest, AreTheLargestInputsOver127) {
    const auto format = staticActivations(*m_model->graph, *m_calibration, {});
    HT_ASSERT_OK(format);
    HT_ASSERT_OK(checkRunFormat(*m_model->graph, {.cache = {}, .activations = *format}));
    const auto& largest = m_calibration->find("blk.2.ffn_down.weight")->largest;
    EXPECT_FLOAT_EQ(scale(*format, "blk.2.ffn_down.weight"), *std::ranges::max_element(largest) / 127.0f);
    EXPECT_EQ(scale(*format, "blk.0.attn_q.weight"), scale(*format, "blk.0.attn_v.weight"));
    EXPECT_EQ(scale(*format, "token_embd.weight"), 0.0f);  // the head keeps its inputs
}

TEST_F(ActivationScalesTest, FollowWhatMethodsFoldAway) {
    const auto weights = RecipeWeights::create(m_model->checkpoint, m_model->graph).value();
    const Recipe recipe =
        Recipe::pure(Format::parse("int8_channel_sym").value(), MethodChoice::parse("smoothquant").value());
    const auto applied =
        weights->applyMethods(resolve(recipe, m_model->checkpoint->tensors()), m_calibration, JobContext());
    HT_ASSERT_OK(applied);
    const std::string name = "blk.1.attn_q.weight";
    ASSERT_TRUE(applied->inputScales.contains(name));
    const auto format = staticActivations(*m_model->graph, *m_calibration, applied->inputScales);
    HT_ASSERT_OK(format);
    const std::vector<float>& factors = applied->inputScales.at(name);
    const std::vector<float>& largest = m_calibration->find(name)->largest;
    float expected = 0;
    for (size_t i = 0; i < factors.size(); ++i) expected = std::max(expected, largest[i] / factors[i]);
    EXPECT_FLOAT_EQ(scale(*format, name), expected / 127.0f);
    EXPECT_LT(scale(*format, name), scale(*staticActivations(*m_model->graph, *m_calibration, {}), name));
}

TEST_F(ActivationScalesTest, MissingMagnitudesAreNamed) {
    Calibration lesser = *m_calibration;
    lesser.byTensor.at("blk.3.attn_output.weight").largest.clear();
    EXPECT_THAT(staticActivations(*m_model->graph, lesser, {}).error().message, HasSubstr("largest inputs"));
    lesser.byTensor.erase("blk.0.attn_q.weight");
    EXPECT_THAT(staticActivations(*m_model->graph, lesser, {}).error().message, HasSubstr("'blk.0.attn_q.weight'"));
}

}  // namespace
}  // namespace halftone::test
