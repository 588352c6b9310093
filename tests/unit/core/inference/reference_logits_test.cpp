// SPDX-License-Identifier: GPL-3.0-or-later
// Logits and greedy continuations of the shared models against numbers computed elsewhere in binary64 (reference.json).
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <tuple>

#include "tests/support/test_paths.h"
#include "tests/unit/core/inference/loaded_model.h"

namespace halftone::test {
namespace {

/// One stored form of a model, and how far quantization alone moves it from the numbers of the original.
struct Case {
    const char* folder;
    const char* file;  ///< empty: the folder itself
    double
        storageError;  ///< largest relative error that comes from the stored weights, 0 where they are the original's
    bool sameGreedy;   ///< the greedy continuation must be the original's
};

constexpr Case kCases[] = {
    {"stories260K", "", 0, true},
    {"stories260K", "stories260K-f32.gguf", 0, true},
    {"stories260K", "stories260K-f16.gguf", 2e-3, true},
    {"babyllama-105", "", 0, true},
    {"babyllama-105", "babyllama-105-f16.gguf", 1e-3, true},
    {"babyllama-105", "babyllama-105-Q8_0.gguf", 3e-2, false},
    {"babyllama-105", "babyllama-105-Q4_0.gguf", 5e-1, false},
    {"zh-poem-750K", "", 0, true},
    {"slm4096-gpt2", "", 0, true},
    {"slm4096-gpt2", "slm4096-gpt2-f16.gguf", 5e-3, true},
};

using Parameter = std::tuple<Case, const char*>;

class ReferenceLogits : public testing::TestWithParam<Parameter> {
  protected:
    [[nodiscard]] const Case& model() const { return std::get<0>(GetParam()); }
    [[nodiscard]] double tolerance() const {
        const bool isReference = std::string(std::get<1>(GetParam())) == "cpu-reference";
        return (isReference ? 1e-3 : 5e-3) * 0.1 + model().storageError;  // ten times stricter than promised
    }
};

nlohmann::json readReference(const std::filesystem::path& folder) {
    return nlohmann::json::parse(readFile(folder / "reference.json"));
}

TEST_P(ReferenceLogits, AgreeWithReferenceNumbers) {
    HT_SHARED_OR_SKIP(folder, std::string("models/") + model().folder);
    const auto backend = backendByName(std::get<1>(GetParam()));
    auto loaded = loadModel(folder / model().file, *backend);
    HT_ASSERT_OK(loaded);
    const auto reference = readReference(folder)["logits"];
    const auto ids = reference["input_ids"].get<std::vector<TokenId>>();
    const auto length = static_cast<int64_t>(ids.size());
    auto sequence = loaded->executable->createSequence(length);
    HT_ASSERT_OK(sequence);
    const auto logits = runLogits(*loaded->executable, **sequence, ids, length - 1, length);
    HT_ASSERT_OK(logits);

    double largest = 0, difference = 0;
    for (const auto& entry : reference["last_position_top10"]) {
        const auto expected = entry[1].get<double>();
        largest = std::max(largest, std::abs(expected));
        difference = std::max(difference, std::abs(expected - double((*logits)[entry[0].get<size_t>()])));
    }
    const auto first = reference["last_position_logits_first16"].get<std::vector<double>>();
    for (size_t i = 0; i < first.size(); ++i) {
        largest = std::max(largest, std::abs(first[i]));
        difference = std::max(difference, std::abs(first[i] - double((*logits)[i])));
    }
    RecordProperty("relative_error", std::to_string(difference / largest));
    std::printf("  %s %s on %s: relative error %.2e\n", model().folder, model().file, backend->name().c_str(),
                difference / largest);
    EXPECT_LT(difference / largest, tolerance());
    const auto best = std::ranges::max_element(*logits) - logits->begin();
    EXPECT_EQ(best, reference["last_position_top10"][0][0].get<int64_t>());
}

TEST_P(ReferenceLogits, GreedyContinuationIsTheSame) {
    if (!model().sameGreedy) GTEST_SKIP() << "the stored weights are not the original's";
    HT_SHARED_OR_SKIP(folder, std::string("models/") + model().folder);
    const auto backend = backendByName(std::get<1>(GetParam()));
    auto loaded = loadModel(folder / model().file, *backend);
    HT_ASSERT_OK(loaded);
    const auto reference = readReference(folder);
    for (const auto& entry : reference["greedy"]) {
        const auto expected = entry["greedy_ids"].get<std::vector<TokenId>>();
        const auto prompt = entry["prompt_ids"].get<std::vector<TokenId>>();
        const auto tokens = greedy(*loaded->executable, prompt, static_cast<int64_t>(expected.size()));
        HT_ASSERT_OK(tokens);
        EXPECT_EQ(*tokens, expected) << entry["prompt"];
    }
}

INSTANTIATE_TEST_SUITE_P(Models, ReferenceLogits,
                         testing::Combine(testing::ValuesIn(kCases), testing::Values("cpu-reference", "cpu")),
                         [](const testing::TestParamInfo<Parameter>& param) {
                             std::string name = std::string(std::get<0>(param.param).folder) + "_" +
                                                std::get<0>(param.param).file + "_" + std::get<1>(param.param);
                             std::ranges::replace_if(
                                 name, [](unsigned char c) { return !std::isalnum(c); }, '_');
                             return name;
                         });

}  // namespace
}  // namespace halftone::test
