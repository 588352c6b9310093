// SPDX-License-Identifier: GPL-3.0-or-later
// UTF-8, the byte-level alphabet, character classes, streams of text.
#include "core/tokenizer/base64.h"
#include "core/tokenizer/byte_alphabet.h"
#include "core/tokenizer/unicode_class.h"
#include "core/tokenizer/utf8.h"
#include "tests/unit/core/tokenizer/tokenizer_test_support.h"

namespace halftone::test {
namespace {

using namespace tokenization;

const std::string kReplacement = "\xEF\xBF\xBD";

TEST(Utf8, MalformedBytesBecomeReplacementCharacters) {
    EXPECT_EQ(replaceMalformedUtf8("plain \xE4\xB8\xAD \xF0\x9F\xA6\x99"), "plain \xE4\xB8\xAD \xF0\x9F\xA6\x99");
    EXPECT_EQ(replaceMalformedUtf8("a\x80z"), "a" + kReplacement + "z");
    EXPECT_EQ(replaceMalformedUtf8("\xC0\xAF"), kReplacement + kReplacement);                     // overlong
    EXPECT_EQ(replaceMalformedUtf8("\xED\xA0\x80"), kReplacement + kReplacement + kReplacement);  // surrogate
    EXPECT_EQ(replaceMalformedUtf8("\xF4\x90\x80\x80").size(), 4 * kReplacement.size());          // above 10FFFF
    EXPECT_EQ(replaceMalformedUtf8("\xF0\x9F\xA6"), kReplacement);  // one unfinished character
    EXPECT_EQ(replaceMalformedUtf8("\xE4\xB8z"), kReplacement + "z");
    EXPECT_EQ(replaceMalformedUtf8(std::string_view("\0", 1)), std::string(1, '\0'));
}

TEST(Utf8, EveryCodePointSurvivesTheRoundTrip) {
    for (char32_t c = 0; c <= 0x10FFFF; ++c) {
        if (c >= 0xD800 && c <= 0xDFFF) continue;
        std::string text;
        appendUtf8(text, c);
        const Utf8Step step = decodeUtf8(text, 0);
        ASSERT_TRUE(step.valid && step.codePoint == c && step.length == text.size()) << uint32_t{c};
    }
}

TEST(Utf8, UnfinishedEndsAreFound) {
    EXPECT_EQ(finishedUtf8Length("abc"), 3U);
    EXPECT_EQ(finishedUtf8Length("ab\xE4"), 2U);
    EXPECT_EQ(finishedUtf8Length("ab\xE4\xB8"), 2U);
    EXPECT_EQ(finishedUtf8Length("ab\xE4\xB8\xAD"), 5U);
    EXPECT_EQ(finishedUtf8Length("\xF0\x9F\xA6"), 0U);
    EXPECT_EQ(finishedUtf8Length("a\x80\x80\x80\x80"), 5U);  // malformed already: nothing to wait for
}

TEST(ByteAlphabet, IsTheDocumentedOne) {
    EXPECT_EQ(byteSpelling(' '), "\xC4\xA0");
    EXPECT_EQ(byteSpelling('\n'), "\xC4\x8A");
    EXPECT_EQ(byteSpelling('\t'), "\xC4\x89");
    EXPECT_EQ(byteSpelling('A'), "A");
    EXPECT_EQ(byteSpelling(0xAD), "\xC5\x83");  // the last substitute, U+0143
    std::string all;
    for (int byte = 0; byte < 256; ++byte) all.push_back(static_cast<char>(byte));
    EXPECT_EQ(bytesOfSpelling(spellBytes(all)), all);
    EXPECT_EQ(bytesOfSpelling("\xE4\xB8\xAD"), "\xE4\xB8\xAD");
}

TEST(ByteAlphabet, ByteTokensAreUpperCaseHexadecimal) {
    EXPECT_EQ(byteToken(0xA0), "<0xA0>");
    EXPECT_EQ(byteOfByteToken("<0xFF>"), uint8_t{255});
    EXPECT_FALSE(byteOfByteToken("<0xff>"));
    EXPECT_FALSE(byteOfByteToken("<0x0>"));
    EXPECT_FALSE(byteOfByteToken("<0x000>"));
}

TEST(Base64, DecodesAndRefuses) {
    EXPECT_EQ(decodeBase64("SGFsZnRvbmU="), "Halftone");
    EXPECT_EQ(decodeBase64("SGFsZnRvbmU"), "Halftone");
    EXPECT_EQ(decodeBase64(""), "");
    EXPECT_FALSE(decodeBase64("SGFs*"));
    EXPECT_FALSE(decodeBase64("A"));
}

TEST(UnicodeClasses, FollowUnicode) {
    EXPECT_EQ(toLowerCase("\xC3\x84\xC4\xB0\xCE\xA3"), "\xC3\xA4i\xCC\x87\xCF\x83");
    EXPECT_EQ(normalizeUnicode("e\xCC\x81", UnicodeForm::kNfc), "\xC3\xA9");
    EXPECT_EQ(normalizeUnicode("\xEF\xAC\x81", UnicodeForm::kNfkc), "fi");
    EXPECT_TRUE(isWhitespace(0x3000) && isWhitespace(0x85) && !isWhitespace(0x180E) && !isWhitespace(0x200B));
    EXPECT_TRUE(isPunctuation('$') && isPunctuation(0x3002) && !isPunctuation(0x20AC) && !isPunctuation('a'));
    EXPECT_TRUE(isBertIdeograph(0x4E2D) && !isBertIdeograph(0x3042) && !isBertIdeograph(0x2B830));
}

TEST(Assembler, HoldsBackWhatMayChange) {
    Utf8Assembler assembler({" ", 1, 0});
    EXPECT_EQ(assembler.push(""), "");
    EXPECT_EQ(assembler.push(" "), "");
    EXPECT_EQ(assembler.push(" x"), " x");
    EXPECT_EQ(assembler.push("\xF0\x9F"), "");
    EXPECT_EQ(assembler.push("\xA6\x99!"), "\xF0\x9F\xA6\x99!");
    EXPECT_EQ(assembler.push("\xE4"), "");
    EXPECT_EQ(assembler.finish(), kReplacement);

    Utf8Assembler trailing({" ", 0, 1});
    EXPECT_EQ(trailing.push("low "), "low");
    EXPECT_EQ(trailing.push("er "), " er");
    EXPECT_EQ(trailing.finish(), "");
}

class Streams : public testing::TestWithParam<std::string> {};

// Chinese, emoji and malformed bytes, token by token: no part may hold a broken character, and the parts are the text.
TEST_P(Streams, GiveWholeCharactersTokenByToken) {
    HT_SHARED_OR_SKIP(path, GetParam());
    const auto tokenizer = openTokenizer(path);
    HT_ASSERT_OK(tokenizer);
    const std::string text =
        "\xE6\x98\x8E\xE6\x9C\x88\xE5\x87\xA0\xE6\x97\xB6\xE6\x9C\x89 \xF0\x9F\xA6\x99\xF0\x9F\x98\xB6\xE2\x80\x8D"
        "\xF0\x9F\x8C\xAB\xEF\xB8\x8F end";
    const std::vector<TokenId> ids = plainIds(**tokenizer, text);
    TextStream stream(*tokenizer);
    std::string whole;
    for (const TokenId id : ids) {
        const std::string part = stream.push(id);
        EXPECT_TRUE(isWellFormedUtf8(part));
        EXPECT_EQ(part.find(kReplacement), std::string::npos);
        whole += part;
    }
    whole += stream.finish();
    EXPECT_EQ(whole, text);
    EXPECT_EQ((*tokenizer)->decode(ids), text);
    // Cut off inside a character: the rest is one replacement character, in both ways of decoding.
    for (size_t count = 0; count <= ids.size(); ++count) {
        const std::vector<TokenId> some(ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(count));
        EXPECT_EQ(streamed(*tokenizer, some), (*tokenizer)->decode(some));
    }
}

INSTANTIATE_TEST_SUITE_P(Tokenizers, Streams,
                         testing::Values("tokenizers/gpt2", "tokenizers/llama2", "tokenizers/llama3",
                                         "tokenizers/qwen2", "tokenizers/vectors/ggml-vocab-llama-spm.gguf",
                                         "models/stories260K"));

TEST(Streams, WordPiecesAreJoinedLikeWords) {
    HT_SHARED_OR_SKIP(folder, "tokenizers/bert-base-uncased");
    HT_SHARED_OR_SKIP(file, "tokenizers/vectors/ggml-vocab-bert-bge.gguf");
    for (const auto& path : {folder, file}) {
        const auto tokenizer = openTokenizer(path);
        HT_ASSERT_OK(tokenizer);
        const auto ids = idsWith(**tokenizer, "Unaffable caf\xC3\xA9s, really.", {.addSpecial = true});
        ASSERT_GE(ids.size(), 3U);
        EXPECT_EQ(ids.front(), 101);
        EXPECT_EQ(ids.back(), 102);
        EXPECT_EQ((*tokenizer)->decode(ids), "unaffable cafes, really.");
        EXPECT_EQ(streamed(*tokenizer, ids), "unaffable cafes, really.");
        EXPECT_TRUE((*tokenizer)->addsBos());
    }
}

TEST(MalformedInput, IsReplacedBeforeTokenizing) {
    for (const char* source :
         {"tokenizers/gpt2", "tokenizers/llama2", "models/babyllama-105", "tokenizers/bert-base-uncased"}) {
        HT_SHARED_OR_SKIP(path, source);
        const auto tokenizer = openTokenizer(path);
        HT_ASSERT_OK(tokenizer);
        const std::string broken = "ab\xFF\xE4\xB8 c\xF0\x9F";
        EXPECT_EQ(plainIds(**tokenizer, broken), plainIds(**tokenizer, replaceMalformedUtf8(broken))) << source;
        EXPECT_TRUE(plainIds(**tokenizer, "").empty()) << source;
        EXPECT_EQ((*tokenizer)->decode({}), "") << source;
        EXPECT_EQ((*tokenizer)->tokenBytes(-1), "") << source;
        EXPECT_EQ((*tokenizer)->tokenText(1 << 30), "") << source;
        EXPECT_EQ((*tokenizer)->tokenType(-5), TokenType::kUnused) << source;
    }
}

}  // namespace
}  // namespace halftone::test
