// SPDX-License-Identifier: GPL-3.0-or-later
// A checkpoint with the shape of a 7B model, as sparse files: opening it reads headers only.
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>

#include <fmt/format.h>

#include "core/checkpoint/checkpoint.h"
#include "tests/support/synthetic_checkpoint.h"
#include "tests/support/test_paths.h"

namespace halftone {
namespace {

/// A figure of /proc/self/status in bytes.
uint64_t statusBytes(const std::string& key) {
    std::ifstream status("/proc/self/status");
    std::string word;
    while (status >> word) {
        uint64_t kilobytes = 0;
        if (word == key + ":" && status >> kilobytes) return kilobytes * 1024;
    }
    return 0;
}

void expectSmallFootprint(const std::filesystem::path& folder, size_t files) {
    const uint64_t before = statusBytes("VmRSS");
    const auto start = std::chrono::steady_clock::now();
    const auto opened = Checkpoint::open(folder);
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    HT_ASSERT_OK(opened);
    const std::string fingerprint = (*opened)->fingerprint();
    const uint64_t grown = statusBytes("VmRSS") - std::min(before, statusBytes("VmRSS"));
    fmt::print("opened {:.1f} GB in {:.1f} ms; resident memory grew by {:.1f} MB with the fingerprint\n",
               static_cast<double>((*opened)->totalTensorBytes()) * 1e-9, seconds * 1e3,
               static_cast<double>(grown) * 1e-6);
    EXPECT_EQ((*opened)->files().size(), files);
    EXPECT_EQ((*opened)->tensors().size(), 32u * 9 + 3);
    EXPECT_EQ(fingerprint.size(), 16u);
    EXPECT_LT(grown, uint64_t{256} << 20) << "of more than 13 GB";
}

TEST(LargeCheckpoint, LlamaShapeInOneFile) {
    const test::TemporaryFolder folder;
    HT_ASSERT_OK(test::writeSyntheticCheckpoint(folder.path(), [] {
        auto shape = test::llama7bShape();
        shape.isSparse = true;
        return shape;
    }()));
    expectSmallFootprint(folder.path(), 1);
    const auto opened = Checkpoint::open(folder.path());
    HT_ASSERT_OK(opened);
    EXPECT_EQ((*opened)->parameterCount(), 6738415616);
}

TEST(LargeCheckpoint, MistralShapeInShards) {
    const test::TemporaryFolder folder;
    auto shape = test::mistral7bShape();
    shape.isSparse = true;
    shape.shards = 3;
    HT_ASSERT_OK(test::writeSyntheticCheckpoint(folder.path(), shape));
    expectSmallFootprint(folder.path(), 3);
    const auto opened = Checkpoint::open(folder.path());
    HT_ASSERT_OK(opened);
    EXPECT_EQ((*opened)->find("blk.31.attn_k.weight")->rows(), 1024);
}

}  // namespace
}  // namespace halftone
