// SPDX-License-Identifier: GPL-3.0-or-later
#include "gpu/vk/pipeline_cache_file.h"

#include <cstdlib>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/test_paths.h"

namespace halftone::vk {
namespace {

using ::testing::HasSubstr;

std::vector<std::byte> someBytes() {
    std::vector<std::byte> bytes(1000);
    for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(i * 7);
    return bytes;
}

TEST(PipelineCacheFile, RoundTripsAndReplaces) {
    const test::TemporaryFolder folder;
    const auto path = folder.path() / "deep" / "cache.bin";
    HT_ASSERT_OK(savePipelineCache(path, someBytes()));
    EXPECT_EQ(loadPipelineCache(path), someBytes());
    HT_ASSERT_OK(savePipelineCache(path, std::vector<std::byte>(3)));
    EXPECT_EQ(loadPipelineCache(path).size(), 3u);
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(path.parent_path()), {}), 1)
        << "a temporary file was left behind";
}

TEST(PipelineCacheFile, IgnoresWhatIsMissingOrDamaged) {
    const test::TemporaryFolder folder;
    const auto path = folder.path() / "cache.bin";
    EXPECT_TRUE(loadPipelineCache(path).empty());
    HT_ASSERT_OK(savePipelineCache(path, someBytes()));
    const std::string whole = test::readFile(path);
    const auto rewrite = [&](const std::string& text) { std::ofstream(path, std::ios::binary) << text; };
    for (const size_t length : {size_t{0}, size_t{7}, size_t{23}, size_t{24}, whole.size() - 1}) {
        rewrite(whole.substr(0, length));
        EXPECT_TRUE(loadPipelineCache(path).empty()) << length;
    }
    for (const size_t position : {size_t{0}, size_t{9}, size_t{15}, size_t{17}, size_t{30}, whole.size() - 1}) {
        std::string damaged = whole;
        damaged[position] = static_cast<char>(damaged[position] ^ 0x41);
        rewrite(damaged);
        EXPECT_TRUE(loadPipelineCache(path).empty()) << position;
    }
    rewrite(whole);
    EXPECT_EQ(loadPipelineCache(path), someBytes());
}

TEST(PipelineCacheFile, NamesTheFileAfterDeviceAndDriver) {
    const test::TemporaryFolder folder;
    ::setenv("XDG_CACHE_HOME", folder.path().c_str(), 1);
    PhysicalDeviceSnapshot snapshot;
    snapshot.deviceUuid[0] = 0xAB;
    const auto first = pipelineCachePath(snapshot);
    EXPECT_EQ(first.parent_path(), folder.path() / "halftone");
    EXPECT_THAT(first.filename().string(), HasSubstr("ab00"));
    snapshot.driverUuid[15] = 1;
    EXPECT_NE(pipelineCachePath(snapshot), first);
}

TEST(PipelineCacheFile, ReportsAFolderThatCannotBeWritten) {
    const test::TemporaryFolder folder;
    std::ofstream(folder.path() / "file") << "x";
    const auto saved = savePipelineCache(folder.path() / "file" / "cache.bin", someBytes());
    ASSERT_FALSE(saved.has_value());
    EXPECT_EQ(saved.error().code, ErrorCode::kIo);
}

}  // namespace
}  // namespace halftone::vk
