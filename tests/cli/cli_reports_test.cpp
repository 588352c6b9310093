// SPDX-License-Identifier: GPL-3.0-or-later
// What each verb reports, as JSON and for people.
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/cli/run_cli.h"
#include "tests/support/test_paths.h"

namespace halftone::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

json runJson(std::vector<std::string> arguments) {
    arguments.emplace_back("--json");
    const CliRun run = runCli(arguments);
    EXPECT_EQ(run.status, 0) << run.err;
    EXPECT_EQ(run.err, "");
    return run.json();
}

std::string runText(const std::vector<std::string>& arguments) {
    const CliRun run = runCli(arguments);
    EXPECT_EQ(run.status, 0) << run.err;
    EXPECT_EQ(run.err, "");
    return run.out;
}

class CliReports : public testing::Test {
  protected:
    void SetUp() override {
        const auto model = sharedPath("models/stories260K");
        const auto text = sharedPath("text/tinystories-a.txt");
        if (!model || !text) GTEST_SKIP() << "test data absent: ../shared/models/stories260K";
        m_model = *model;
        m_text = m_folder.path() / "text.txt";
        std::ofstream(m_text) << readFile(*text).substr(0, 6000);
    }
    TemporaryFolder m_folder;
    std::string m_model, m_text;
};

TEST_F(CliReports, DevicesNameTheCpu) {
    const json devices = runJson({"devices"});
    EXPECT_EQ(devices["devices"][0]["id"], "cpu");
    EXPECT_EQ(devices["devices"][1]["id"], "cpu-reference");
    // Software devices are never chosen by themselves.
    for (const json& device : devices["devices"]) {
        if (device["id"] == devices["auto"]) {
            EXPECT_FALSE(device["software"].get<bool>());
        }
    }
    EXPECT_THAT(runText({"devices"}), HasSubstr("cpu-reference"));
}

TEST_F(CliReports, InspectTellsWhatIsThere) {
    const json report = runJson({"inspect", m_model});
    EXPECT_EQ(report["architecture"], "llama");
    EXPECT_EQ(report["parameters"], 260032);
    EXPECT_EQ(report["runs"], true);
    EXPECT_EQ(report["config"]["blocks"], 5);
    EXPECT_EQ(report["tensors"].size(), 47u);
    EXPECT_EQ(report["fingerprint"].get<std::string>().size(), 16u);
    const std::string text = runText({"inspect", m_model});
    EXPECT_THAT(text, HasSubstr("260,032"));
    EXPECT_THAT(text, HasSubstr("1.04 MB"));
    EXPECT_THAT(text, HasSubstr("blk.4.ffn_down.weight"));
}

TEST_F(CliReports, BenchTellsRatesBesideTheDevicesLimits) {
    const json report = runJson({"bench", m_model, "--prompt", "16", "--generate", "4", "--repeat", "2"});
    EXPECT_EQ(report["prompt_rates"].size(), 2u);
    EXPECT_EQ(report["generate_rates"].size(), 2u);
    for (const char* key : {"prompt_tokens_per_second", "generate_tokens_per_second", "copied_bytes_per_second",
                            "operations_per_second", "prompt_share_of_operations", "generate_share_of_copy"}) {
        EXPECT_GT(report[key].get<double>(), 0) << key;
    }
    EXPECT_GT(report["peak_resident_bytes"].get<int64_t>(), report["bytes"].get<int64_t>());
    const std::string text = runText({"bench", m_model, "--prompt", "0", "--generate", "2", "--repeat", "1"});
    EXPECT_THAT(text, HasSubstr("of the copy rate"));
    EXPECT_THAT(text, testing::Not(HasSubstr("prompt")));
}

