// SPDX-License-Identifier: GPL-3.0-or-later
// How much of a text survives a vocabulary.
#include "core/tokenizer/text_coverage.h"

#include <gmock/gmock.h>

#include "tests/unit/core/tokenizer/tokenizer_test_support.h"

namespace halftone::test {
namespace {

TextCoverage coverageOf(const Tokenizer& tokenizer, std::string_view text) {
    return textCoverage(tokenizer, text, plainIds(tokenizer, text));
}

// Characters a, b and space; what else there is becomes <unk>, or nothing.
TokenizerPointer tinyVocabulary(bool hasUnknown) {
    const std::string unknown = hasUnknown ? R"("<unk>")" : "null";
    const auto tokenizer =
        fromJson(R"({"model":{"type":"BPE","vocab":{"<unk>":0,"a":1,"b":2," ":3,"é":4},"merges":[],"unk_token":)" +
                 unknown + R"(},"added_tokens":[{"id":0,"content":"<unk>","special":true}]})");
    HT_EXPECT_OK(tokenizer);
    return tokenizer.value_or(nullptr);
}

TEST(TextCoverage, CountsCharactersNotBytes) {
    const auto tokenizer = tinyVocabulary(true);
    ASSERT_TRUE(tokenizer);
    const TextCoverage whole = coverageOf(*tokenizer, "ab é ba\n");
    EXPECT_EQ(whole.characters, 5);
    EXPECT_EQ(whole.carried, 5);
    EXPECT_EQ(whole.lostShare(), 0);
    EXPECT_EQ(coverageOf(*tokenizer, "").lostShare(), 0);
}

TEST(TextCoverage, UnknownAndVanishedCharactersAreLost) {
    for (const bool hasUnknown : {true, false}) {
        const auto tokenizer = tinyVocabulary(hasUnknown);
        ASSERT_TRUE(tokenizer);
        const TextCoverage part = coverageOf(*tokenizer, "ab xy中");
        EXPECT_EQ(part.characters, 5) << hasUnknown;
        EXPECT_EQ(part.carried, 2) << hasUnknown;
        EXPECT_THAT(coverageNote(part, "tiny"), testing::HasSubstr("tiny lacks 60 %"));
    }
}

TEST(TextCoverage, LittleLossIsNotWorthASentence) {
    EXPECT_EQ(coverageNote({.characters = 1000, .carried = 995}, "m"), "");
    EXPECT_NE(coverageNote({.characters = 1000, .carried = 980}, "m"), "");
    EXPECT_EQ(TextCoverage({.characters = 10, .carried = 12}).lostShare(), 0) << "a normalizer may make two of one";
}

TEST(TextCoverage, VocabulariesWithBytesLoseNothing) {
    HT_SHARED_OR_SKIP(path, "models/stories260K");
    const auto tokenizer = openTokenizer(path);
    HT_ASSERT_OK(tokenizer);
    EXPECT_EQ(coverageOf(**tokenizer, "Once upon a time 中文 🦙").lostShare(), 0);
}

TEST(TextCoverage, AVocabularyOfCharactersLosesForeignOnes) {
    HT_SHARED_OR_SKIP(path, "models/slm4096-gpt2");
    const auto tokenizer = openTokenizer(path);
    HT_ASSERT_OK(tokenizer);
    EXPECT_EQ(coverageOf(**tokenizer, "How do you scale?").lostShare(), 0);
    EXPECT_EQ(coverageOf(**tokenizer, "中文").lostShare(), 1);
}

}  // namespace
}  // namespace halftone::test
