// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quant/methods/calibration_file.h"

#include <cstring>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/checkpoint/checkpoint.h"
#include "tests/support/test_paths.h"
#include "tests/unit/core/quant/method_support.h"

namespace halftone::test {
namespace {

using testing::HasSubstr;

Calibration example() {
    Calibration calibration;
    calibration.byTensor["blk.0.attn_q.weight"] = calibration.byTensor["blk.0.attn_k.weight"] =
        statisticsOf(correlatedInputs(50, 24, 1), 24);
    calibration.byTensor["blk.0.ffn_down.weight"] = statisticsOf(correlatedInputs(50, 40, 2), 40);
    calibration.datasets = {"a.txt", "b.txt"};
    calibration.chunkCount = 7;
    calibration.chunkSize = 512;
    calibration.windows = {{1, 5, 9}, {1, 7}};
    return calibration;
}

void put(std::string& out, int32_t value) {
    out.append(reinterpret_cast<const char*>(&value), sizeof value);
}
void put(std::string& out, std::string_view text) {
    put(out, static_cast<int32_t>(text.size()));
    out += text;
}
void put(std::string& out, const std::vector<float>& values) {
    out.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float));
}

std::filesystem::path write(const TemporaryFolder& folder, const std::string& bytes) {
    const auto path = folder.path() / "file.dat";
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
}

TEST(CalibrationFile, EverythingSurvivesTheRoundTrip) {
    const TemporaryFolder folder;
    const auto path = folder.path() / "calibration.gguf";
    const Calibration before = example();
    HT_ASSERT_OK(saveCalibration(before, path, true, JobContext()));
    EXPECT_TRUE(isCalibrationFile(path));
    const auto after = loadCalibration(path);
    HT_ASSERT_OK(after);
    EXPECT_EQ(after->datasets, before.datasets);
    EXPECT_EQ(after->chunkCount, 7);
    EXPECT_EQ(after->chunkSize, 512);
    EXPECT_EQ(after->windows, before.windows);
    ASSERT_EQ(after->byTensor.size(), 3u);
    for (const auto& [name, statistics] : before.byTensor) {
        const InputStatistics* found = after->find(name);
        ASSERT_TRUE(found && found->hessian) << name;
        EXPECT_EQ(found->tokens, statistics.tokens);
        EXPECT_EQ(found->largest, statistics.largest);
        EXPECT_TRUE(std::ranges::equal(found->hessian->sums, statistics.hessian->sums)) << name;
        for (size_t i = 0; i < statistics.sumSquares.size(); ++i) {
            EXPECT_FLOAT_EQ(float(found->sumSquares[i]), float(statistics.sumSquares[i]));
            EXPECT_FLOAT_EQ(found->meanMagnitude()[i], statistics.meanMagnitude()[i]);
        }
    }
    EXPECT_EQ(after->find("blk.0.attn_q.weight")->hessian, after->find("blk.0.attn_k.weight")->hessian);
}

// Reference page on GGUF, section 3: names, shapes and keys that other programs look for.
TEST(CalibrationFile, ThePlainFormIsAnImportanceFile) {
    const TemporaryFolder folder;
    const auto path = folder.path() / "importance.gguf";
    HT_ASSERT_OK(saveCalibration(example(), path, false, JobContext()));
    const auto file = Checkpoint::open(path);
    HT_ASSERT_OK(file);
    EXPECT_EQ((*file)->tensors().size(), 6u);
    const TensorInfo* sums = (*file)->find("blk.0.ffn_down.weight.in_sum2");
    const TensorInfo* counts = (*file)->find("blk.0.ffn_down.weight.counts");
    ASSERT_TRUE(sums && counts);
    EXPECT_EQ(sums->cols(), 40);
    EXPECT_EQ(counts->cols(), 1);
    EXPECT_EQ(*(*file)->gguf().string("general.type"), "imatrix");
    EXPECT_EQ((*file)->gguf().strings("imatrix.datasets")->size(), 2u);
    EXPECT_EQ((*file)->gguf().integer("imatrix.chunk_count"), 7);
    const auto loaded = loadCalibration(path);
    HT_ASSERT_OK(loaded);
    EXPECT_FALSE(loaded->hasHessians());
}