TEST_F(CliReports, BenchTellsWhereTheTimeGoes) {
    const std::string trace = m_folder.path() / "trace.json";
    const json report = runJson({"bench", m_model, "--prompt", "16", "--generate", "4", "--repeat", "1", "--device",
                                 "cpu", "--profile", "--trace", trace});
    EXPECT_EQ(report["profile"]["prompt"]["forward_calls"], 1);
    EXPECT_EQ(report["profile"]["generation"]["forward_calls"], 4);
    EXPECT_LE(report["profile"]["prompt"]["operation_seconds"], report["profile"]["prompt"]["forward_seconds"]);
    EXPECT_GT(report["profile"]["prompt"]["operations"].size(), 5u);
    EXPECT_GT(report["operations_per_second"], 0);
    const json events = json::parse(readFile(trace))["traceEvents"];
    EXPECT_GT(events.size(), 100u);
    const std::string text =
        runText({"bench", m_model, "--prompt", "0", "--generate", "2", "--repeat", "1", "--profile"});
    EXPECT_THAT(text, HasSubstr("generation: "));
    EXPECT_THAT(text, HasSubstr("linear attn_q + attn_k + attn_v"));
    EXPECT_THAT(text, HasSubstr("between operations"));
}

TEST_F(CliReports, EvaluateAndGenerateProfileAsWell) {
    const json report = runJson({"evaluate", m_model, "--text", m_text, "--ctx", "64", "--chunks", "2", "--format",
                                 "q8_0", "--device", "cpu", "--profile"});
    EXPECT_GT(report["profile"]["model"]["operations"].size(), 5u);
    EXPECT_GT(report["profile"]["reference"]["operations"].size(), 5u);
    const std::string trace = m_folder.path() / "trace.json";
    const std::string text = runText(
        {"generate", m_model, "--prompt", "Once", "-n", "3", "--temp", "0", "--device", "cpu", "--trace", trace});
    EXPECT_THAT(text, testing::Not(HasSubstr("between operations"))) << "a trace alone prints no table";
    EXPECT_GT(json::parse(readFile(trace))["traceEvents"].size(), 50u);
}

TEST_F(CliReports, StatsOfWeights) {
    const json report = runJson({"stats", m_model, "--tensor", "blk\\.[01]\\.attn_q"});
    ASSERT_EQ(report["tensors"].size(), 2u);
    const json& first = report["tensors"][0];
    EXPECT_EQ(first["name"], "blk.0.attn_q.weight");
    EXPECT_EQ(first["count"], 64 * 64);
    for (const char* key :
         {"min", "max", "mean", "std", "kurtosis", "zero_share", "non_finite", "outliers", "max_over_sigma"}) {
        EXPECT_TRUE(first[key].is_number()) << key;
    }
    EXPECT_EQ(first["percentiles"].size(), 6u);
    EXPECT_LT(first["percentiles"]["0.1"], first["percentiles"]["99.9"]);
    EXPECT_THAT(runText({"stats", m_model, "--tensor", "output"}), HasSubstr("kurtosis"));
}

TEST_F(CliReports, StatsOfActivations) {
    const json report = runJson({"stats", m_model, "--activations", "--text", m_text, "--tensor", "ffn_down"});
    ASSERT_EQ(report["activations"].size(), 5u);
    EXPECT_EQ(report["activations"][0]["importance"].size(), 172u);
    EXPECT_EQ(report["activations"][0]["worst_channels"].size(), 5u);
    EXPECT_GT(report["activations"][0]["tokens"], 2000);
    EXPECT_THAT(runText({"stats", m_model, "--activations", "--text", m_text}), HasSubstr("worst channels"));
}

TEST_F(CliReports, EvaluateOfTheOriginal) {
    const json report = runJson({"evaluate", m_model, "--text", m_text, "--ctx", "256", "--chunks", "4"});
    EXPECT_EQ(report["protocol"], "p512 ctx 256");
    EXPECT_EQ(report["tokens"], 1024);
    EXPECT_EQ(report["scored"], 4 * 127);
    EXPECT_GT(report["perplexity"], 2.0);
    EXPECT_LT(report["perplexity"], 8.0);
    EXPECT_GT(report["perplexity_stderr"], 0.0);
    EXPECT_EQ(report["bytes"], 260032 * 4);
    EXPECT_EQ(report["bits_per_weight"], 32.0);
    EXPECT_TRUE(report["device"].is_string());
    EXPECT_GT(report["seconds"], 0.0);
    EXPECT_FALSE(report.contains("kld_mean"));
    const std::string text =
        runText({"evaluate", m_model, "--text", m_text, "--protocol", "bos-window", "--chunks", "1"});
    EXPECT_THAT(text, testing::ContainsRegex("perplexity +[0-9]+\\.[0-9]{3} ± [0-9]+\\.[0-9]{3}\n"));
    EXPECT_THAT(text, HasSubstr("bos-window ctx 512: 1 windows, 512 tokens, 511 scored"));
}

