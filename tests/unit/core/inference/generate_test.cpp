// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/inference/generate.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>

#include "tests/support/test_paths.h"
#include "tests/unit/core/inference/loaded_model.h"

namespace halftone::test {
namespace {

struct Generator {
    LoadedModel model;
    std::shared_ptr<const Tokenizer> tokenizer;
};

Result<Generator> openGenerator(const std::filesystem::path& path) {
    Generator generator;
    HT_ASSIGN_OR_RETURN(generator.model, loadModel(path, *createCpuBackend()));
    HT_ASSIGN_OR_RETURN(generator.tokenizer, Tokenizer::load(*generator.model.checkpoint));
    return generator;
}

TEST(Generate, GreedyTextIsTheReferenceText) {
    for (const char* name : {"stories260K", "babyllama-105", "zh-poem-750K", "slm4096-gpt2"}) {
        SCOPED_TRACE(name);
        HT_SHARED_OR_SKIP(folder, std::string("models/") + name);
        const auto generator = openGenerator(folder);
        HT_ASSERT_OK(generator);
        const auto reference = nlohmann::json::parse(readFile(folder / "reference.json"))["greedy"][0];
        GenerateOptions options;
        options.maxTokens = static_cast<int64_t>(reference["greedy_ids"].size());
        options.stopAtEnd = false;
        std::string streamed;
        const auto result = generateText(
            *generator->model.executable, generator->tokenizer, reference["prompt"], options,
            [&](const GeneratedToken& token) { streamed += token.text; }, JobContext());
        HT_ASSERT_OK(result);
        if (result->promptIds != reference["prompt_ids"].get<std::vector<TokenId>>())
            continue;  // the prompt was not plain text
        std::vector<TokenId> ids;
        for (const GeneratedToken& token : result->tokens) {
            ids.push_back(token.id);
            EXPECT_LE(token.prediction.logProb, 0.0f);
            EXPECT_TRUE(std::isfinite(token.prediction.logProb));
            ASSERT_EQ(token.prediction.likeliest.size(), TokenPrediction::kMostLikely);
            EXPECT_EQ(token.prediction.likeliest.front().id, token.id) << "greedy takes the likeliest";
            EXPECT_EQ(token.prediction.likeliest.front().logProb, token.prediction.logProb);
            EXPECT_EQ(token.prediction.rank, 1);
        }
        EXPECT_EQ(ids, reference["greedy_ids"].get<std::vector<TokenId>>());
        EXPECT_EQ(result->reason, StopReason::kMaxTokens);
        EXPECT_EQ(result->text.substr(0, streamed.size()), streamed);
    }
}

TEST(Generate, StopsWhereTheContextIsFullAndRefusesLongPrompts) {
    HT_SHARED_OR_SKIP(folder, "models/stories260K");
    const auto generator = openGenerator(folder);
    HT_ASSERT_OK(generator);
    GenerateOptions options;
    options.maxTokens = 5000;
    options.stopAtEnd = false;
    const auto full =
        generateText(*generator->model.executable, generator->tokenizer, "Once upon a time", options, {}, JobContext());
    HT_ASSERT_OK(full);
    EXPECT_EQ(full->reason, StopReason::kContextFull);
    EXPECT_EQ(full->promptIds.size() + full->tokens.size(), 513u) << "the last token needs no place of its own";
    std::string text;
    for (int i = 0; i < 400; ++i) text += "Once upon a time ";
    const auto tooLong =
        generateText(*generator->model.executable, generator->tokenizer, text, options, {}, JobContext());
    ASSERT_FALSE(tooLong.has_value());
    EXPECT_EQ(tooLong.error().code, ErrorCode::kInvalidArgument);
    EXPECT_NE(tooLong.error().message.find("512"), std::string::npos) << tooLong.error().message;
}

TEST(Generate, CancelKeepsWhatThereIs) {
    HT_SHARED_OR_SKIP(folder, "models/stories260K");
    const auto generator = openGenerator(folder);
    HT_ASSERT_OK(generator);
    std::stop_source stop;
    JobContext context;
    context.stop = stop.get_token();
    GenerateOptions options;
    options.maxTokens = 400;
    int seen = 0;
    const auto result = generateText(
        *generator->model.executable, generator->tokenizer, "Once", options,
        [&](const GeneratedToken&) {
            if (++seen == 7) stop.request_stop();
        },
        context);
    HT_ASSERT_OK(result);
    EXPECT_EQ(result->reason, StopReason::kCancelled);
    EXPECT_EQ(result->tokens.size(), 7u);
}

TEST(Generate, SameSeedSameText) {
    HT_SHARED_OR_SKIP(folder, "models/stories260K");
    const auto generator = openGenerator(folder);
    HT_ASSERT_OK(generator);
    const auto textOf = [&](uint64_t seed) {
        GenerateOptions options;
        options.maxTokens = 40;
        options.sampling = {.temperature = 1.2, .topK = 100, .topP = 0.98, .seed = seed};
        return generateText(*generator->model.executable, generator->tokenizer, "Once upon", options, {}, JobContext())
            .value()
            .text;
    };
    EXPECT_EQ(textOf(3), textOf(3));
    EXPECT_NE(textOf(3), textOf(4));
}

}  // namespace
}  // namespace halftone::test
