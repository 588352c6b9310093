// SPDX-License-Identifier: GPL-3.0-or-later
// Vocabularies written for GGUF files give the tokens of their source, or say what they cannot.
#include <algorithm>

#include "core/tokenizer/charsmap.h"
#include "core/tokenizer/unknown_charsmap.h"
#include "core/tokenizer/utf8.h"
#include "tests/unit/core/tokenizer/tokenizer_test_support.h"

namespace halftone::test {
namespace {

using namespace tokenization;
using Ids = std::vector<TokenId>;

const std::vector<std::string> kAwkwardTexts = {
    "a\xE4\xB8\xAD\xE6\x96\x87"
    "b",
    "  two  spaces ",
    "\n\n\t\r\n",
    "\xE2\x96\x81marked",
    "\xF0\x9F\x98\x80\xF0\x9F\x9A\x80!",
    "na\xC3\xAFve caf\xC3\xA9",
    "QZ",
    "x<s>y</s>",
    "1234567890",
    "\xE6\x98\xA5\xE7\x9C\xA0\xE4\xB8\x8D\xE8\xA7\x89\xE6\x99\x93\xEF\xBC\x8C",
};

TokenizerPointer writtenAndRead(const Tokenizer& tokenizer) {
    const auto metadata = tokenizer.ggufMetadata(0);
    HT_EXPECT_OK(metadata);
    if (!metadata) return nullptr;
    const auto written = fromGguf(*metadata);
    HT_EXPECT_OK(written);
    return written.value_or(nullptr);
}

TEST(UnknownCharsmap, ReplacesEveryCharacterButTheKnownOnes) {
    const std::vector<std::string_view> known = {
        " ", "a", "\xC3\xA9", "\xE4\xB8\xAD", "\xE4\xB8\xAE", "\xE6\x98\xA5", "\xF0\x9F\x98\x80", "\xF4\x8F\xBF\xBF"};
    const auto map = Charsmap::parse(makeUnknownCharsmap(known, "<unk>"));
    HT_ASSERT_OK(map);
    int wrong = 0;
    for (char32_t codePoint = 1; codePoint <= 0x10FFFF; ++codePoint) {
        if (codePoint >= 0xD800 && codePoint < 0xE000) continue;
        std::string character;
        appendUtf8(character, codePoint);
        const bool isKnown = std::ranges::find(known, character) != known.end();
        const std::string text = character + "a" + character;
        wrong += map->apply(text) != (isKnown ? text : std::string("<unk>a<unk>"));
    }
    EXPECT_EQ(wrong, 0);
    EXPECT_LT(map->bytes().size(), 16'384U);
}

TEST(UnknownCharsmap, WithNothingKnownAllIsReplaced) {
    const auto map = Charsmap::parse(makeUnknownCharsmap({}, "?"));
    HT_ASSERT_OK(map);
    EXPECT_EQ(map->apply("a\xC3\xA9\xE4\xB8\xAD\xF0\x9F\x98\x80"), "????");
    EXPECT_EQ(map->apply(""), "");
}

// Readers of GGUF fuse unknown characters; neither model may lose or gain a token by that.
TEST(WrittenCharacters, KeepEveryUnknownCharacter) {
    for (const char* model : {"models/zh-poem-750K", "models/babyllama-105"}) {
        SCOPED_TRACE(model);
        HT_SHARED_OR_SKIP(path, model);
        const auto source = openTokenizer(path);
        HT_ASSERT_OK(source);
        const auto metadata = (*source)->ggufMetadata(0);
        HT_ASSERT_OK(metadata);
        EXPECT_EQ(*metadata->string("tokenizer.ggml.model"), "t5");
        EXPECT_FALSE(*metadata->boolean("tokenizer.ggml.add_eos_token"));
        EXPECT_TRUE((*source)->ggufDifferences().empty());
        const TokenizerPointer written = writtenAndRead(**source);
        ASSERT_NE(written, nullptr);
        for (const std::string& text : kAwkwardTexts) {
            EXPECT_EQ(plainIds(*written, text), plainIds(**source, text)) << text;
            EXPECT_EQ(idsWith(*written, text, {.addSpecial = true, .parseSpecial = true}),
                      idsWith(**source, text, {.addSpecial = true, .parseSpecial = true}))
                << text;
        }
    }
}

TEST(WrittenCharacters, OnlyThoseThatAreNotFusedNeedTheMap) {
    HT_SHARED_OR_SKIP(poems, "models/zh-poem-750K");
    HT_SHARED_OR_SKIP(stories, "models/babyllama-105");
    const auto unfused = (*openTokenizer(poems))->ggufMetadata(0), fused = (*openTokenizer(stories))->ggufMetadata(0);
    HT_ASSERT_OK(unfused);
    HT_ASSERT_OK(fused);
    EXPECT_NE(unfused->array("tokenizer.ggml.precompiled_charsmap"), nullptr);
    EXPECT_FALSE(unfused->integer("tokenizer.ggml.unknown_token_id"));
    EXPECT_EQ(fused->array("tokenizer.ggml.precompiled_charsmap"), nullptr);
    EXPECT_EQ(fused->integer("tokenizer.ggml.unknown_token_id"), 0);
}

// SentencePiece files alone (no tokenizer.json) take the same way.
TEST(WrittenCharacters, ASentencePieceFileWithoutByteTokensIsWrittenAsUnigram) {
    HT_SHARED_OR_SKIP(path, "models/babyllama-105/tokenizer.model");
    const auto source = fromSentencePiece(readFile(path));
    HT_ASSERT_OK(source);
    const auto metadata = (*source)->ggufMetadata(0);
    HT_ASSERT_OK(metadata);
    EXPECT_EQ(*metadata->string("tokenizer.ggml.model"), "t5");
    const TokenizerPointer written = writtenAndRead(**source);
    ASSERT_NE(written, nullptr);
    for (const std::string& text : kAwkwardTexts) EXPECT_EQ(plainIds(*written, text), plainIds(**source, text)) << text;
}

std::string byteLevelJson(const std::string& preTokenizer) {
    return R"({"pre_tokenizer":)" + preTokenizer +
           R"(,"decoder":{"type":"ByteLevel"},"model":{"type":"BPE","vocab":{"a":0,"b":1,"ab":2},"merges":["a b"]}})";
}

TEST(WrittenDifferences, AreToldForPatternsWithoutAName) {
    const auto known = fromJson(byteLevelJson(R"({"type":"ByteLevel","add_prefix_space":false})"));
    HT_ASSERT_OK(known);
    EXPECT_TRUE((*known)->ggufDifferences().empty());
    const auto other = fromJson(byteLevelJson(
        R"({"type":"Sequence","pretokenizers":[{"type":"Split","pattern":{"Regex":"[ab]x"},"behavior":"Isolated"},
            {"type":"ByteLevel","add_prefix_space":false,"use_regex":false}]})"));
    HT_ASSERT_OK(other);
    ASSERT_EQ((*other)->ggufDifferences().size(), 1U);
    EXPECT_NE((*other)->ggufDifferences()[0].find("splits text"), std::string::npos);
    EXPECT_EQ(*(*other)->ggufMetadata(0)->string("tokenizer.ggml.pre"), "default");
}

TEST(WrittenDifferences, AreToldForVocabulariesWithoutBytes) {
    const auto json = [](const char* normalizer, const char* unknown) {
        return std::string(R"({"normalizer":)") + normalizer +
               R"(,"model":{"type":"BPE","vocab":{"<unk>":0,"a":1,"b":2,"ab":3},"merges":["a b"],"unk_token":)" +
               unknown + "}}";
    };
    const char* marks = R"({"type":"Replace","pattern":{"String":" "},"content":"\u2581"})";
    const auto marked = fromJson(json(marks, R"("<unk>")"));
    HT_ASSERT_OK(marked);
    ASSERT_EQ((*marked)->ggufDifferences().size(), 1U);
    EXPECT_NE((*marked)->ggufDifferences()[0].find("single bytes"), std::string::npos);
    const auto plain = fromJson(json("null", R"("<unk>")"));
    HT_ASSERT_OK(plain);
    EXPECT_EQ((*plain)->ggufDifferences().size(), 2U);  // unknown characters, and merges across words
}

}  // namespace
}  // namespace halftone::test
