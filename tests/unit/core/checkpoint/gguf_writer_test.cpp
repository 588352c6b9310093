// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/checkpoint/gguf_writer.h"

#include <sys/resource.h>
#include <unistd.h>

#include <csignal>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/checkpoint/checkpoint.h"
#include "tests/support/broken_files.h"
#include "tests/support/test_paths.h"

namespace halftone {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

std::span<const std::byte> bytesOf(const std::string& text) {
    return std::as_bytes(std::span(text.data(), text.size()));
}

size_t fileCount(const fs::path& folder) {
    return static_cast<size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

/// Writes the tensors of `source` with its metadata to `target`, `step` bytes at a time.
Status copyCheckpoint(const Checkpoint& source, const fs::path& target, size_t step) {
    std::vector<GgufTensorSpec> specs;
    for (const TensorInfo& tensor : source.tensors()) specs.push_back({tensor.name, tensor.dtype, tensor.shape});
    HT_ASSIGN_OR_RETURN(auto writer, GgufWriter::create(target, source.gguf(), specs));
    for (const TensorInfo& tensor : source.tensors()) {
        auto rest = source.bytes(tensor);
        while (!rest.empty()) {
            const auto part = rest.first(std::min(step, rest.size()));
            HT_TRY(writer.write(part));
            rest = rest.subspan(part.size());
        }
    }
    return writer.finish();
}

TEST(GgufWriter, WritesTheSmallFileByteForByte) {
    const test::TemporaryFolder folder;
    const auto source = folder.path() / "source.gguf", target = folder.path() / "target.gguf";
    std::string expected = test::smallGguf();
    test::writeFile(source, expected);
    const auto opened = Checkpoint::open(source);
    HT_ASSERT_OK(opened);
    HT_ASSERT_OK(copyCheckpoint(**opened, target, 7));
    // The source spells a bool as 2; it is written as 1.
    const size_t odd = expected.find(std::string("\0\1\2", 3));
    ASSERT_NE(odd, std::string::npos);
    expected[odd + 2] = '\1';
    EXPECT_EQ(test::readFile(target), expected);
    EXPECT_EQ(fileCount(folder.path()), 2u) << "no temporary file is left";
}

TEST(GgufWriter, RoundTripsRealFilesByteForByte) {
    for (const char* name :
         {"models/babyllama-105/babyllama-105-f16.gguf", "models/babyllama-105/babyllama-105-Q4_0.gguf",
          "models/stories260K/stories260K-f32.gguf", "models/slm4096-gpt2/slm4096-gpt2-f16.gguf"}) {
        HT_SHARED_OR_SKIP(source, name);
        const test::TemporaryFolder folder;
        const auto opened = Checkpoint::open(source);
        HT_ASSERT_OK(opened);
        const auto target = folder.path() / "copy.gguf";
        HT_ASSERT_OK(copyCheckpoint(**opened, target, size_t{5} << 20));
        EXPECT_TRUE(test::readFile(target) == test::readFile(source)) << name;
    }
}

TEST(GgufWriter, ReplacesTheTargetOnlyAtTheEnd) {
    const test::TemporaryFolder folder;
    const auto target = folder.path() / "model.gguf";
    test::writeFile(target, "precious");
    {
        auto writer = GgufWriter::create(target, {}, {{"t", DType::kF32, {2}}});
        HT_ASSERT_OK(writer);
        HT_ASSERT_OK(writer->write(bytesOf("1234")));
        const auto early = writer->finish();
        ASSERT_FALSE(early.has_value());
        EXPECT_THAT(early.error().message, HasSubstr("4 of 8 bytes"));
        EXPECT_EQ(fileCount(folder.path()), 2u);
    }
    EXPECT_EQ(test::readFile(target), "precious");
    EXPECT_EQ(fileCount(folder.path()), 1u) << "an abandoned writer removes its file";

    auto writer = GgufWriter::create(target, {}, {{"t", DType::kF32, {2}}});
    HT_ASSERT_OK(writer);
    HT_ASSERT_OK(writer->write(bytesOf("12345678")));
    EXPECT_FALSE(writer->write(bytesOf("9")).has_value());
    HT_ASSERT_OK(writer->finish());
    HT_ASSERT_OK(Checkpoint::open(target));
}

TEST(GgufWriter, ASealedFileCanBeReadBeforeItIsPublished) {
    const test::TemporaryFolder folder;
    const auto target = folder.path() / "model.bin";  // whatever it is called
    test::writeFile(target, "precious");
    auto writer = GgufWriter::create(target, {}, {{"t", DType::kF32, {2}}});
    HT_ASSERT_OK(writer);
    HT_ASSERT_OK(writer->write(bytesOf("12345678")));
    HT_ASSERT_OK(writer->seal());
    const auto sealed = Checkpoint::open(writer->sealedPath());
    HT_ASSERT_OK(sealed);
    EXPECT_EQ((*sealed)->tensors().size(), 1u);
    EXPECT_EQ(test::readFile(target), "precious");
    HT_ASSERT_OK(writer->publish());
    EXPECT_EQ(fileCount(folder.path()), 1u);
    EXPECT_NE(test::readFile(target), "precious");
}

TEST(GgufWriter, WritesThroughALink) {
    const test::TemporaryFolder folder;
    const auto real = folder.path() / "real.gguf", link = folder.path() / "link.gguf";
    test::writeFile(real, "old");
    fs::create_symlink(real, link);
    auto writer = GgufWriter::create(link, {}, {});
    HT_ASSERT_OK(writer);
    HT_ASSERT_OK(writer->finish());
    EXPECT_TRUE(fs::is_symlink(link));
    HT_ASSERT_OK(Checkpoint::open(real));
}

TEST(GgufWriter, RefusesWhatGgufCannotHold) {
    const test::TemporaryFolder folder;
    const auto refusal = [&](std::vector<GgufTensorSpec> tensors) {
        const auto writer = GgufWriter::create(folder.path() / "x.gguf", {}, std::move(tensors));
        return writer ? std::string("accepted") : writer.error().message;
    };
    EXPECT_THAT(refusal({{"t", DType::kF8E4M3, {8}}}), HasSubstr("GGUF does not have"));
    EXPECT_THAT(refusal({{"t", DType::kQ4_K, {100}}}), HasSubstr("blocks of 256"));
    EXPECT_THAT(refusal({{std::string(64, 'n'), DType::kF32, {8}}}), HasSubstr("64 bytes"));
    EXPECT_THAT(refusal({{"t", DType::kF32, {1, 1, 1, 1, 1}}}), HasSubstr("dimensions"));
    EXPECT_THAT(refusal({{"t", DType::kF32, {8}}, {"t", DType::kF32, {8}}}), HasSubstr("twice"));
    EXPECT_THAT(refusal({{"t", DType::kF32, {int64_t{1} << 40, int64_t{1} << 40}}}), HasSubstr("overflows"));
    EXPECT_THAT(refusal({{"bad\xFF", DType::kF32, {8}}}), HasSubstr("UTF-8"));
    EXPECT_EQ(fileCount(folder.path()), 0u);
}

TEST(GgufWriter, SaysWhyItCannotWrite) {
    const test::TemporaryFolder folder;
    const auto refusal = [&](const fs::path& target) {
        const auto writer = GgufWriter::create(target, {}, {});
        return writer ? std::string("accepted") : writer.error().message;
    };
    EXPECT_THAT(refusal(folder.path() / "absent" / "x.gguf"), HasSubstr("No such file or directory"));
    EXPECT_THAT(refusal(folder.path()), HasSubstr("is a folder"));
    EXPECT_THAT(refusal("/proc/x.gguf"), HasSubstr("/proc/x.gguf"));
    if (::geteuid() == 0) return;  // root may write anywhere
    fs::permissions(folder.path(), fs::perms::owner_read | fs::perms::owner_exec);
    EXPECT_THAT(refusal(folder.path() / "x.gguf"), HasSubstr("Permission denied"));
    fs::permissions(folder.path(), fs::perms::owner_all);
}

/// While it lives, files may not grow beyond `bytes`: stands in for a full disk.
class FileSizeLimit {
  public:
    explicit FileSizeLimit(rlim_t bytes) : m_handler(std::signal(SIGXFSZ, SIG_IGN)) {
        ::getrlimit(RLIMIT_FSIZE, &m_before);
        const rlimit limit{bytes, m_before.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &limit);
    }
    ~FileSizeLimit() {
        ::setrlimit(RLIMIT_FSIZE, &m_before);
        std::signal(SIGXFSZ, m_handler);
    }
    FileSizeLimit(const FileSizeLimit&) = delete;
    FileSizeLimit& operator=(const FileSizeLimit&) = delete;

  private:
    void (*m_handler)(int);
    rlimit m_before{};
};

void expectFullDisk(const Error& error) {
    EXPECT_EQ(error.code, ErrorCode::kIo);
    EXPECT_THAT(error.message, HasSubstr("model.gguf"));
    EXPECT_THAT(error.message, HasSubstr("free some space or choose another disk"));
}

TEST(GgufWriter, NoticesBeforehandThatTheFileDoesNotFit) {
    const test::TemporaryFolder folder;
    const auto target = folder.path() / "model.gguf";
    test::writeFile(target, "precious");
    {
        const FileSizeLimit limit(1 << 20);
        const auto writer = GgufWriter::create(target, {}, {{"t", DType::kF32, {1 << 20}}});
        ASSERT_FALSE(writer.has_value());
        expectFullDisk(writer.error());
        EXPECT_THAT(writer.error().message, HasSubstr("4194368 bytes"));
    }
    EXPECT_EQ(test::readFile(target), "precious");
    EXPECT_EQ(fileCount(folder.path()), 1u);
}

TEST(GgufWriter, SurvivesADiskThatFillsUp) {
    const test::TemporaryFolder folder;
    const auto target = folder.path() / "model.gguf";
    test::writeFile(target, "precious");
    {
        const std::string data(size_t{4} << 20, 'd');
        auto writer = GgufWriter::create(target, {}, {{"t", DType::kF32, {8 << 20}}});
        HT_ASSERT_OK(writer);
        const FileSizeLimit limit(6 << 20);
        Status status;
        for (int i = 0; i < 8 && status; ++i) status = writer->write(bytesOf(data));
        ASSERT_FALSE(status.has_value());
        expectFullDisk(status.error());
    }
    EXPECT_EQ(test::readFile(target), "precious");
    EXPECT_EQ(fileCount(folder.path()), 1u);
}

TEST(GgufWriter, WritesAMetadataOnlyFile) {
    const test::TemporaryFolder folder;
    GgufMetadata metadata;
    metadata.set("general.architecture", std::string("llama"));
    metadata.set("general.alignment", uint32_t{64});
    auto writer = GgufWriter::create(folder.path() / "m.gguf", metadata, {});
    HT_ASSERT_OK(writer);
    HT_ASSERT_OK(writer->finish());
    const auto opened = Checkpoint::open(folder.path() / "m.gguf");
    HT_ASSERT_OK(opened);
    EXPECT_EQ((*opened)->gguf().integer("general.alignment"), 32) << "what the file really has";
    EXPECT_TRUE((*opened)->tensors().empty());
}

}  // namespace
}  // namespace halftone
