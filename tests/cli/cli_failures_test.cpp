// SPDX-License-Identifier: GPL-3.0-or-later
// Exit status 1 for what fails and 2 for wrong usage, each with one line on standard error and nothing on the output.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/cli/run_cli.h"
#include "tests/support/broken_files.h"
#include "tests/support/test_paths.h"

namespace halftone::test {
namespace {

using testing::HasSubstr;

void expectFailure(const std::vector<std::string>& arguments, int status, const std::string& words) {
    const CliRun run = runCli(arguments);
    EXPECT_EQ(run.status, status) << run.err;
    EXPECT_TRUE(run.err.starts_with("halftone-cli: ")) << run.err;
    EXPECT_EQ(std::count(run.err.begin(), run.err.end(), '\n'), 1) << run.err;
    EXPECT_THAT(run.err, HasSubstr(words));
    EXPECT_EQ(run.out, "");
}

TEST(CliUsage, WrongArgumentsAreStatusTwo) {
    expectFailure({}, 2, "subcommand");
    expectFailure({"explode"}, 2, "\"explode\" is not something to do; there are devices, inspect");
    expectFailure({"inspect"}, 2, "CHECKPOINT is required");
    expectFailure({"inspect", "a", "b"}, 2, "b");
    expectFailure({"inspect", "a", "--wat"}, 2, "--wat");
    expectFailure({"inspect", "a", "--threads", "-1"}, 2, "--threads");
    expectFailure({"inspect", "a", "--memory-limit", "plenty"}, 2, "--memory-limit");
    expectFailure({"evaluate", "a"}, 2, "--text is required");
    expectFailure({"evaluate", "a", "--text", "t", "--ctx", "1"}, 2, "--ctx");
    expectFailure({"evaluate", "a", "--text", "t", "--format", "q4_0", "--recipe", "r"}, 2, "excludes");
    expectFailure({"generate", "a"}, 2, "--prompt is required");
    expectFailure({"generate", "a", "--prompt", "x", "-n", "0"}, 2, "--tokens");
    expectFailure({"compare", "a", "--prompt", "x"}, 2, "--format");
    expectFailure({"quantize", "a", "--format", "q4_0"}, 2, "--output is required");
    expectFailure({"quantize", "a", "--output", "o"}, 2, "--format");
    expectFailure({"stats", "a", "--activations"}, 2, "--text");
    expectFailure({"tokenize", "a"}, 2, "TEXT is required");
}

TEST(CliUsage, WordsThatAreNoneAreStatusTwo) {
    HT_SHARED_OR_SKIP(model, "models/stories260K");
    expectFailure({"generate", model, "--prompt", "x", "--format", "q99"}, 2, "\"q99\" is not a format");
    expectFailure({"generate", model, "--prompt", "x", "--device", "gpu"}, 2, "\"gpu\" is not a device");
    expectFailure({"generate", model, "--prompt", "x", "--device", "vulkan:x"}, 2, "is not a device");
    expectFailure({"evaluate", model, "--text", "t", "--protocol", "p99", "--device", "cpu"}, 2,
                  "\"p99\" is not an evaluation protocol");
    expectFailure({"stats", model, "--tensor", "("}, 2, "regular expression");
}

TEST(CliUsage, HelpAndVersionAreStatusZero) {
    const CliRun help = runCli({"--help"});
    EXPECT_EQ(help.status, 0);
    for (const char* verb :
         {"devices", "inspect", "stats", "evaluate", "generate", "compare", "quantize", "tokenize"}) {
        EXPECT_THAT(help.out, HasSubstr(verb));
        EXPECT_EQ(runCli({verb, "--help"}).status, 0) << verb;
    }
    EXPECT_THAT(runCli({"--version"}).out, HasSubstr("halftone-cli "));
}

TEST(CliDevice, AMemoryLimitBelowOneBlockIsRefusedInASentence) {
    HT_SHARED_OR_SKIP(model, "models/stories260K");
    const auto devices = runCli({"devices", "--json"}).json();
    const bool hasVulkan = std::ranges::any_of(devices["devices"], [](const auto& device) {
        return device["id"].template get<std::string>().starts_with("vulkan") && device["usable"].template get<bool>();
    });
    const char* required = std::getenv("HT_REQUIRE_VULKAN");
    ASSERT_TRUE(hasVulkan || !required || std::string_view(required) != "1") << "no Vulkan device";
    if (!hasVulkan) GTEST_SKIP() << "no Vulkan device";
    expectFailure({"generate", model, "--prompt", "x", "--device", "vulkan", "--memory-limit", "64KB"}, 1,
                  "left for the blocks of this model");
    const CliRun enough = runCli(
        {"generate", model, "--prompt", "Once", "-n", "2", "--device", "vulkan", "--memory-limit", "64MB", "--json"});
    EXPECT_EQ(enough.status, 0) << enough.err;
}

class CliFailures : public testing::Test {
  protected:
    [[nodiscard]] std::string file(const std::string& name, const std::string& content) const {
        const auto path = m_folder.path() / name;
        std::ofstream(path, std::ios::binary) << content;
        return path;
    }
    TemporaryFolder m_folder;
};

TEST_F(CliFailures, BadCheckpoints) {
    expectFailure({"inspect", "/nonexistent/model"}, 1, "/nonexistent/model");
    expectFailure({"inspect", m_folder.path()}, 1, "holds no checkpoint");
    expectFailure({"inspect", file("x.gguf", "GGUF")}, 1, "x.gguf");
    expectFailure({"inspect", file("x.safetensors", "")}, 1, "x.safetensors");
    expectFailure({"inspect", file("cut.gguf", smallGguf().substr(0, 300))}, 1, "cut.gguf");
}

TEST_F(CliFailures, TextsAndPromptsThatDoNotFit) {
    HT_SHARED_OR_SKIP(model, "models/stories260K");
    HT_SHARED_OR_SKIP(gpt2, "models/slm4096-gpt2");
    HT_SHARED_OR_SKIP(corpus, "text/slm4096-corpus.txt");
    const std::string empty = file("empty.txt", ""), brief = file("brief.txt", "Once upon a time");
    expectFailure({"evaluate", model, "--text", "/nonexistent.txt"}, 1, "/nonexistent.txt");
    expectFailure({"evaluate", model, "--text", m_folder.path()}, 1, "not a regular file");
    expectFailure({"evaluate", model, "--text", empty}, 1, "is empty");
    expectFailure({"evaluate", model, "--text", brief}, 1,
                  "The text has 5 tokens, but protocol p512 needs at least 1024");
    expectFailure({"evaluate", gpt2, "--text", corpus}, 1, "has 128 positions; windows of 512 tokens do not fit");
    expectFailure({"evaluate", model, "--text", corpus, "--ctx", "64", "--reference", gpt2}, 1, "different tokens");
    std::string prompt;
    while (prompt.size() < 5000) prompt += "Once upon a time ";
    expectFailure({"generate", model, "--prompt", prompt}, 1, "context holds 512");
    expectFailure({"stats", model, "--activations", "--text", empty}, 1, "is empty");
}

TEST_F(CliFailures, RecipesAndTargets) {
    HT_SHARED_OR_SKIP(model, "models/stories260K");
    const std::string target = m_folder.path() / "out.gguf";
    expectFailure({"quantize", model, "--recipe", "/nonexistent.recipe", "--output", target}, 1, "/nonexistent.recipe");
    expectFailure(
        {"quantize", model, "--recipe", file("bad.recipe", "halftone-recipe 1\nrule q4_0\n"), "--output", target}, 1,
        "bad.recipe, line 2:");
    expectFailure({"quantize", model, "--recipe",
                   file("regex.recipe", "halftone-recipe 1\nrule match=\"(\" format=q4_0\n"), "--output", target},
                  1, "Rule 1");
    expectFailure({"quantize", model, "--format", "q4_0", "--output", "/nonexistent/out.gguf"}, 1,
                  "/nonexistent does not exist");
    expectFailure({"quantize", model, "--format", "q4_0", "--output", m_folder.path()}, 1, "is a folder");
    EXPECT_FALSE(std::filesystem::exists(target));
}

TEST_F(CliFailures, WhatDoesNotRun) {
    HT_SHARED_OR_SKIP(tokenizer, "tokenizers/gpt2");
    HT_SHARED_OR_SKIP(weights, "models/stories260K/model.safetensors");
    HT_SHARED_OR_SKIP(model, "models/stories260K");
    expectFailure({"generate", tokenizer, "--prompt", "x"}, 1, "holds only a tokenizer");
    std::filesystem::copy_file(weights, m_folder.path() / "bare.safetensors");
    EXPECT_EQ(runCli({"generate", m_folder.path() / "bare.safetensors", "--prompt", "x"}).status, 1);
    expectFailure({"stats", model, "--tensor", "nothing"}, 1, "no tensor whose name matches");
    const CliRun device = runCli({"generate", model, "--prompt", "x", "--device", "vulkan:63"});
    EXPECT_EQ(device.status, 1) << device.err;
}

TEST_F(CliFailures, AFullOutputIsNotSuccess) {
    HT_SHARED_OR_SKIP(model, "models/stories260K");
    if (!std::filesystem::exists("/dev/full")) GTEST_SKIP() << "no /dev/full on this system";
    const int status =
        std::system((std::string(HT_CLI_PATH) + " inspect " + model.string() + " > /dev/full 2> /dev/null").c_str());
    EXPECT_EQ(WEXITSTATUS(status), 1);
}

TEST_F(CliFailures, AnInterruptEndsCleanlyAndKeepsWhatThereIs) {
    HT_SHARED_OR_SKIP(model, "models/stories260K");
    HT_SHARED_OR_SKIP(text, "text/tinystories-lower-1m.txt");
    // Many minutes on the scalar reference; some windows are done by the time of the interrupt.
    const auto start = std::chrono::steady_clock::now();
    const CliRun run = runCli({"evaluate", model, "--text", text, "--ctx", "16", "--device", "cpu-reference", "--json"},
                              std::chrono::seconds(8));
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(60));
    EXPECT_EQ(run.status, 1);
    EXPECT_THAT(run.err, testing::MatchesRegex("halftone-cli: Cancelled after [0-9]+ of [0-9]+ windows\\.\n"));
    const auto json = run.json();
    EXPECT_EQ(json.value("cancelled", false), true);
    EXPECT_GT(json.value("windows", 0), 0);
    EXPECT_GT(json.value("perplexity", 0.0), 1.0);
}

}  // namespace
}  // namespace halftone::test
