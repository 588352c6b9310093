// SPDX-License-Identifier: GPL-3.0-or-later
// Every file here is broken in one way; opening it must give one sentence that says which.
#include <sys/stat.h>

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/checkpoint/checkpoint.h"
#include "core/checkpoint/gguf_reader.h"
#include "core/checkpoint/message.h"
#include "core/checkpoint/safetensors_reader.h"
#include "tests/support/broken_files.h"
#include "tests/support/test_paths.h"

namespace halftone {
namespace {

using test::BrokenFile;
using ::testing::HasSubstr;

/// What any message must be: one line, a sentence, printable UTF-8, with the file's name in it.
void expectSentence(const std::string& message, const std::string& fileName) {
    EXPECT_THAT(message, HasSubstr(fileName));
    EXPECT_TRUE(message.ends_with(".")) << message;
    EXPECT_EQ(message.find_first_of("\n\r\t"), std::string::npos) << message;
    EXPECT_TRUE(isValidUtf8(message)) << message;
    EXPECT_LT(message.size(), 700u) << message;
}

std::span<const std::byte> bytesOf(const std::string& text) {
    return std::as_bytes(std::span(text.data(), text.size()));
}

void expectRefused(const std::filesystem::path& path, const BrokenFile& file) {
    SCOPED_TRACE(file.name);
    const auto opened = Checkpoint::open(path);
    ASSERT_FALSE(opened.has_value());
    EXPECT_THAT(opened.error().message, HasSubstr(file.expectedWords));
    expectSentence(opened.error().message, path.filename().string());
}

TEST(BrokenFiles, GgufFilesAreRefusedWithTheReason) {
    const test::TemporaryFolder folder;
    for (const BrokenFile& file : test::brokenGgufFiles()) {
        const auto path = folder.path() / (file.name + ".gguf");
        test::writeFile(path, file.bytes);
        expectRefused(path, file);
    }
}

TEST(BrokenFiles, SafetensorsFilesAreRefusedWithTheReason) {
    const test::TemporaryFolder folder;
    for (const BrokenFile& file : test::brokenSafetensorsFiles()) {
        const auto path = folder.path() / (file.name + ".safetensors");
        test::writeFile(path, file.bytes);
        expectRefused(path, file);
    }
}

TEST(BrokenFiles, IndexesAreRefusedWithTheReason) {
    for (const BrokenFile& file : test::brokenSafetensorsIndexes()) {
        const test::TemporaryFolder folder;
        test::writeFile(folder.path() / "model.safetensors.index.json", file.bytes);
        SCOPED_TRACE(file.name);
        const auto opened = Checkpoint::open(folder.path());
        ASSERT_FALSE(opened.has_value());
        EXPECT_THAT(opened.error().message, HasSubstr(file.expectedWords));
        expectSentence(opened.error().message, "model.safetensors.index.json");
    }
}

TEST(BrokenFiles, MessagesDifferFromEachOther) {
    std::set<std::string> messages;
    for (const BrokenFile& file : test::brokenGgufFiles()) {
        const auto parsed = parseGguf(bytesOf(file.bytes), "file");
        ASSERT_FALSE(parsed.has_value()) << file.name;
        EXPECT_TRUE(messages.insert(parsed.error().message).second) << file.name << ": " << parsed.error().message;
    }
}

TEST(BrokenFiles, AGgufFileCutAtAnyByteIsRefused) {
    const std::string whole = test::smallGguf();
    const auto sound = parseGguf(bytesOf(whole), "small.gguf");
    HT_ASSERT_OK(sound);
    const TensorInfo& last = sound->tensors.back();
    const size_t needed = last.offset + last.sizeBytes;
    ASSERT_LT(needed, whole.size()) << "the file should end with padding";
    for (size_t length = 0; length < whole.size(); ++length) {
        // A copy of exactly that length, so that the address sanitizer sees a read past its end.
        const std::string prefix(whole, 0, length);
        const auto parsed = parseGguf(bytesOf(prefix), "small.gguf");
        ASSERT_EQ(parsed.has_value(), length >= needed) << "cut at byte " << length;
        if (parsed) continue;
        EXPECT_THAT(parsed.error().message, HasSubstr("truncated")) << parsed.error().message;
        expectSentence(parsed.error().message, "small.gguf");
    }
}

TEST(BrokenFiles, ASafetensorsFileCutAtAnyByteIsRefused) {
    const std::string whole = test::smallSafetensors();
    HT_ASSERT_OK(parseSafetensors(bytesOf(whole), "small.safetensors"));
    for (size_t length = 0; length < whole.size(); ++length) {
        const std::string prefix(whole, 0, length);
        const auto parsed = parseSafetensors(bytesOf(prefix), "small.safetensors");
        ASSERT_FALSE(parsed.has_value()) << "cut at byte " << length;
        EXPECT_THAT(parsed.error().message, HasSubstr("truncated"));
    }
}

TEST(BrokenFiles, AnyChangedByteOfAHeaderIsSurvived) {
    // The parser may accept or refuse a changed header; it must not read past the end (the sanitizers watch).
    for (const bool isGguf : {true, false}) {
        const std::string whole = isGguf ? test::smallGguf() : test::smallSafetensors();
        int accepted = 0;
        for (size_t at = 0; at < whole.size(); ++at) {
            for (const int flip : {0x01, 0x80, 0xFF}) {
                std::string changed = whole;
                changed[at] = static_cast<char>(changed[at] ^ flip);
                const bool isAccepted = isGguf ? parseGguf(bytesOf(changed), "f").has_value()
                                               : parseSafetensors(bytesOf(changed), "f").has_value();
                accepted += isAccepted ? 1 : 0;
            }
        }
        EXPECT_GT(accepted, 0) << "data bytes may hold anything";
    }
}

TEST(BrokenFiles, ThingsThatAreNoCheckpoints) {
    const test::TemporaryFolder folder;
    const auto refusal = [](const std::filesystem::path& path) {
        const auto opened = Checkpoint::open(path);
        return opened ? std::string("opened") : opened.error().message;
    };
    EXPECT_THAT(refusal(folder.path() / "absent"), HasSubstr("does not exist"));
    EXPECT_THAT(refusal(folder.path()), HasSubstr("holds no checkpoint"));
    test::writeFile(folder.path() / "letter.txt", "Dear reader");
    EXPECT_THAT(refusal(folder.path() / "letter.txt"), HasSubstr("is not a checkpoint"));
    EXPECT_THAT(refusal("/dev/null"), HasSubstr("not a regular file"));
    ASSERT_EQ(::mkfifo((folder.path() / "pipe.gguf").c_str(), 0600), 0);
    EXPECT_THAT(refusal(folder.path() / "pipe.gguf"), HasSubstr("not a regular file"));
    test::writeFile(folder.path() / "pytorch_model.bin", "PK");
    EXPECT_THAT(refusal(folder.path()), HasSubstr("convert them to safetensors"));
    std::filesystem::create_directory(folder.path() / "two");
    test::writeFile(folder.path() / "two" / "a.gguf", test::smallGguf());
    test::writeFile(folder.path() / "two" / "b.gguf", test::smallGguf());
    EXPECT_THAT(refusal(folder.path() / "two"), HasSubstr("open one of them"));
}

}  // namespace
}  // namespace halftone
