// SPDX-License-Identifier: GPL-3.0-or-later
// Calibration, methods and the error table from the command line, on the bundled sample checkpoint.
#include <cstdlib>
#include <fstream>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/cli/run_cli.h"
#include "tests/support/test_paths.h"

namespace halftone::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

class CliMethods : public testing::Test {
  protected:
    void SetUp() override {
        m_model = (sourceDir() / "resources" / "sample").string();
        m_text = (m_folder.path() / "text.txt").string();
        std::ofstream(m_text) << readFile(sourceDir() / "resources" / "texts" / "calibration.txt").substr(0, 9000);
    }
    json runJson(std::vector<std::string> arguments) {
        arguments.emplace_back("--json");
        const CliRun run = runCli(arguments);
        EXPECT_EQ(run.status, 0) << run.err;
        return run.json();
    }
    TemporaryFolder m_folder;
    std::string m_model, m_text;
};

TEST_F(CliMethods, ErrorTableComparesFormatsAndMethods) {
    const json report = runJson({"error", m_model, "--tensor", "blk.1.(ffn_up|attn_v)", "--formats",
                                 "int3_g64_asym,q4_0,int4_g64_sym", "--methods", "nearest,gptq,hqq", "--text", m_text});
    const json& results = report["results"];
    ASSERT_EQ(results.size(), 2u * 3 * 3);
    for (size_t i = 0; i < results.size(); i += 9) {
        EXPECT_EQ(results[i]["method"], "nearest");
        EXPECT_EQ(results[i + 1]["method"], "gptq");
        EXPECT_LT(results[i + 1]["output_error"], results[i]["output_error"]);
        EXPECT_EQ(results[i]["output_error_from"], "hessian");
        EXPECT_EQ(results[i]["levels"], 8);
        EXPECT_LE(results[i]["entropy_bits"], 3.0);
        EXPECT_THAT(results[i + 5]["why_not"], HasSubstr("a search of its own"));
        EXPECT_THAT(results[i + 8]["why_not"], HasSubstr("zero point"));
    }
    const CliRun text = runCli({"error", m_model, "--tensor", "blk.0.attn_k", "--formats", "q4_k"});
    EXPECT_EQ(text.status, 0) << text.err;
    EXPECT_THAT(text.out, HasSubstr("relative MSE"));
}

TEST_F(CliMethods, CorrectionsAreMeasuredRunAndExported) {
    const json report = runJson({"error", m_model, "--tensor", "blk.1.ffn_up", "--formats",
                                 "q5_0,q5_0+out0.5,q5_0+rank16,q5_0+out0.5+rank16", "--text", m_text});
    const json& results = report["results"];
    ASSERT_EQ(results.size(), 4u);
    EXPECT_EQ(results[3]["format"], "q5_0+out0.5+rank16");
    const int64_t codes = results[0]["bytes"], outliers = results[1]["bytes"], rank = results[2]["bytes"];
    EXPECT_GT(outliers, codes);
    EXPECT_GT(rank, outliers);
    EXPECT_EQ(results[3]["bytes"], outliers + rank - codes);
    for (size_t i = 1; i < 4; ++i) EXPECT_LT(results[i]["output_error"], results[0]["output_error"]);
    const std::string recipe = (m_folder.path() / "r.recipe").string(), file = (m_folder.path() / "m.gguf").string();
    std::ofstream(recipe) << "halftone-recipe 2\ndefault q5_0+rank16\nrule role=token_embd format=q8_0\n";
    const json written = runJson({"quantize", m_model, "--recipe", recipe, "--text", m_text, "--output", file});
    EXPECT_EQ(written["adapter"], (m_folder.path() / "m-lora.gguf").string());
    EXPECT_GT(written["adapter_bytes"], 100000);
    const CliRun refused = runCli({"quantize", m_model, "--format", "q5_0+out0.5", "--output", file});
    EXPECT_EQ(refused.status, 1);
    EXPECT_THAT(refused.err, HasSubstr("no runtime that reads GGUF keeps outliers beside the codes"));
}

