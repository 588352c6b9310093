// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/mapped_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/byte_writer.h"
#include "tests/support/test_paths.h"

namespace halftone {
namespace {

using ::testing::HasSubstr;

std::string textOf(const MappedFile& file) {
    return {reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()};
}

TEST(MappedFile, HoldsTheBytesOfTheFile) {
    const test::TemporaryFolder folder;
    const auto path = folder.path() / "file";
    const std::string text = "bytes \n" + std::string(10000, 'x') + std::string(1, '\0');
    test::writeFile(path, text);
    const auto file = MappedFile::open(path);
    HT_ASSERT_OK(file);
    EXPECT_EQ(textOf(**file), text);
    EXPECT_EQ((*file)->path(), path);
}

TEST(MappedFile, OpensAnEmptyFile) {
    const test::TemporaryFolder folder;
    test::writeFile(folder.path() / "empty", "");
    const auto file = MappedFile::open(folder.path() / "empty");
    HT_ASSERT_OK(file);
    EXPECT_TRUE((*file)->bytes().empty());
    (*file)->dropPages(0, 0);
}

TEST(MappedFile, KeepsItsBytesWhenTheFileIsReplaced) {
    const test::TemporaryFolder folder;
    const auto path = folder.path() / "file";
    test::writeFile(path, "old");
    const auto file = MappedFile::open(path);
    HT_ASSERT_OK(file);
    test::writeFile(folder.path() / "new", "new");
    std::filesystem::rename(folder.path() / "new", path);
    EXPECT_EQ(textOf(**file), "old");
}

TEST(MappedFile, DroppedPagesAreReadAgain) {
    const test::TemporaryFolder folder;
    const auto path = folder.path() / "file";
    const std::string text(100000, 'y');
    test::writeFile(path, text);
    const auto file = MappedFile::open(path);
    HT_ASSERT_OK(file);
    EXPECT_EQ(textOf(**file), text);
    (*file)->dropPages(5000, 90000);
    (*file)->dropPages(0, 1);
    (*file)->dropPages(99999, 1);
    EXPECT_EQ(textOf(**file), text);
}

TEST(MappedFile, SaysWhatCannotBeOpened) {
    const test::TemporaryFolder folder;
    const auto absent = MappedFile::open(folder.path() / "absent");
    ASSERT_FALSE(absent.has_value());
    EXPECT_EQ(absent.error().code, ErrorCode::kNotFound);
    EXPECT_THAT(absent.error().message, HasSubstr("absent"));
    const auto directory = MappedFile::open(folder.path());
    ASSERT_FALSE(directory.has_value());
    EXPECT_EQ(directory.error().code, ErrorCode::kIo);
    EXPECT_THAT(directory.error().message, HasSubstr("not a regular file"));
}

}  // namespace
}  // namespace halftone
