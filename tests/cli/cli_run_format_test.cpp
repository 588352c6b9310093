// SPDX-License-Identifier: GPL-3.0-or-later
// Quantized caches and rounded activations from the command line, on the bundled sample.
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/cli/run_cli.h"
#include "tests/support/test_paths.h"

namespace halftone::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

class CliRunFormat : public testing::Test {
  protected:
    void SetUp() override {
        m_model = sourceDir() / "resources" / "sample";
        m_text = m_folder.path() / "text.txt";
        std::ofstream(m_text) << readFile(sourceDir() / "resources" / "texts" / "evaluation.txt").substr(0, 3000);
    }
    [[nodiscard]] std::vector<std::string> evaluate(std::vector<std::string> more) const {
        std::vector<std::string> arguments{"evaluate", m_model, "--text", m_text,     "--protocol",
                                           "p512",     "--ctx", "64",     "--device", "cpu"};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return arguments;
    }
    static json runJson(std::vector<std::string> arguments) {
        arguments.emplace_back("--json");
        const CliRun run = runCli(arguments);
        EXPECT_EQ(run.status, 0) << run.err;
        return run.json();
    }
    static std::string failure(const std::vector<std::string>& arguments, int status) {
        const CliRun run = runCli(arguments);
        EXPECT_EQ(run.status, status) << run.err;
        return run.err;
    }
    TemporaryFolder m_folder;
    std::string m_model, m_text;
};

TEST_F(CliRunFormat, EvaluationsSayWhatTheyWereRunWith) {
    const json full = runJson(evaluate({}));
    EXPECT_EQ(full["cache"], "f32");
    EXPECT_EQ(full["activations"], "none");
    EXPECT_FALSE(full.contains("kld_mean"));

    const json packed = runJson(evaluate({"--cache", "k=q8_0,v=q4_0"}));
    EXPECT_EQ(packed["cache"], "k=q8_0,v=q4_0");
    EXPECT_EQ(packed["reference_cache"], "f32");
    EXPECT_EQ(packed["reference_activations"], "none");
    EXPECT_GT(packed["kld_mean"].get<double>(), 1e-5);
    EXPECT_NEAR(packed["reference_perplexity"].get<double>(), full["perplexity"].get<double>(), 1e-4);
    const json bytes = runJson(evaluate({"--activations", "int8", "--format", "int8_channel_sym"}));
    EXPECT_EQ(bytes["activations"], "int8");
    EXPECT_GT(bytes["kld_mean"].get<double>(),
              runJson(evaluate({"--format", "int8_channel_sym"}))["kld_mean"].get<double>());

    const CliRun text = runCli(evaluate({"--cache", "q8_0", "--activations", "fp8"}));
    EXPECT_EQ(text.status, 0) << text.err;
    EXPECT_THAT(text.out, HasSubstr("p512 ctx 64, cache q8_0, activations fp8: "));
    EXPECT_THAT(text.out, HasSubstr("(cache f32, activations none)"));
}

TEST_F(CliRunFormat, StaticScalesComeFromACalibration) {
    const std::string saved = m_folder.path() / "calibration.gguf";
    EXPECT_EQ(runCli({"calibrate", m_model, "--text", m_text, "--output", saved}).status, 0);
    const json report = runJson(evaluate({"--activations", "int8-static", "--calibration", saved}));
    EXPECT_EQ(report["activations"], "int8-static");
    const double divergence = report["kld_mean"].get<double>();
    EXPECT_GT(divergence, runJson(evaluate({"--activations", "int8"}))["kld_mean"].get<double>());
    EXPECT_LT(divergence, 1.0);
    EXPECT_THAT(failure(evaluate({"--activations", "int8-static"}), 2), HasSubstr("needs --calibration"));
}

TEST_F(CliRunFormat, TextIsGeneratedComparedAndTimed) {
    const json text = runJson({"generate", m_model, "--prompt", "Once", "-n", "8", "--cache", "q4_0"});
    EXPECT_EQ(text["cache"], "q4_0");
    EXPECT_EQ(text["ids"].size(), 8u);
    const json both = runJson({"compare", m_model, "--prompt", "Once", "-n", "8", "--cache", "q4_0"});
    EXPECT_EQ(both["original"]["cache"], "f32");
    EXPECT_EQ(both["changed"]["cache"], "q4_0");
    EXPECT_EQ(both["changed"]["ids"], text["ids"]);
    const json bench = runJson({"bench", m_model, "--prompt", "32", "--generate", "2", "--repeat", "1", "--cache",
                                "q8_0", "--activations", "int8"});
    EXPECT_EQ(bench["cache"], "q8_0");
    EXPECT_EQ(bench["activations"], "int8");
    // Six blocks of four heads of 32 values, keys and values.
    EXPECT_EQ(bench["cache_bytes"], 32 * 6 * 4 * 34 * 2);
}

TEST_F(CliRunFormat, WhatCannotBeIsSaidInOneLine) {
    EXPECT_THAT(failure(evaluate({"--cache", "q5_1"}), 2), HasSubstr("there are f32, f16, q8_0 and q4_0"));
    EXPECT_THAT(failure(evaluate({"--activations", "int4"}), 2),
                HasSubstr("there are int8, int8-static, fp8 and none"));
    HT_SHARED_OR_SKIP(model, "models/stories260K");
    EXPECT_THAT(failure({"generate", model, "--prompt", "x", "--cache", "q8_0"}, 1),
                HasSubstr("Heads of 8 values are no whole number of Q8_0 blocks of 32; take F16 cells."));
}

}  // namespace
}  // namespace halftone::test