TEST(CalibrationFile, TheOlderFormGivesTheSameImportance) {
    const TemporaryFolder folder;
    const auto path = folder.path() / "importance.dat";
    const Calibration before = example();
    HT_ASSERT_OK(saveLegacyImportance(before, path));
    const auto after = loadCalibration(path);
    HT_ASSERT_OK(after);
    EXPECT_EQ(after->chunkCount, 7);
    EXPECT_EQ(after->datasets, (std::vector<std::string>{"a.txt"}));
    for (const auto& [name, statistics] : before.byTensor) {
        const auto expected = statistics.importance(), found = after->find(name)->importance();
        for (size_t i = 0; i < expected.size(); ++i) EXPECT_FLOAT_EQ(found[i], expected[i]) << name;
    }
}

TEST(CalibrationFile, TheOlderFormIsReadAsItIsDefined) {
    std::string bytes;
    put(bytes, 1);
    put(bytes, "blk.0.ffn_up.weight");
    put(bytes, 4);  // calls
    put(bytes, 3);  // values
    put(bytes, std::vector<float>{4, 8, 12});
    const TemporaryFolder folder;
    const auto bare = loadCalibration(write(folder, bytes));
    HT_ASSERT_OK(bare);
    EXPECT_THAT(bare->find("blk.0.ffn_up.weight")->importance(), testing::ElementsAre(1, 2, 3));
    put(bytes, 9);
    put(bytes, "text");
    EXPECT_EQ(loadCalibration(write(folder, bytes))->chunkCount, 9);
}

TEST(CalibrationFile, BrokenFilesAreNamedNotRead) {
    const TemporaryFolder folder;
    const auto error = [&](const std::string& bytes) {
        const auto loaded = loadCalibration(write(folder, bytes));
        return loaded ? std::string("loaded") : loaded.error().message;
    };
    EXPECT_THAT(error("xy"), HasSubstr("ends before the number of tensors"));
    std::string bytes;
    put(bytes, -1);
    EXPECT_THAT(error(bytes), HasSubstr("the number of tensors is -1"));
    bytes.clear();
    put(bytes, 2000000000);
    EXPECT_THAT(error(bytes), HasSubstr("2000000000"));
    bytes.clear();
    put(bytes, 1);
    put(bytes, 100);
    EXPECT_THAT(error(bytes), HasSubstr("inside a name"));
    bytes.clear();
    put(bytes, 1);
    put(bytes, "w");
    put(bytes, 1);
    put(bytes, 1 << 27);
    EXPECT_THAT(error(bytes), HasSubstr("inside the values of w"));
    bytes.resize(bytes.size() - 4);
    put(bytes, 1);
    put(bytes, std::vector<float>{-1});
    EXPECT_THAT(error(bytes), HasSubstr("negative or infinite"));
    // Every prefix of a good file ends in an error or in a calibration, never in a crash.
    std::string good;
    put(good, 1);
    put(good, "w");
    put(good, 1);
    put(good, 2);
    put(good, std::vector<float>{1, 2});
    put(good, 3);
    put(good, "t");
    for (size_t length = 0; length < good.size(); ++length) (void)error(good.substr(0, length));
}

TEST(CalibrationFile, AModelIsNoCalibration) {
    HT_SHARED_OR_SKIP(model, "models/babyllama-105");
    for (const auto& entry : std::filesystem::directory_iterator(model)) {
        if (entry.path().extension() != ".gguf") continue;
        EXPECT_THAT(loadCalibration(entry.path()).error().message, HasSubstr("general.type"));
    }
    EXPECT_FALSE(loadCalibration(model / "absent.gguf").has_value());
}

}  // namespace
}  // namespace halftone::test
