// SPDX-License-Identifier: GPL-3.0-or-later
// Every llama-like architecture with random weights against its equations written out plainly in binary64.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <tuple>

#include "tests/support/test_paths.h"
#include "tests/unit/core/inference/loaded_model.h"
#include "tests/unit/core/inference/synthetic_model.h"

namespace halftone::test {
namespace {

struct NamedModel {
    const char* name;
    SyntheticOptions options;
};

nlohmann::json yarn() {
    return {{"rope_scaling", {{"rope_type", "yarn"}, {"factor", 4.0}, {"original_max_position_embeddings", 40}}}};
}

std::vector<NamedModel> namedModels() {
    const nlohmann::json llama3 = {{"rope_scaling",
                                    {{"rope_type", "llama3"},
                                     {"factor", 8.0},
                                     {"low_freq_factor", 1.0},
                                     {"high_freq_factor", 4.0},
                                     {"original_max_position_embeddings", 32}}}};
    const nlohmann::json linear = {{"rope_scaling", {{"rope_type", "linear"}, {"factor", 2.5}}}};
    return {
        {"llama", {}},
        {"llama_head_dim", {.headDim = 20}},
        {"llama_biases", {.qkvBias = true, .outputBias = true}},
        {"llama3_rope", {.extra = llama3}},
        {"linear_rope", {.extra = linear}},
        {"yarn_rope", {.headDim = 32, .extra = yarn()}},
        {"mistral", {.modelType = "mistral", .extra = {{"sliding_window", 7}}}},
        {"mistral_full", {.modelType = "mistral", .extra = {{"sliding_window", nullptr}}}},
        {"qwen2", {.modelType = "qwen2", .headDim = 12, .qkvBias = true, .tied = true}},
        {"qwen2_window",
         {.modelType = "qwen2",
          .headDim = 12,
          .qkvBias = true,
          .extra = {{"use_sliding_window", true}, {"sliding_window", 5}, {"max_window_layers", 1}}}},
        {"qwen3", {.modelType = "qwen3", .headDim = 24, .headNorms = true, .tied = true}},
    };
}

class Architectures : public testing::TestWithParam<std::tuple<size_t, const char*>> {};

TEST_P(Architectures, LogitsMatchTheEquations) {
    const NamedModel named = namedModels()[std::get<0>(GetParam())];
    const SyntheticModel model = makeSyntheticModel(named.options);
    const TemporaryFolder folder;
    model.write(folder.path());
    const auto backend = backendByName(std::get<1>(GetParam()));
    auto loaded = loadModel(folder.path(), *backend);
    HT_ASSERT_OK(loaded);
    std::vector<TokenId> tokens;
    for (int i = 0; i < 45; ++i) tokens.push_back((i * 37 + 11) % 97);
    const auto expected = plainForward(model, tokens);
    auto sequence = loaded->executable->createSequence(45);
    HT_ASSERT_OK(sequence);
    const auto logits = runLogits(*loaded->executable, **sequence, tokens, 0, 45);
    HT_ASSERT_OK(logits);
    double largest = 0, difference = 0;
    for (size_t i = 0; i < logits->size(); ++i) {
        const double value = expected[i / 97][i % 97];
        largest = std::max(largest, std::abs(value));
        difference = std::max(difference, std::abs(value - double((*logits)[i])));
    }
    ASSERT_GT(largest, 0.5) << "the synthetic weights are too small to tell anything";
    EXPECT_LT(difference / largest, 2e-5);
}

INSTANTIATE_TEST_SUITE_P(All, Architectures,
                         testing::Combine(testing::Range<size_t>(0, namedModels().size()),
                                          testing::Values("cpu-reference", "cpu")),
                         [](const auto& param) {
                             return std::string(namedModels()[std::get<0>(param.param)].name) +
                                    (std::string(std::get<1>(param.param)) == "cpu" ? "_cpu" : "_reference");
                         });

}  // namespace
}  // namespace halftone::test