TEST_F(CliReports, EvaluateOfAFormatComparesWithTheOriginal) {
    const json report =
        runJson({"evaluate", m_model, "--text", m_text, "--ctx", "256", "--chunks", "4", "--format", "q8_0"});
    const json original = runJson({"evaluate", m_model, "--text", m_text, "--ctx", "256", "--chunks", "4"});
    for (const char* key : {"kld_mean", "kld_stderr", "kld_p99", "top1_agreement"})
        EXPECT_TRUE(report[key].is_number()) << key;
    EXPECT_GT(report["kld_mean"], 0.0);
    EXPECT_LT(report["kld_mean"], 1e-3);
    EXPECT_GT(report["top1_agreement"], 0.97);
    EXPECT_NEAR(report["reference_perplexity"].get<double>(), original["perplexity"].get<double>(), 1e-4);
    EXPECT_LT(report["bytes"], 260032 * 2);
    EXPECT_EQ(report["problems"].size(), 5u);  // the rows of 172
    const std::string text =
        runText({"evaluate", m_model, "--text", m_text, "--ctx", "256", "--chunks", "2", "--format", "q8_0"});
    EXPECT_THAT(text, HasSubstr("KL divergence"));
    EXPECT_THAT(text, HasSubstr("(And 4 more tensors.)"));
}

TEST_F(CliReports, EvaluateAgainstAnotherCheckpoint) {
    const json same = runJson(
        {"evaluate", m_model, "--text", m_text, "--chunks", "2", "--reference", m_model + "/stories260K-f32.gguf"});
    EXPECT_LT(same["kld_mean"], 1e-9);
    EXPECT_EQ(same["top1_agreement"], 1.0);
}

TEST_F(CliReports, EvaluateOfARecipeFile) {
    const std::string recipe = m_folder.path() / "mine.recipe";
    std::ofstream(recipe) << "halftone-recipe 1\nname \"mine\"\nrule role=attn_q format=q4_0\n";
    const json report =
        runJson({"evaluate", m_model, "--text", m_text, "--chunks", "2", "--recipe", recipe, "--threads", "1"});
    EXPECT_EQ(report["bytes"], 260032 * 4 - 5 * 64 * 64 * 4 + 5 * 64 * 2 * 18);
    EXPECT_GT(report["kld_mean"], 0.0);
}

TEST_F(CliReports, GenerateIsTheReferencesGreedyText) {
    const json reference = json::parse(readFile(m_model + "/reference.json"))["greedy"][0];
    for (const char* device : {"cpu", "cpu-reference"}) {
        const json report =
            runJson({"generate", m_model, "--prompt", reference["prompt"], "-n", "40", "--device", device});
        EXPECT_EQ(report["device"], device);
        EXPECT_EQ(report["prompt_ids"], reference["prompt_ids"]);
        const auto expected = reference["greedy_ids"].get<std::vector<int>>();
        EXPECT_EQ(report["ids"].get<std::vector<int>>(), std::vector<int>(expected.begin(), expected.begin() + 40));
        EXPECT_EQ(report["stop"], "length");
    }
    const std::string text = runText({"generate", m_model, "--prompt", "Once upon a time", "-n", "12"});
    EXPECT_TRUE(text.starts_with(", there was a")) << text;
}

TEST_F(CliReports, ASeedGivesTheSameTextAgain) {
    const std::vector<std::string> arguments{"generate", m_model, "--prompt",         "Once", "-n",      "30",
                                             "--temp",   "1.2",   "--top-k",          "50",   "--top-p", "0.95",
                                             "--min-p",  "0.01",  "--repeat-penalty", "1.1",  "--seed",  "42"};
    const std::string first = runText(arguments);
    EXPECT_EQ(runText(arguments), first);
    auto other = arguments;
    other.back() = "43";
    EXPECT_NE(runText(other), first);
}

