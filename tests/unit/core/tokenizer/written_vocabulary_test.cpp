// SPDX-License-Identifier: GPL-3.0-or-later
// Vocabularies written for GGUF files give the tokens of their source, or say what they cannot.
#include <algorithm>

#include <fmt/format.h>

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

// A unigram tokenizer of "a" and spaces; with a token for every byte if asked for.
std::string unigramJson(bool byteTokens, const std::string& byteFallback, const std::string& prependScheme) {
    std::string vocabulary = R"(["<s>",0],["<unk>",0],["\u2581",-2],["a",-1],["\u2581a",-1.5])";
    for (int byte = 0; byteTokens && byte < 256; ++byte) vocabulary += fmt::format(R"(,["<0x{:02X}>",-20])", byte);
    return R"({"added_tokens":[{"id":0,"content":"<s>","special":true}],)"
           R"("pre_tokenizer":{"type":"Metaspace","replacement":"\u2581","prepend_scheme":")" +
           prependScheme + R"("},"model":{"type":"Unigram","unk_id":1,"byte_fallback":)" + byteFallback +
           R"(,"vocab":[)" + vocabulary + "]}}";
}

TEST(WrittenDifferences, AreToldForUnigramsThatSpellBytes) {
    for (const auto& [byteTokens, byteFallback] : {std::pair{true, "false"}, std::pair{false, "true"}}) {
        const auto plain = fromJson(unigramJson(byteTokens, byteFallback, "always"));
        HT_ASSERT_OK(plain);
        EXPECT_TRUE((*plain)->ggufDifferences().empty());
        EXPECT_EQ(plainIds(*writtenAndRead(**plain), "a\xC3\xA9"), plainIds(**plain, "a\xC3\xA9"));
    }
    const auto spelling = fromJson(unigramJson(true, "true", "always"));
    HT_ASSERT_OK(spelling);
    ASSERT_EQ((*spelling)->ggufDifferences().size(), 1U);
    EXPECT_NE((*spelling)->ggufDifferences()[0].find("single bytes"), std::string::npos);
    EXPECT_EQ(plainIds(**spelling, "a\xC3\xA9"), (Ids{4, 5 + 0xC3, 5 + 0xA9}));
    EXPECT_EQ(plainIds(*writtenAndRead(**spelling), "a\xC3\xA9"), (Ids{4, 1}));  // as runtimes do
}

TEST(WrittenDifferences, AreToldForUnigramsThatSpellBytesInSentencePieceFiles) {
    const auto piece = [](const std::string& text, char type) {
        const std::string inner = "\x0A" + std::string(1, static_cast<char>(text.size())) + text + "\x18" + type;
        return "\x0A" + std::string(1, static_cast<char>(inner.size())) + inner;
    };
    std::string file = piece("<unk>", 2) + piece("\xE2\x96\x81", 1) + piece("a", 1);
    const std::string trainer("\x12\x02\x18\x01", 4);  // model_type: unigram
    const auto plain = fromSentencePiece(file + trainer);
    HT_ASSERT_OK(plain);
    EXPECT_TRUE((*plain)->ggufDifferences().empty());
    for (int byte = 0; byte < 256; ++byte) file += piece(fmt::format("<0x{:02X}>", byte), 6);
    const auto spelling = fromSentencePiece(file + trainer);
    HT_ASSERT_OK(spelling);
    EXPECT_EQ(*(*spelling)->ggufMetadata(0)->string("tokenizer.ggml.model"), "t5");
    ASSERT_EQ((*spelling)->ggufDifferences().size(), 1U);
    EXPECT_NE((*spelling)->ggufDifferences()[0].find("single bytes"), std::string::npos);
}

TEST(WrittenDifferences, AreToldForASpaceInFrontOfTheTextAlone) {
    const EncodeTextOptions parsed{.addSpecial = false, .parseSpecial = true};
    for (const char* scheme : {"always", "first"}) {
        SCOPED_TRACE(scheme);
        const auto source = fromJson(unigramJson(false, "false", scheme));
        HT_ASSERT_OK(source);
        const TokenizerPointer written = writtenAndRead(**source);
        ASSERT_NE(written, nullptr);
        const bool once = std::string_view(scheme) == "first";
        EXPECT_EQ((*source)->ggufDifferences().size(), once ? 1U : 0U);
        EXPECT_EQ(plainIds(*written, "a"), plainIds(**source, "a"));
        EXPECT_EQ(idsWith(**source, "a<s>a", parsed), once ? (Ids{4, 0, 3}) : (Ids{4, 0, 4}));
        EXPECT_EQ(idsWith(*written, "a<s>a", parsed), (Ids{4, 0, 4}));  // as runtimes do
    }
}

}  // namespace
}  // namespace halftone::test
