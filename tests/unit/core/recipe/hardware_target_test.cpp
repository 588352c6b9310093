// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/recipe/hardware_target.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

namespace halftone {
namespace {

const HardwareTarget& target(std::string_view id) {
    const auto* found = findHardwareTarget(id);
    EXPECT_NE(found, nullptr) << id;
    return *found;
}

bool takes(std::string_view id, std::string_view format) {
    const auto parsed = Format::parse(format);
    EXPECT_TRUE(parsed.has_value()) << format;
    return targetObstacle(target(id), *parsed).empty();
}

ResolvedTensor tensor(std::string name, TensorRole role, std::string_view format, int64_t rows = 256,
                      int64_t cols = 256) {
    ResolvedTensor made;
    made.name = std::move(name);
    made.role = role;
    made.format = made.requested = *Format::parse(format);
    made.rows = rows;
    made.cols = cols;
    return made;
}

TEST(HardwareTarget, EveryOneIsNamedAndSuggestsAFormatThatItTakes) {
    std::set<std::string_view> ids, names;
    for (const auto& each : hardwareTargets()) {
        EXPECT_TRUE(ids.insert(each.id).second && names.insert(each.name).second) << each.id;
        for (const auto text : {each.runtime, each.sentence, each.source, each.whyNotStorage, each.whyNotParametric})
            EXPECT_FALSE(text.empty()) << each.id;
        EXPECT_TRUE(takes(each.id, each.suggested)) << each.id;
        EXPECT_TRUE(takes(each.id, "f16")) << each.id;
    }
    EXPECT_EQ(ids, (std::set<std::string_view>{"cpu-server", "gpu-server", "mobile", "edge"}));
    EXPECT_EQ(findHardwareTarget("mainframe"), nullptr);
}

TEST(HardwareTarget, EveryOfferedFormatIsTakenOrRefusedInASentenceThatNamesIt) {
    for (const auto& each : hardwareTargets()) {
        int taken = 0, refused = 0;
        for (const Format& format : offeredFormats()) {
            const std::string why = targetObstacle(each, format);
            ++(why.empty() ? taken : refused);
            if (why.empty()) continue;
            EXPECT_NE(why.find(format.displayName()), std::string::npos) << why;
            EXPECT_EQ(why.back(), '.') << why;
            EXPECT_EQ(why.find("{}"), std::string::npos) << why;
        }
        EXPECT_GT(taken, 3) << each.id;
        EXPECT_GT(refused, 3) << each.id;
    }
}

TEST(HardwareTarget, LlamaCppTakesTypesOfGgufAlone) {
    for (const char* id : {"cpu-server", "mobile", "edge"}) {
        EXPECT_FALSE(takes(id, "int4_g128_sym")) << id;
        EXPECT_FALSE(takes(id, "nf4_g64")) << id;
        EXPECT_TRUE(takes(id, "q4_0")) << id;
        EXPECT_TRUE(takes(id, "q8_0")) << id;
    }
}

TEST(HardwareTarget, WhatIsFastDiffersFromMachineToMachine) {
    EXPECT_TRUE(takes("cpu-server", "q3_k"));
    EXPECT_FALSE(takes("edge", "q3_k")) << "no interleaved kernel on Arm";
    EXPECT_TRUE(takes("edge", "q6_k"));
    EXPECT_FALSE(takes("mobile", "q6_k")) << "runs on Adreno, but not optimized";
    EXPECT_FALSE(takes("mobile", "q4_k"));
    EXPECT_TRUE(takes("mobile", "mxfp4"));
    EXPECT_FALSE(takes("mobile", "bf16"));
    EXPECT_TRUE(takes("gpu-server", "bf16"));
    EXPECT_FALSE(takes("gpu-server", "q4_k"));
    EXPECT_FALSE(takes("cpu-server", "nvfp4")) << "new";
    EXPECT_TRUE(takes("gpu-server", "nvfp4"));
}

TEST(HardwareTarget, MarlinWantsFourOrEightBitsInItsGroups) {
    for (const char* format : {"int4_g128_sym", "int4_g32_asym", "int4_channel_sym", "int8_channel_sym",
                               "int8_g128_asym", "fp8_e4m3_tensor", "fp8_e4m3_channel", "fp8_e4m3_b128x128"})
        EXPECT_TRUE(takes("gpu-server", format)) << format;
    for (const char* format : {"int3_g64_asym", "int5_g128_sym", "int4_g16_sym", "int4_g256_sym", "int8_tensor_sym",
                               "int4_g64_fzero", "int4_g64_asym_dq", "fp8_e5m2_channel", "kmeans4_channel"})
        EXPECT_FALSE(takes("gpu-server", format)) << format;
}

TEST(HardwareTarget, ExtrasAreNoRuntimes) {
    EXPECT_FALSE(takes("gpu-server", "int4_g128_sym+2of4"));
    EXPECT_FALSE(takes("cpu-server", "q8_0+rank32"));
}

TEST(HardwareTarget, ProblemsNameTheTensorsThatBreakTheLimits) {
    ResolvedRecipe resolved;
    resolved.tensors = {tensor("blk.0.ffn_down.weight", TensorRole::kFfnDown, "q6_k"),
                        tensor("blk.0.ffn_up.weight", TensorRole::kFfnUp, "q4_0"),
                        tensor("blk.0.ffn_norm.weight", TensorRole::kFfnNorm, "f32")};
    resolved.tensors.back().quantizable = false;
    const auto problems = targetProblems(target("mobile"), resolved);
    ASSERT_EQ(problems.size(), 1u);
    EXPECT_EQ(problems[0].tensor, "blk.0.ffn_down.weight");
    EXPECT_EQ(problems[0].severity, RecipeProblem::Severity::kWarning);
    EXPECT_EQ(problems[0].message,
              "blk.0.ffn_down.weight does not suit Mobile: Q6_K has no fast kernel on phone GPUs: take Q4_0, Q8_0 or "
              "MXFP4.");
    EXPECT_TRUE(targetProblems(target("edge"), resolved).empty());
}

TEST(HardwareTarget, ShapesThatTheKernelsCannotTakeAreProblems) {
    ResolvedRecipe resolved;
    resolved.tensors = {tensor("a", TensorRole::kOther, "int4_g128_sym", 64, 128),
                        tensor("b", TensorRole::kOther, "int4_g128_sym", 65, 128),
                        tensor("c", TensorRole::kOther, "int4_g128_sym", 64, 192),
                        tensor("d", TensorRole::kOther, "bf16", 65, 99)};
    const auto problems = targetProblems(target("gpu-server"), resolved);
    ASSERT_EQ(problems.size(), 2u);
    EXPECT_EQ(problems[0].tensor, "b");
    EXPECT_EQ(problems[1].tensor, "c");
}

TEST(HardwareTarget, LayersThatAreFusedMustAgreeOnceForEachSet) {
    ResolvedRecipe resolved;
    for (const char* block : {"blk.0.", "blk.10.", "blk.1."}) {
        const std::string prefix = block;
        const bool differs = prefix == "blk.10.";
        resolved.tensors.push_back(tensor(prefix + "attn_q.weight", TensorRole::kAttnQ, "int4_g128_sym"));
        resolved.tensors.push_back(
            tensor(prefix + "attn_k.weight", TensorRole::kAttnK, differs ? "int8_channel_sym" : "int4_g128_sym"));
        resolved.tensors.push_back(
            tensor(prefix + "attn_v.weight", TensorRole::kAttnV, differs ? "int8_channel_sym" : "int4_g128_sym"));
        resolved.tensors.push_back(tensor(prefix + "ffn_up.weight", TensorRole::kFfnUp, "int8_channel_sym"));
    }
    const auto problems = targetProblems(target("gpu-server"), resolved);
    ASSERT_EQ(problems.size(), 1u);
    EXPECT_EQ(problems[0].tensor, "blk.10.attn_k.weight");
    EXPECT_NE(problems[0].message.find("blk.10.attn_q.weight"), std::string::npos);
    for (const auto& each : hardwareTargets()) {
        if (each.fusesLayers) continue;
        EXPECT_EQ(targetProblems(each, resolved).size(), resolved.tensors.size()) << "no GGUF types";
    }
}

}  // namespace
}  // namespace halftone