TEST_F(CliMethods, TablesOfLevelsAndCodebooksAreMeasuredLikeOthers) {
    const json report =
        runJson({"error", m_model, "--tensor", "blk.1.ffn_up", "--formats", "nf4_g64,kmeans3_channel,fp8_e4m3_b128x128",
                 "--methods", "nearest,mse,gptq", "--text", m_text});
    const json& results = report["results"];
    ASSERT_EQ(results.size(), 9u);
    EXPECT_LT(results[1]["relative_mse"], results[0]["relative_mse"]);
    EXPECT_LT(results[2]["output_error"], results[0]["output_error"]);
    EXPECT_EQ(results[3]["levels"], 8);
    EXPECT_THAT(results[4]["why_not"], HasSubstr("k-means finds its levels itself"));
    EXPECT_LT(results[5]["output_error"], results[3]["output_error"]);
    EXPECT_THAT(results[8]["why_not"], HasSubstr("one for 128 rows at a time"));
    const json measured = runJson({"evaluate", m_model, "--text", m_text, "--protocol", "bos-window", "--ctx", "256",
                                   "--chunks", "2", "--format", "nf4_g64"});
    EXPECT_GT(measured["perplexity"], 1.0);
    const CliRun wrong = runCli({"evaluate", m_model, "--text", m_text, "--format", "nf5_g64"});
    EXPECT_NE(wrong.status, 0);
    EXPECT_THAT(wrong.err, HasSubstr("nf4_g64 or fp8_e4m3_b128x128"));
}

TEST_F(CliMethods, FloatZeroPointsAndNestedScalesAreFormatsLikeOthers) {
    const json report =
        runJson({"error", m_model, "--tensor", "blk.1.ffn_up", "--formats",
                 "int4_g64_fzero,INT4_g64_fzero_dq,nf4_g64_dq", "--methods", "nearest,hqq,gptq", "--text", m_text});
    const json& results = report["results"];
    ASSERT_EQ(results.size(), 9u);
    for (const size_t first : {0u, 3u}) {
        EXPECT_LT(results[first + 1]["relative_mse"], results[first]["relative_mse"]);
        EXPECT_LT(results[first + 2]["output_error"], results[first]["output_error"]);
    }
    EXPECT_EQ(results[3]["format"], "int4_g64_fzero_dq");
    EXPECT_THAT(results[7]["why_not"], HasSubstr("zero point, which NF4 g64 DQ does not have"));
    EXPECT_LT(results[8]["output_error"], results[6]["output_error"]);
    const json measured = runJson({"evaluate", m_model, "--text", m_text, "--protocol", "bos-window", "--ctx", "256",
                                   "--chunks", "2", "--format", "int4_g64_fzero_dq", "--method", "hqq"});
    EXPECT_GT(measured["perplexity"], 1.0);
    const CliRun wrong = runCli({"evaluate", m_model, "--text", m_text, "--format", "nf4_g64_dq", "--method", "hqq"});
    EXPECT_NE(wrong.status, 0);
}

TEST_F(CliMethods, CalibrationsAreSavedReusedAndMerged) {
    const std::string saved = (m_folder.path() / "calibration.gguf").string();
    const json first = runJson({"calibrate", m_model, "--text", m_text, "--output", saved});
    EXPECT_EQ(first["tensors"], 43);
    EXPECT_EQ(first["hessians"], 25) << "q, k, v and gate, up share theirs";
    EXPECT_THAT(first["device"], HasSubstr("cpu"));
    const std::string both = (m_folder.path() / "both.dat").string();
    const json merged = runJson({"calibrate", m_model, "--text", m_text, saved, "--output", both});
    EXPECT_EQ(merged["chunks"], 2 * first["chunks"].get<int>());
    const std::string out = (m_folder.path() / "out.gguf").string();
    const CliRun written =
        runCli({"quantize", m_model, "--format", "q4_0", "--method", "gptq", "--text", saved, "--output", out});
    EXPECT_EQ(written.status, 0) << written.err;
    const json measured =
        runJson({"evaluate", out, "--text", m_text, "--protocol", "bos-window", "--ctx", "256", "--chunks", "2"});
    EXPECT_LT(measured["perplexity"], 40.0);
}

TEST_F(CliMethods, CalibratesOnTheDeviceThatIsNamed) {
    const auto arguments = [&](const std::string& device, const std::string& output) {
        return std::vector<std::string>{"calibrate", m_model, "--text",   m_text,
                                        "--device",  device,  "--output", (m_folder.path() / output).string()};
    };
    const CliRun probe = runCli({"devices"});
    if (probe.out.find("vulkan:0") == std::string::npos) GTEST_SKIP() << "no Vulkan device";
    const json onDevice = runJson(arguments("vulkan", "device.gguf"));
    EXPECT_THAT(onDevice["device"], HasSubstr("vulkan"));
    EXPECT_EQ(onDevice["hessians"], 25);
    runJson(arguments("cpu", "processor.gguf"));
    const auto outputErrors = [&](const char* calibration) {
        const json report = runJson({"error", m_model, "--tensor", "blk.[12].(ffn_down|attn_v)", "--formats",
                                     "int3_g64_asym", "--text", (m_folder.path() / calibration).string()});
        std::vector<double> errors;
        for (const json& result : report["results"]) errors.push_back(result["output_error"]);
        return errors;
    };
    const auto device = outputErrors("device.gguf"), processor = outputErrors("processor.gguf");
    ASSERT_EQ(device.size(), 4u);
    for (size_t i = 0; i < device.size(); ++i) EXPECT_NEAR(device[i], processor[i], 1e-4 * processor[i]);
}