TEST_F(CliReports, CompareTellsWhereTheTextsPart) {
    const json report =
        runJson({"compare", m_model, "--prompt", "Once upon a time", "-n", "60", "--format", "int3_g32_asym"});
    ASSERT_TRUE(report["first_difference"].is_number());
    const auto at = report["first_difference"].get<size_t>();
    EXPECT_NE(report["original"]["ids"][at], report["changed"]["ids"][at]);
    for (size_t i = 0; i < at; ++i) EXPECT_EQ(report["original"]["ids"][i], report["changed"]["ids"][i]);
    EXPECT_GT(report["original"]["bytes"], report["changed"]["bytes"]);
    // The second set of weights is the one that generate would run.
    const json alone =
        runJson({"generate", m_model, "--prompt", "Once upon a time", "-n", "60", "--format", "int3_g32_asym"});
    EXPECT_EQ(report["changed"]["ids"], alone["ids"]);
    EXPECT_TRUE(
        runJson({"compare", m_model, "--prompt", "Once", "-n", "5", "--format", "f32"})["first_difference"].is_null());
    EXPECT_THAT(runText({"compare", m_model, "--prompt", "Once", "-n", "5", "--format", "f32"}),
                HasSubstr("Both wrote the same 5 tokens."));
}

TEST_F(CliReports, QuantizeWritesAFileThatEvaluatesAlike) {
    const std::string target = m_folder.path() / "out.gguf";
    const json report = runJson({"quantize", m_model, "--format", "q4_0", "--output", target});
    EXPECT_EQ(report["path"], target);
    EXPECT_EQ(report["file_bytes"], std::filesystem::file_size(target));
    EXPECT_EQ(report["tensors_written"], 47);
    EXPECT_EQ(report["tensors_verified"], 47);
    // ffn_down keeps F16.
    EXPECT_EQ(report["tensors"].size(), 36u);
    const json file = runJson({"evaluate", target, "--text", m_text, "--chunks", "2"});
    const json source = runJson({"evaluate", m_model, "--text", m_text, "--chunks", "2", "--format", "q4_0"});
    EXPECT_NEAR(file["perplexity"].get<double>(), source["perplexity"].get<double>(), 1e-4);
    EXPECT_THAT(runText({"quantize", m_model, "--format", "q8_0", "--output", target}),
                HasSubstr("read back and checked"));
}

TEST_F(CliReports, QuantizeWithCalibrationSaysSoInTheFile) {
    const std::string target = m_folder.path() / "out.gguf";
    const json report = runJson({"quantize", m_model, "--format", "q4_0", "--output", target, "--text", m_text});
    EXPECT_EQ(report["calibration"]["text"], "text.txt");
    EXPECT_EQ(report["calibration"]["tensors"], 36);
    EXPECT_THAT(readFile(target), HasSubstr("quantize.imatrix.dataset"));
    EXPECT_NE(readFile(target).find("halftone.recipe"), std::string::npos);
}

TEST_F(CliReports, QuantizeTakesABareTensorFile) {
    std::filesystem::copy_file(m_model + "/model.safetensors", m_folder.path() / "bare.safetensors");
    const json report = runJson({"quantize", m_folder.path() / "bare.safetensors", "--format", "q8_0", "--output",
                                 m_folder.path() / "bare.gguf"});
    EXPECT_EQ(report["tensors_written"], 47);
    EXPECT_EQ(runJson({"inspect", m_folder.path() / "bare.gguf"})["architecture"], "unknown");
}

TEST_F(CliReports, TokenizeGivesIds) {
    EXPECT_EQ(runJson({"tokenize", m_model, "Once upon a time"})["ids"], json({403, 407, 261, 378}));
    EXPECT_EQ(runJson({"tokenize", m_model, "Once upon a time", "--special"})["ids"], json({1, 403, 407, 261, 378}));
    EXPECT_EQ(runJson({"tokenize", m_model, ""})["ids"], json::array());
    EXPECT_THAT(runText({"tokenize", m_model, "Once"}), HasSubstr("403"));
    HT_SHARED_OR_SKIP(gpt2, "tokenizers/gpt2");
    EXPECT_EQ(runJson({"tokenize", gpt2, "Hello world"})["ids"], json({15496, 995}));
}

}  // namespace
}  // namespace halftone::test
