// SPDX-License-Identifier: GPL-3.0-or-later
// The models on small vocabularies, compared with straightforward implementations and with known results.
#include <limits>
#include <random>

#include <sentencepiece_processor.h>

#include "core/tokenizer/bpe_model.h"
#include "core/tokenizer/unigram_model.h"
#include "core/tokenizer/word_models.h"
#include "tests/unit/core/tokenizer/tokenizer_test_support.h"

namespace halftone::test {
namespace {

using namespace tokenization;

Vocabulary makeVocabulary(const std::vector<VocabularyEntry>& entries) {
    Vocabulary vocabulary;
    for (const VocabularyEntry& entry : entries) HT_EXPECT_OK(vocabulary.set(vocabulary.size(), entry));
    vocabulary.finish();
    return vocabulary;
}

std::vector<TokenId> run(const TokenModel& model, std::string_view text) {
    std::vector<TokenId> ids;
    model.tokenize(text, ids);
    return ids;
}

using Ids = std::vector<TokenId>;

VocabularyEntry normal(std::string text, float score = 0.0F) {
    return {std::move(text), score, TokenType::kNormal};
}

// The definition of BPE, quadratic: look for the best pair, merge its leftmost occurrence, start again.
std::vector<std::string> mergeByDefinition(std::vector<std::string> parts,
                                           const std::vector<std::pair<std::string, std::string>>& merges) {
    for (;;) {
        size_t bestRank = merges.size();
        size_t bestPlace = 0;
        for (size_t i = 0; i + 1 < parts.size(); ++i) {
            for (size_t rank = 0; rank < bestRank; ++rank) {
                if (merges[rank].first == parts[i] && merges[rank].second == parts[i + 1]) {
                    bestRank = rank;
                    bestPlace = i;
                }
            }
        }
        if (bestRank == merges.size()) return parts;
        parts[bestPlace] += parts[bestPlace + 1];
        parts.erase(parts.begin() + static_cast<std::ptrdiff_t>(bestPlace) + 1);
    }
}

TEST(Bpe, RandomMergesGiveWhatTheDefinitionGives) {
    std::mt19937 random(7);
    for (int round = 0; round < 200; ++round) {
        std::vector<std::string> symbols = {"a", "b", "c"};
        std::vector<std::pair<std::string, std::string>> merges;
        for (int i = 0; i < 12; ++i) {
            const auto left = symbols[random() % symbols.size()];
            const auto right = symbols[random() % symbols.size()];
            if (std::find(symbols.begin(), symbols.end(), left + right) != symbols.end()) continue;
            merges.emplace_back(left, right);
            symbols.push_back(left + right);
        }
        std::vector<VocabularyEntry> entries;
        for (const std::string& symbol : symbols) entries.push_back(normal(symbol));
        const Vocabulary vocabulary = makeVocabulary(entries);
        const std::vector<BpeModel::TextPair> pairs(merges.begin(), merges.end());
        const auto model = BpeModel::fromMerges(vocabulary, pairs, {}, BpeModel::MissingToken::kRefuse);
        HT_ASSERT_OK(model);
        std::vector<std::string> characters;
        for (int i = 0; i < 40; ++i) characters.emplace_back(1, static_cast<char>('a' + random() % 3));
        std::string text;
        for (const std::string& character : characters) text += character;
        std::vector<std::string> spelled;
        for (const TokenId id : run(**model, text)) spelled.emplace_back(vocabulary.text(id));
        EXPECT_EQ(spelled, mergeByDefinition(characters, merges));
    }
}

TEST(Bpe, UnknownCharactersFollowThePolicy) {
    const Vocabulary vocabulary =
        makeVocabulary({{"<unk>", 0.0F, TokenType::kUnknown}, normal("a"), normal("<0xC3>"), normal("<0xA4>")});
    const auto ids = [&](UnknownPolicy policy, std::string_view text) {
        BpeOptions options;
        options.unknown = policy;
        return run(**BpeModel::fromMerges(vocabulary, {}, std::move(options), BpeModel::MissingToken::kRefuse), text);
    };
    EXPECT_EQ(ids({0, false, false}, "axya"), (Ids{1, 0, 0, 1}));
    EXPECT_EQ(ids({0, false, true}, "axya"), (Ids{1, 0, 1}));
    EXPECT_EQ(ids({-1, false, false}, "axya"), (Ids{1, 1}));
    EXPECT_EQ(ids({0, true, true}, "\xC3\xA4x"), (Ids{2, 3, 0}));
}

TEST(Bpe, PrefixAndSuffixMarkPlacesInTheWord) {
    const Vocabulary vocabulary =
        makeVocabulary({normal("l"), normal("o"), normal("w</w>"), normal("lo"), normal("low</w>")});
    BpeOptions options;
    options.endOfWordSuffix = "</w>";
    const auto model =
        BpeModel::fromMerges(vocabulary, {{"l", "o"}, {"lo", "w</w>"}}, options, BpeModel::MissingToken::kRefuse);
    HT_ASSERT_OK(model);
    EXPECT_EQ(run(**model, "low"), Ids{4});

    const Vocabulary continued = makeVocabulary({normal("a"), normal("##b"), normal("ab")});
    BpeOptions prefixed;
    prefixed.continuingPrefix = "##";
    const auto second = BpeModel::fromMerges(continued, {{"a", "##b"}}, prefixed, BpeModel::MissingToken::kRefuse);
    HT_ASSERT_OK(second);
    EXPECT_EQ(run(**second, "ab"), Ids{2});
}

TEST(Bpe, IgnoringMergesTakesWholePieces) {
    const Vocabulary vocabulary = makeVocabulary({normal("a"), normal("b"), normal("ab")});
    BpeOptions options;
    options.ignoreMerges = true;
    const auto model = BpeModel::fromMerges(vocabulary, {}, options, BpeModel::MissingToken::kRefuse);
    HT_ASSERT_OK(model);
    EXPECT_EQ(run(**model, "ab"), Ids{2});
    EXPECT_EQ(run(**model, "abb"), (Ids{0, 1, 1}));
}

TEST(Bpe, PartsThatAreNoTokensFallApart) {
    const Vocabulary vocabulary = makeVocabulary({normal("a"), normal("b"), normal("c"), normal("abc")});
    EXPECT_FALSE(BpeModel::fromMerges(vocabulary, {{"a", "b"}}, {}, BpeModel::MissingToken::kRefuse));
    const auto model =
        BpeModel::fromMerges(vocabulary, {{"a", "b"}, {"ab", "c"}}, {}, BpeModel::MissingToken::kKeepAsPart);
    HT_ASSERT_OK(model);
    EXPECT_EQ(run(**model, "abcab"), (Ids{3, 0, 1}));
}

TEST(ScoredBpe, HigherScoresMergeFirstAndUnusedTokensFallApart) {
    const Vocabulary vocabulary =
        makeVocabulary({normal("a", -5), normal("b", -6), normal("c", -7), normal("ab", -2), normal("bc", -1)});
    EXPECT_EQ(run(*BpeModel::fromScores(vocabulary, {}), "abc"), (Ids{0, 4}));
    const Vocabulary unused = makeVocabulary(
        {normal("a", -5), normal("b", -6), normal("c", -7), {"ab", -1.0F, TokenType::kUnused}, normal("abc", -2)});
    const auto model = BpeModel::fromScores(unused, {});
    EXPECT_EQ(run(*model, "abc"), Ids{4});
    EXPECT_EQ(run(*model, "abab"), (Ids{0, 1, 0, 1}));
}

TEST(ScoredBpe, ScoresThatAreNoNumbersDoNoHarm) {
    const float nan = std::numeric_limits<float>::quiet_NaN();
    const Vocabulary vocabulary =
        makeVocabulary({normal("a", nan), normal("b", nan), normal("ab", nan), normal("ba", 1)});
    EXPECT_EQ(run(*BpeModel::fromScores(vocabulary, {}), "bab"), (Ids{3, 1}));
}

TEST(Unigram, FindsTheMostProbableSegmentation) {
    const Vocabulary vocabulary = makeVocabulary({{"<unk>", 0.0F, TokenType::kUnknown},
                                                  normal("a", -1.0F),
                                                  normal("b", -1.5F),
                                                  normal("ab", -2.0F),
                                                  normal("abab", -4.5F),
                                                  {"USER", -9.0F, TokenType::kUserDefined}});
    const UnigramModel model(vocabulary, {0, false, true});
    EXPECT_EQ(run(model, "abab"), (Ids{3, 3}));
    EXPECT_EQ(run(model, "aXYb"), (Ids{1, 0, 2}));
    EXPECT_EQ(run(model, "aUSERb"), (Ids{1, 5, 2}));
}

TEST(WordPiece, TakesTheLongestPrefixOrNothing) {
    const Vocabulary vocabulary =
        makeVocabulary({normal("[UNK]"), normal("un"), normal("##aff"), normal("##able"), normal("una")});
    const WordPieceModel model(vocabulary, {.unknown = 0, .maxWordCharacters = 12});
    EXPECT_EQ(run(model, "unaffable"), Ids{0});  // "una" leads nowhere, and there is no way back
    EXPECT_EQ(run(model, "unable"), Ids{0});
    EXPECT_EQ(run(model, "un"), Ids{1});
    EXPECT_EQ(run(model, std::string(13, 'u')), Ids{0});
    const Vocabulary other = makeVocabulary({normal("[UNK]"), normal("un"), normal("##aff"), normal("##able")});
    EXPECT_EQ(run(WordPieceModel(other, {.unknown = 0}), "unaffable"), (Ids{1, 2, 3}));
}

// SentencePiece's own implementation on the same file.
TEST(SentencePieceFiles, AgreeWithTheLibrary) {
    for (const char* name : {"tokenizers/llama2/tokenizer.model", "models/stories260K/tokenizer.model",
                             "models/babyllama-105/tokenizer.model"}) {
        HT_SHARED_OR_SKIP(path, name);
        HT_SHARED_OR_SKIP(texts, "text");
        sentencepiece::SentencePieceProcessor processor;
        ASSERT_TRUE(processor.Load(path.string()).ok());
        const auto tokenizer = fromSentencePiece(readFile(path));
        HT_ASSERT_OK(tokenizer);
        for (const char* file : {"tinystories-a.txt", "zh-tang-poems-a.txt", "slm4096-corpus.txt"}) {
            const std::string text = readFile(texts / file).substr(0, 40'000);
            const std::string clean = text.substr(0, text.rfind('\n'));
            std::vector<int> expected;
            ASSERT_TRUE(processor.Encode(clean, &expected).ok());
            EXPECT_TRUE(plainIds(**tokenizer, clean) == expected) << name << " " << file;
        }
    }
}

TEST(SpecialTokens, AreParsedOnRequestOnly) {
    struct Case {
        const char* source;
        const char* marker;
        TokenId id;
    };
    const Case cases[] = {{"tokenizers/gpt2", "<|endoftext|>", 50256},
                          {"tokenizers/vectors/ggml-vocab-gpt-2.gguf", "<|endoftext|>", 50256},
                          {"tokenizers/llama3", "<|eot_id|>", 128009},
                          {"tokenizers/qwen2", "<|im_end|>", 151645},
                          {"tokenizers/llama2", "</s>", 2},
                          {"tokenizers/vectors/ggml-vocab-llama-spm.gguf", "</s>", 2},
                          {"models/stories260K", "</s>", 2}};
    for (const Case& entry : cases) {
        HT_SHARED_OR_SKIP(path, entry.source);
        const auto tokenizer = openTokenizer(path);
        HT_ASSERT_OK(tokenizer);
        const std::string text = std::string("Once") + entry.marker + " there";
        const Ids parsed = idsWith(**tokenizer, text, {.parseSpecial = true});
        const Ids plain = idsWith(**tokenizer, text, {});
        EXPECT_EQ(std::count(parsed.begin(), parsed.end(), entry.id), 1) << entry.source;
        EXPECT_EQ(std::count(plain.begin(), plain.end(), entry.id), 0) << entry.source;
        EXPECT_EQ((*tokenizer)->decode(plain), text) << entry.source;
        EXPECT_EQ((*tokenizer)->tokenType(entry.id), TokenType::kControl) << entry.source;
        EXPECT_EQ((*tokenizer)->tokenBytes(entry.id), "") << entry.source;
        EXPECT_EQ((*tokenizer)->tokenText(entry.id), entry.marker) << entry.source;
        EXPECT_NE((*tokenizer)->decode(parsed, true).find(entry.marker), std::string::npos) << entry.source;
        EXPECT_EQ((*tokenizer)->decode(parsed).find(entry.marker), std::string::npos) << entry.source;
        const auto ends = (*tokenizer)->endOfGeneration();
        EXPECT_NE(std::find(ends.begin(), ends.end(), entry.id), ends.end()) << entry.source;
    }
}

}  // namespace
}  // namespace halftone::test
