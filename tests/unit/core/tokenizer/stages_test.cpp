// SPDX-License-Identifier: GPL-3.0-or-later
// Normalizers, pre-tokenizers, patterns and added tokens, one by one.
#include "core/tokenizer/byte_alphabet.h"
#include "core/tokenizer/hf_components.h"
#include "core/tokenizer/pattern_syntax.h"
#include "core/tokenizer/pre_families.h"
#include "tests/unit/core/tokenizer/tokenizer_test_support.h"

namespace halftone::test {
namespace {

using namespace tokenization;

constexpr const char* kMark = "\xE2\x96\x81";

std::string normalized(const std::string& json, std::string text, const SegmentPlace& place = {}) {
    simdjson::dom::parser parser;
    HfTraits traits;
    const auto normalizer = readNormalizer(parser.parse(json).value(), traits);
    HT_EXPECT_OK(normalizer);
    if (!normalizer) return "error";
    const auto result = (*normalizer)->apply(std::move(text), place);
    HT_EXPECT_OK(result);
    return result.value_or("error");
}

std::vector<std::string> split(const std::string& json, const std::string& text) {
    simdjson::dom::parser parser;
    HfTraits traits;
    const auto splitter = readPreTokenizer(parser.parse(json).value(), traits);
    HT_EXPECT_OK(splitter);
    if (!splitter) return {"error"};
    Pieces pieces{text, {{0, text.size()}}};
    const Status status = (*splitter)->apply(pieces, {});
    HT_EXPECT_OK(status);
    std::vector<std::string> result;
    for (const TextRange& range : pieces.ranges) result.emplace_back(pieces.piece(range));
    return result;
}

using Strings = std::vector<std::string>;

TEST(Normalizers, DoWhatTheirNamesSay) {
    EXPECT_EQ(normalized(R"({"type":"NFC"})", "e\xCC\x81"), "\xC3\xA9");
    EXPECT_EQ(normalized(R"({"type":"NFKD"})", "\xEF\xAC\x81"), "fi");
    EXPECT_EQ(normalized(R"({"type":"Lowercase"})", "ABC"), "abc");
    EXPECT_EQ(normalized(R"({"type":"Strip","strip_left":true,"strip_right":true})", " \t a b\n"), "a b");
    EXPECT_EQ(normalized(R"({"type":"Strip","strip_left":false,"strip_right":true})", " a "), " a");
    EXPECT_EQ(normalized(R"({"type":"StripAccents"})", "e\xCC\x81"), "e");
    EXPECT_EQ(normalized(R"({"type":"Prepend","prepend":"_"})", "x"), "_x");
    EXPECT_EQ(normalized(R"({"type":"Prepend","prepend":"_"})", ""), "");
    EXPECT_EQ(normalized(R"({"type":"Replace","pattern":{"String":"aa"},"content":"b"})", "aaa"), "ba");
    EXPECT_EQ(normalized(R"({"type":"Replace","pattern":{"Regex":" {2,}"},"content":" "})", "a   b c"), "a b c");
    EXPECT_EQ(normalized(R"({"type":"Replace","pattern":{"Regex":"x*"},"content":"-"})", "axb"), "-a--b-");
    EXPECT_EQ(
        normalized(R"({"type":"Sequence","normalizers":[{"type":"NFD"},{"type":"StripAccents"},{"type":"Lowercase"}]})",
                   "\xC3\x89T\xC3\x89"),
        "ete");
    EXPECT_EQ(normalized(R"({"type":"ByteLevel"})", " a"),
              "\xC4\xA0"
              "a");
}

TEST(Normalizers, BertCleansSplitsAndLowers) {
    const std::string json =
        R"({"type":"BertNormalizer","clean_text":true,"handle_chinese_chars":true,"strip_accents":null,"lowercase":true})";
    EXPECT_EQ(normalized(json, "\tCaf\xC3\x89 \xE4\xB8\xAD\x01z"), " cafe  \xE4\xB8\xAD z");
    const std::string cased =
        R"({"type":"BertNormalizer","clean_text":true,"handle_chinese_chars":true,"strip_accents":null,"lowercase":false})";
    EXPECT_EQ(normalized(cased, "Caf\xC3\x89"), "Caf\xC3\x89");
}

TEST(Normalizers, SentencePieceCollapsesSpacesAndMarksThem) {
    SentencePieceOptions options;
    options.removeExtraSpaces = true;
    options.prefix = SpacePrefix::kTextStart;
    const SentencePieceNormalizer normalizer(std::move(options));
    EXPECT_EQ(*normalizer.apply("  a   b ", {}), std::string(kMark) + "a" + kMark + "b");
    EXPECT_EQ(*normalizer.apply(" b", {.startsText = false}), std::string(kMark) + "b");
    EXPECT_EQ(*normalizer.apply("", {}), "");
}

TEST(Normalizers, ATextThatGrowsWithoutBoundIsRefused) {
    std::string steps;
    for (int i = 0; i < 40; ++i) {
        steps += std::string(i ? "," : "") + R"({"type":"Replace","pattern":{"String":"a"},"content":"aaaaaaaa"})";
    }
    simdjson::dom::parser parser;
    HfTraits traits;
    const auto normalizer =
        readNormalizer(parser.parse(R"({"type":"Sequence","normalizers":[)" + steps + "]}").value(), traits);
    HT_ASSERT_OK(normalizer);
    EXPECT_FALSE((*normalizer)->apply("a", {}));
}

TEST(PreTokenizers, SplitKnowsAllBehaviours) {
    const auto json = [](const std::string& behavior, const std::string& invert = "false") {
        return R"({"type":"Split","pattern":{"String":"-"},"behavior":")" + behavior + R"(","invert":)" + invert + "}";
    };
    EXPECT_EQ(split(json("Removed"), "the-final--countdown"), (Strings{"the", "final", "countdown"}));
    EXPECT_EQ(split(json("Isolated"), "the-final--countdown"), (Strings{"the", "-", "final", "-", "-", "countdown"}));
    EXPECT_EQ(split(json("MergedWithPrevious"), "the-final--countdown"), (Strings{"the-", "final-", "-", "countdown"}));
    EXPECT_EQ(split(json("MergedWithNext"), "the-final--countdown"), (Strings{"the", "-final", "-", "-countdown"}));
    EXPECT_EQ(split(json("Contiguous"), "the-final--countdown"), (Strings{"the", "-", "final", "--", "countdown"}));
    EXPECT_EQ(split(json("Removed", "true"), "a-b--"), (Strings{"-", "-", "-"}));
}

TEST(PreTokenizers, SplitTextAsDocumented) {
    EXPECT_EQ(split(R"({"type":"Whitespace"})", "Hey you, it's_me!"),
              (Strings{"Hey", "you", ",", "it", "'", "s_me", "!"}));
    EXPECT_EQ(split(R"({"type":"WhitespaceSplit"})",
                    " a\tb\xE3\x80\x80"
                    "c "),
              (Strings{"a", "b", "c"}));
    EXPECT_EQ(split(R"({"type":"BertPreTokenizer"})", "a, b!!"), (Strings{"a", ",", "b", "!", "!"}));
    EXPECT_EQ(split(R"({"type":"Punctuation","behavior":"Isolated"})", "a.b"), (Strings{"a", ".", "b"}));
    EXPECT_EQ(split(R"({"type":"Digits","individual_digits":true})", "ab12"), (Strings{"ab", "1", "2"}));
    EXPECT_EQ(split(R"({"type":"Digits","individual_digits":false})", "ab12c"), (Strings{"ab", "12", "c"}));
    EXPECT_EQ(split(R"({"type":"CharDelimiterSplit","delimiter":"|"})", "a|b||c"), (Strings{"a", "b", "c"}));
    EXPECT_EQ(split(R"({"type":"ByteLevel","add_prefix_space":true,"use_regex":true})", "Hi there"),
              (Strings{"\xC4\xA0Hi", "\xC4\xA0there"}));
}

TEST(PreTokenizers, MetaspaceMarksAndSplits) {
    const std::string mark = kMark;
    EXPECT_EQ(split(R"({"type":"Metaspace","replacement":"▁","prepend_scheme":"always","split":true})", "Hey  you"),
              (Strings{mark + "Hey", mark, mark + "you"}));
    EXPECT_EQ(split(R"({"type":"Metaspace","replacement":"▁","prepend_scheme":"never","split":false})", "a b"),
              (Strings{"a" + mark + "b"}));
    EXPECT_EQ(split(R"({"type":"Metaspace","replacement":"▁","add_prefix_space":true})", " a"), (Strings{mark + "a"}));
}

TEST(PreTokenizers, FamiliesSplitAsTheirModelsDo) {
    const auto pieces = [](std::string_view family, const std::string& text) {
        const PreFamily* found = findPreFamily(family);
        if (found == nullptr) return Strings{"unknown family"};
        const auto splitter = makeFamilyPreTokenizer(*found);
        HT_EXPECT_OK(splitter);
        Pieces result{text, {{0, text.size()}}};
        HT_EXPECT_OK((*splitter)->apply(result, {}));
        Strings strings;
        for (const TextRange& range : result.ranges) strings.emplace_back(result.piece(range));
        return strings;
    };
    const auto spelled = [](Strings strings) {
        for (std::string& text : strings) text = spellBytes(text);
        return strings;
    };
    const std::string space = "\xC4\xA0";
    EXPECT_EQ(pieces("gpt-2", "I'm 1234  ok"), (Strings{"I", "'m", space + "1234", space, space + "ok"}));
    EXPECT_EQ(pieces("llama-bpe", "I'M 12345"), (Strings{"I", "'M", space, "123", "45"}));
    EXPECT_EQ(pieces("qwen2", "a12"), (Strings{"a", "1", "2"}));
    EXPECT_EQ(pieces("gpt-4o", "HelloWorld's x"), (Strings{"Hello", "World's", space + "x"}));
    EXPECT_EQ(pieces("tekken", "HelloWorld12"), (Strings{"Hello", "World", "1", "2"}));
    EXPECT_EQ(pieces("deepseek-v3", "a1234"), (Strings{"a", "123", "4"}));
    EXPECT_EQ(pieces("smollm", "a12"), (Strings{"a", "1", "2"}));
    EXPECT_EQ(pieces("kimi-k2", "ab\xE4\xB8\xAD\xE6\x96\x87").size(), 2U);
    EXPECT_EQ(pieces("superbpe", "1234567"), (Strings{"1", "234", "567"}));
    EXPECT_EQ(findPreFamily("no-such-family"), nullptr);
    // Kimi's tokenization_kimi.py: Han apart from all other letters, contractions with their word, digits by three.
    EXPECT_EQ(pieces("kimi-k2", "\u4F60\u597DWorld's 12345, \u00DCn\u00EF\n\n x\u6F22\u5B57abc"),
              spelled({"\u4F60\u597D", "World's", " ", "123", "45", ",", " \u00DCn\u00EF", "\n\n", " x", "\u6F22\u5B57",
                       "abc"}));
    // llama.cpp's fallback: punctuation first, then words as GPT-2, then digits by three.
    EXPECT_EQ(pieces("default", "ab12345 don't $5+"),
              spelled({"ab", "123", "45", " don", "'", "t", " ", "$", "5", "+"}));
}

TEST(PreTokenizers, AllFamiliesCompile) {
    for (const char* name :
         {"gpt-2",       "roberta-bpe",    "llama-bpe",    "smaug-bpe", "qwen2",    "qwen35",   "gpt-4o", "tekken",
          "deepseek-v3", "deepseek-coder", "deepseek-llm", "smollm",    "falcon",   "bloom",    "viking", "kimi-k2",
          "bailingmoe",  "seed-coder",     "exaone-moe",   "superbpe",  "tiny_aya", "minicpm5", "default"}) {
        const PreFamily* family = findPreFamily(name);
        ASSERT_NE(family, nullptr) << name;
        HT_EXPECT_OK(makeFamilyPreTokenizer(*family)) << name;
    }
}

TEST(PreTokenizers, WordStartsAreFoundBeforeRunsOfMarks) {
    const std::string m = kMark;
    EXPECT_FALSE(WordStartPreTokenizer::reachesAcross(m + m + "word", m));
    EXPECT_TRUE(WordStartPreTokenizer::reachesAcross("a" + m, m));
    EXPECT_TRUE(WordStartPreTokenizer::reachesAcross(m + "a" + m + "b", m));
    Pieces pieces{m + "a" + m + m + "b", {}};
    pieces.ranges = {{0, pieces.text.size()}};
    HT_ASSERT_OK(WordStartPreTokenizer(m).apply(pieces, {}));
    ASSERT_EQ(pieces.ranges.size(), 2U);
    EXPECT_EQ(pieces.piece(pieces.ranges[0]), m + "a");
    EXPECT_EQ(pieces.piece(pieces.ranges[1]), m + m + "b");
}

TEST(Patterns, AreTranslatedFromOniguruma) {
    EXPECT_EQ(*pcrePattern(R"(\s+(?!\S))"), R"(\p{White_Space}+(?!\P{White_Space}))");
    EXPECT_EQ(*pcrePattern(R"([^\s\p{L}])"), R"([^\p{White_Space}\p{L}])");
    EXPECT_EQ(*pcrePattern(R"([\p{L}&&[^\p{Han}]]*)"), R"((?:(?![\p{Han}])[\p{L}])*)");
    EXPECT_EQ(*pcrePattern(R"([a[bc]])"), "[abc]");
    EXPECT_EQ(*pcrePattern(R"([\]\[])"), R"([\]\[])");
    EXPECT_FALSE(pcrePattern("[abc"));
    EXPECT_FALSE(pcrePattern("[a[^b]]"));
    EXPECT_FALSE(Regex::compile("(unclosed"));
    EXPECT_FALSE(Regex::compile("\\"));
    EXPECT_FALSE(Regex::compile("(?=\\Ka)"));
    EXPECT_FALSE(Regex::compile(std::string(100'000, 'a')));
}

TEST(Patterns, HostileOnesEndWithAnError) {
    const auto regex = Regex::compile("(a+)+$");
    HT_ASSERT_OK(regex);
    const std::string text = std::string(5000, 'a') + "!";
    RegexMatcher matcher(*regex, text.size());
    const auto begin = std::chrono::steady_clock::now();
    const auto match = matcher.next(text, 0);
    EXPECT_FALSE(match);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
}

TEST(AddedTokens, AreFoundLongestFirstAndSwallowSpace) {
    AddedTokenFinder finder;
    finder.add({.id = 1, .content = "<x>", .special = true});
    finder.add({.id = 2, .content = "<x>y", .special = true});
    finder.add({.id = 3, .content = "[M]", .stripLeft = true, .stripRight = true});
    finder.add({.id = 4, .content = "cat", .singleWord = true});
    const auto tokens = [&](std::string_view text, bool special) {
        std::vector<std::string> result;
        for (const TextSegment& segment : finder.split(text, special)) {
            const auto part = text.substr(segment.range.begin, segment.range.size());
            result.push_back(segment.token ? "#" + std::to_string(*segment.token) : std::string(part));
        }
        return result;
    };
    EXPECT_EQ(tokens("a<x>b<x>yc", true), (Strings{"a", "#1", "b", "#2", "c"}));
    EXPECT_EQ(tokens("a<x>b", false), (Strings{"a<x>b"}));
    EXPECT_EQ(tokens("a \xE3\x80\x80[M] \n b", false), (Strings{"a", "#3", "b"}));
    EXPECT_EQ(tokens("cat concat cat's", false), (Strings{"#4", " concat ", "#4", "'s"}));
    EXPECT_TRUE(tokens("", true).empty());
}

}  // namespace
}  // namespace halftone::test
