// SPDX-License-Identifier: GPL-3.0-or-later
// Corrections in exported files: low rank as a LoRA adapter beside the model, outliers refused.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>

#include "core/export/adapter_file.h"
#include "core/quant/corrections/low_rank.h"
#include "core/quant/methods/quantize.h"
#include "tests/support/test_paths.h"
#include "tests/unit/core/export/export_support.h"

namespace halftone::test {
namespace {

class ExportAdapter : public testing::Test {
  protected:
    void SetUp() override { m_checkpoint = openCheckpoint(sourceDir() / "resources" / "sample"); }
    /// What the first error of the plan says.
    std::string refusal(const Recipe& recipe) {
        const auto plan = planGgufExport(*m_checkpoint, resolve(recipe, m_checkpoint->tensors()));
        EXPECT_TRUE(plan.has_value());
        const auto error = std::ranges::find(plan->problems, RecipeProblem::Severity::kError, &RecipeProblem::severity);
        return error == plan->problems.end() ? std::string() : error->message;
    }

    CheckpointPtr m_checkpoint;
    TemporaryFolder m_folder;
};

TEST_F(ExportAdapter, CodesAndAdapterAddUpToTheCorrectedMatrix) {
    Recipe recipe = Recipe::pure(format("q8_0"));
    for (const char* name : {"blk.0.ffn_down.weight", "blk.1.attn_q.weight", "blk.3.ffn_up.weight"})
        recipe.overrides[name] = format("q4_0+rank16");
    const auto target = m_folder.path() / "model.gguf";
    const auto report = exportTo(m_checkpoint, recipe, target);
    HT_ASSERT_OK(report);
    EXPECT_EQ(report->adapter, m_folder.path() / "model-lora.gguf");
    EXPECT_EQ(report->adapterBytes, static_cast<int64_t>(std::filesystem::file_size(report->adapter)));
    EXPECT_NE(report->problems.back().message.find("--lora " + report->adapter.string()), std::string::npos);
    const CheckpointPtr model = openCheckpoint(target), adapter = openCheckpoint(report->adapter);
    EXPECT_EQ(*adapter->gguf().string("general.type"), "adapter");
    EXPECT_EQ(*adapter->gguf().string("adapter.type"), "lora");
    EXPECT_EQ(*adapter->gguf().string("general.architecture"), *model->gguf().string("general.architecture"));
    EXPECT_EQ(adapter->gguf().number("adapter.lora.alpha"), 16.0);
    EXPECT_EQ(adapter->tensors().size(), 6u);
    const std::string name = "blk.0.ffn_down.weight";  // rows in the order of the source
    EXPECT_EQ(model->find(name)->dtype, DType::kQ4_0);
    const TensorInfo& a = *adapter->find(name + ".lora_a");
    const TensorInfo& b = *adapter->find(name + ".lora_b");
    const std::vector<float> right = readAll(adapter, a), left = readAll(adapter, b);
    std::vector<float> sum = readAll(model, *model->find(name));
    const std::vector<float> original = readAll(m_checkpoint, *m_checkpoint->find(name));
    const auto cols = static_cast<size_t>(a.shape[1]);
    ASSERT_EQ(a.shape[0], 16);
    ASSERT_EQ(b.shape[1], 16);
    double squares = 0;
    for (size_t i = 0; i < sum.size(); ++i) {
        double value = double(sum[i]);
        for (size_t k = 0; k < 16; ++k) value += double(left[i / cols * 16 + k]) * double(right[k * cols + i % cols]);
        squares += (double(original[i]) - value) * (double(original[i]) - value);
    }
    const Distortion& told = report->distortion.at(name);
    EXPECT_NEAR(squares / told.sumSquaredError, 1.0, 1e-4);
    const auto bare = quantizeTensor(**openRows(m_checkpoint, *m_checkpoint->find(name)), format("q4_0"), {}, JobContext());
    EXPECT_LT(told.sumSquaredError, 0.95 * bare->distortion.sumSquaredError);
}

TEST_F(ExportAdapter, DifferentRanksAreNotScaledAndTablesLieTheOtherWayRound) {
    const auto matrix = [](int64_t rows, int64_t cols) {
        PackedTensor packed;
        packed.layout = PackedLayout::of(Format::of(DType::kF16), cols);
        packed.rows = rows;
        auto values = std::make_shared<std::vector<uint16_t>>();
        for (int64_t i = 0; i < rows * cols; ++i) values->push_back(static_cast<uint16_t>(0x3C00 + i));
        packed.bytes = std::as_bytes(std::span<const uint16_t>(*values));
        packed.owner = values;
        return packed;
    };
    const auto correction = [&](int64_t rank) {
        return withLowRank(*makeCorrection({}, 5, 7), matrix(5, rank), matrix(rank, 7));
    };
    const AdapterFile file{"llama", "m", {{"token_embd.weight", correction(2), true}, {"blk.0.ffn_up.weight", correction(3), false}}};
    HT_ASSERT_OK(writeAdapter(file, m_folder.path() / "a.gguf", JobContext()));
    const CheckpointPtr written = openCheckpoint(m_folder.path() / "a.gguf");
    EXPECT_EQ(written->gguf().number("adapter.lora.alpha"), 0.0);
    EXPECT_EQ(written->find("token_embd.weight.lora_a")->shape, (std::vector<int64_t>{5, 2}));
    EXPECT_EQ(written->find("token_embd.weight.lora_b")->shape, (std::vector<int64_t>{7, 2}));
    EXPECT_EQ(written->find("blk.0.ffn_up.weight.lora_a")->shape, (std::vector<int64_t>{3, 7}));
    EXPECT_EQ(written->find("blk.0.ffn_up.weight.lora_b")->shape, (std::vector<int64_t>{5, 3}));
    const std::vector<float> b = readAll(written, *written->find("token_embd.weight.lora_b"));
    const std::vector<float> right = readAll(written, *written->find("token_embd.weight.lora_a"));
    EXPECT_EQ(right[1], 1.0f + 0x1p-10f);
    EXPECT_EQ(b[1], 1.0f + 7 * 0x1p-10f);  // second row of B, first column
    EXPECT_EQ(b[2], 1.0f + 0x1p-10f);
}

TEST_F(ExportAdapter, WhatNoRuntimeAddsIsRefusedInASentence) {
    Recipe outliers = Recipe::pure(format("q8_0"));
    outliers.overrides["blk.0.ffn_up.weight"] = format("q4_0+out0.5+rank8");
    EXPECT_EQ(refusal(outliers),
              "blk.0.ffn_up.weight cannot be written as Q4_0 + 0.5 % F16 + rank 8: no runtime that reads GGUF keeps "
              "outliers beside the codes. Choose Q4_0 for it, or F16.");
    Recipe embedding = Recipe::pure(format("q8_0"));
    embedding.overrides["token_embd.weight"] = format("q4_0+rank8");
    const bool isTied = m_checkpoint->find("output.weight") == nullptr;
    EXPECT_EQ(refusal(embedding).find("an embedding that is the head as well") != std::string::npos, isTied);
    EXPECT_FALSE(exportTo(m_checkpoint, outliers, m_folder.path() / "no.gguf"));
    EXPECT_TRUE(std::filesystem::is_empty(m_folder.path()));
}

TEST_F(ExportAdapter, TheModelBeingReadIsNotOverwrittenByItsAdapter) {
    const auto source = m_folder.path() / "x-lora.gguf";
    HT_ASSERT_OK(exportTo(m_checkpoint, Recipe::pure(format("f16")), source));
    Recipe recipe = Recipe::pure(format("f16"));
    recipe.overrides["blk.0.ffn_up.weight"] = format("q4_0+rank8");
    const auto report = exportTo(openCheckpoint(source), recipe, m_folder.path() / "x.gguf");
    ASSERT_FALSE(report);
    EXPECT_NE(report.error().message.find("is the model being read"), std::string::npos);
}

}  // namespace
}  // namespace halftone::test