TEST_F(CliMethods, WhatMakesNoSenseIsToldAtOnce) {
    const auto failure = [&](std::vector<std::string> arguments) {
        const CliRun run = runCli(arguments);
        EXPECT_NE(run.status, 0);
        return run.err;
    };
    EXPECT_THAT(failure({"error", m_model, "--methods", "gptp"}), HasSubstr("is not a method"));
    EXPECT_THAT(failure({"error", m_model, "--formats", "q9"}), HasSubstr("q9"));
    EXPECT_THAT(failure({"evaluate", m_model, "--text", m_text, "--format", "f16", "--method", "gptq"}),
                HasSubstr("nothing for GPTQ to choose"));
    EXPECT_THAT(failure({"evaluate", m_model, "--text", m_text, "--format", "int4_g64_asym", "--method", "gptq"}),
                HasSubstr("calibrate on a text first"));
    EXPECT_THAT(failure({"generate", m_model, "--prompt", "a", "--method", "gptq"}), HasSubstr("--format"));
}

TEST_F(CliMethods, AKnownMixGivesEachTensorItsType) {
    const std::string output = (m_folder.path() / "mix.gguf").string();
    const json written = runJson({"quantize", m_model, "--mix", "q4_k_m", "--output", output});
    EXPECT_EQ(written["path"], output);
    const json inspected = runJson({"inspect", output});
    std::map<std::string, std::string> types;
    for (const json& tensor : inspected["tensors"]) types[tensor["name"]] = tensor["type"];
    for (const char* wide : {"blk.2.attn_v.weight", "blk.5.ffn_down.weight", "token_embd.weight"})
        EXPECT_EQ(types[wide], "Q6_K") << wide;
    for (const char* narrow : {"blk.1.attn_v.weight", "blk.2.ffn_up.weight"})
        EXPECT_EQ(types[narrow], "Q4_K") << narrow;
    const CliRun unknown = runCli({"quantize", m_model, "--mix", "q4_k_xl", "--output", output});
    EXPECT_EQ(unknown.status, 2);
    EXPECT_THAT(unknown.err, HasSubstr("is not a known mix; there are q2_k_s"));
    const CliRun both = runCli({"quantize", m_model, "--mix", "q4_k_m", "--format", "q4_k", "--output", output});
    EXPECT_EQ(both.status, 2);
    const CliRun alone = runCli({"evaluate", m_model, "--text", m_text, "--method", "gptq"});
    EXPECT_EQ(alone.status, 2);
    EXPECT_THAT(alone.err, HasSubstr("--method goes with --format or --mix"));
}

TEST_F(CliMethods, SensitivityRanksTensorsByWhatTheyCostAlone) {
    const json report =
        runJson({"sensitivity", m_model, "--text", m_text, "--format", "int3_g64_asym", "--tensor",
                 "token_embd|blk.3.(attn_k|ffn_down)", "--protocol", "bos-window", "--ctx", "128", "--chunks", "6"});
    const json& tensors = report["tensors"];
    ASSERT_EQ(tensors.size(), 3u);
    EXPECT_EQ(tensors[0]["tensor"], "token_embd.weight");
    for (size_t i = 0; i < tensors.size(); ++i) {
        EXPECT_GT(tensors[i]["kld"], 0.0);
        EXPECT_GE(tensors[i]["windows"], 3);
        if (i > 0) {
            EXPECT_GE(tensors[i - 1]["kld"], tensors[i]["kld"]);
        }
    }
    const CliRun none = runCli({"sensitivity", m_model, "--text", m_text, "--format", "bf16"});
    EXPECT_EQ(none.status, 1);
    EXPECT_THAT(none.err, HasSubstr("The recipe changes no tensor"));
}

TEST_F(CliMethods, AllocationLosesLessThanOneFormatOfTheSameSize) {
    const std::string recipe = (m_folder.path() / "a.recipe").string();
    const std::vector<std::string> text{"--text", m_text, "--protocol", "bos-window", "--ctx", "256", "--chunks", "6"};
    const auto with = [&](std::vector<std::string> arguments) {
        arguments.insert(arguments.end(), text.begin(), text.end());
        return arguments;
    };
    const json allocated = runJson(with({"allocate", m_model, "--bits", "4.5", "--output", recipe}));
    EXPECT_LE(allocated["bits_per_weight"], 4.5);
    EXPECT_GT(allocated["bits_per_weight"], 4.4);
    const json ours = runJson(with({"evaluate", m_model, "--recipe", recipe}));
    const json uniform = runJson(with({"evaluate", m_model, "--format", "q4_k"}));
    EXPECT_LE(ours["bytes"], uniform["bytes"]);
    EXPECT_LT(ours["kld_mean"], uniform["kld_mean"]);
    EXPECT_NEAR(allocated["predicted_kld"].get<double>() / ours["kld_mean"].get<double>(), 1, 0.5);
    const CliRun tiny = runCli(with({"allocate", m_model, "--bits", "1.5"}));
    EXPECT_EQ(tiny.status, 1);
    EXPECT_THAT(tiny.err, HasSubstr("the smallest comes to"));
    EXPECT_EQ(runCli(with({"allocate", m_model})).status, 2);
}

/// A device that encodes on request, for as long as this lives.
class EncodeOnRequest {
  public:
    EncodeOnRequest() { ::setenv("HT_VK_ENCODE", "1", 1); }
    ~EncodeOnRequest() { ::unsetenv("HT_VK_ENCODE"); }
    EncodeOnRequest(const EncodeOnRequest&) = delete;
    EncodeOnRequest& operator=(const EncodeOnRequest&) = delete;
};

bool hasVulkanDevice() {
    return runCli({"devices", "--json"}).out.find("\"vulkan:0\"") != std::string::npos;
}

TEST_F(CliMethods, QuantizesOnADeviceToTheSameFile) {
    if (!hasVulkanDevice()) GTEST_SKIP() << "there is no Vulkan device";
    const EncodeOnRequest request;
    const auto quantized = [&](const std::string& device) {
        const std::string path = (m_folder.path() / (device + ".gguf")).string();
        const CliRun run = runCli({"quantize", m_model, "--format", "q5_1", "--output", path, "--device", device});
        EXPECT_EQ(run.status, 0) << run.err;
        EXPECT_EQ(run.err.find("The processor quantizes"), std::string::npos);
        return readFile(path);
    };
    EXPECT_EQ(quantized("vulkan"), quantized("cpu"));
}

TEST_F(CliMethods, MeasuresOnADeviceTheSameErrors) {
    if (!hasVulkanDevice()) GTEST_SKIP() << "there is no Vulkan device";
    const auto measured = [&](const std::string& device) {
        return runJson({"error", m_model, "--tensor", "blk\\.0\\.ffn_up", "--formats", "q4_0,int4_g32_asym,q4_k",
                        "--methods", "nearest,mse", "--device", device})["results"];
    };
    const json expected = measured("cpu");
    const EncodeOnRequest request;
    const json results = measured("vulkan");
    ASSERT_EQ(results.size(), expected.size());
    for (size_t i = 0; i < results.size(); ++i) {
        ASSERT_EQ(results[i].contains("relative_mse"), expected[i].contains("relative_mse"));
        if (!results[i].contains("relative_mse")) continue;
        const double error = expected[i]["relative_mse"];
        EXPECT_NEAR(results[i]["relative_mse"].get<double>(), error, 2e-6 * error) << results[i];
        EXPECT_EQ(results[i]["entropy_bits"], expected[i]["entropy_bits"]) << "the codes are the same";
    }
}

TEST_F(CliMethods, SaysThatTheProcessorQuantizesWhereASoftwareDeviceIsNamed) {
    const json devices = runJson({"devices"})["devices"];
    const bool isSoftware = devices.back()["id"] == "vulkan:0" && devices.back()["software"];
    if (!isSoftware) GTEST_SKIP() << "there is no device, or a better one";
    const CliRun run = runCli({"error", m_model, "--tensor", "blk\\.0\\.ffn_up", "--device", "vulkan"});
    EXPECT_EQ(run.status, 0);
    EXPECT_THAT(run.err, HasSubstr("The processor quantizes"));
}

}  // namespace
}  // namespace halftone::test
