// SPDX-License-Identifier: GPL-3.0-or-later
// Published test vectors and the reference prompts of the test models, from every form in which a tokenizer is stored.
#include <sstream>

#include <nlohmann/json.hpp>

#include "core/checkpoint/gguf_value.h"
#include "tests/unit/core/tokenizer/tokenizer_test_support.h"

namespace halftone::test {
namespace {

struct VectorCase {
    std::string text;
    std::vector<TokenId> ids;
};

std::vector<VectorCase> readVectors(const std::string& base) {
    const std::string separator = "\n__ggml_vocab_test__\n";
    const std::string input = readFile(base + ".inp");
    std::vector<VectorCase> cases;
    for (size_t begin = 0; begin <= input.size();) {
        const size_t end = input.find(separator, begin);
        if (end == std::string::npos) break;
        cases.push_back({input.substr(begin, end - begin), {}});
        begin = end + separator.size();
    }
    std::istringstream output(readFile(base + ".out"));
    std::string line;
    for (size_t i = 0; i < cases.size() && std::getline(output, line); ++i) {
        std::istringstream numbers(line);
        for (TokenId id = 0; numbers >> id;) cases[i].ids.push_back(id);
    }
    return cases;
}

void expectVectors(const Tokenizer& tokenizer, const std::string& vectors) {
    const auto base = sharedPath("tokenizers/vectors");
    ASSERT_TRUE(base);
    const std::vector<VectorCase> cases = readVectors((*base / ("ggml-vocab-" + vectors + ".gguf")).string());
    ASSERT_GE(cases.size(), 46U);
    for (const VectorCase& entry : cases) {
        EXPECT_EQ(plainIds(tokenizer, entry.text), entry.ids) << "text: [" << entry.text << "]";
    }
}

struct Source {
    std::string path;
    std::string vectors;
};

class VectorSources : public testing::TestWithParam<Source> {};

TEST_P(VectorSources, AllTextsGiveThePublishedIds) {
    HT_SHARED_OR_SKIP(path, GetParam().path);
    const auto tokenizer = openTokenizer(path);
    HT_ASSERT_OK(tokenizer);
    expectVectors(**tokenizer, GetParam().vectors);
}

// A tokenizer that is written to GGUF metadata and read again gives the same ids.
TEST_P(VectorSources, WrittenToGgufGivesThePublishedIds) {
    HT_SHARED_OR_SKIP(path, GetParam().path);
    const auto tokenizer = openTokenizer(path);
    HT_ASSERT_OK(tokenizer);
    const auto metadata = (*tokenizer)->ggufMetadata(0);
    HT_ASSERT_OK(metadata);
    const auto again = fromGguf(*metadata);
    HT_ASSERT_OK(again);
    expectVectors(**again, GetParam().vectors);
    EXPECT_EQ((*again)->vocabSize(), (*tokenizer)->vocabSize());
    EXPECT_EQ((*again)->addsBos(), (*tokenizer)->addsBos());
    EXPECT_EQ((*again)->bos(), (*tokenizer)->bos());
}

INSTANTIATE_TEST_SUITE_P(Published, VectorSources,
                         testing::Values(Source{"tokenizers/vectors/ggml-vocab-gpt-2.gguf", "gpt-2"},
                                         Source{"tokenizers/vectors/ggml-vocab-llama-spm.gguf", "llama-spm"},
                                         Source{"tokenizers/vectors/ggml-vocab-bert-bge.gguf", "bert-bge"},
                                         Source{"tokenizers/gpt2", "gpt-2"}, Source{"tokenizers/llama2", "llama-spm"},
                                         Source{"tokenizers/llama3", "llama-bpe"}, Source{"tokenizers/qwen2", "qwen2"},
                                         Source{"tokenizers/bert-base-uncased", "bert-bge"}));

TEST(SentencePieceFile, AllTextsGiveThePublishedIds) {
    HT_SHARED_OR_SKIP(path, "tokenizers/llama2/tokenizer.model");
    const auto tokenizer = fromSentencePiece(readFile(path));
    HT_ASSERT_OK(tokenizer);
    expectVectors(**tokenizer, "llama-spm");
    EXPECT_TRUE((*tokenizer)->addsBos());
    EXPECT_EQ((*tokenizer)->eos(), TokenId{2});
}

TEST(WrittenVocabulary, NamesTheFamilyOfThePattern) {
    const std::pair<const char*, const char*> expected[] = {{"tokenizers/gpt2", "gpt-2"},
                                                            {"tokenizers/llama3", "llama-bpe"},
                                                            {"tokenizers/qwen2", "qwen2"},
                                                            {"tokenizers/llama2", "default"}};
    for (const auto& [folder, pre] : expected) {
        HT_SHARED_OR_SKIP(path, folder);
        const auto tokenizer = openTokenizer(path);
        HT_ASSERT_OK(tokenizer);
        const auto metadata = (*tokenizer)->ggufMetadata(0);
        HT_ASSERT_OK(metadata);
        ASSERT_NE(metadata->string("tokenizer.ggml.pre"), nullptr);
        EXPECT_EQ(*metadata->string("tokenizer.ggml.pre"), pre);
    }
}

TEST(WrittenVocabulary, IsTheOneThatOtherConvertersWrite) {
    const std::pair<const char*, const char*> pairs[] = {
        {"tokenizers/gpt2", "tokenizers/vectors/ggml-vocab-gpt-2.gguf"},
        {"tokenizers/llama2", "tokenizers/vectors/ggml-vocab-llama-spm.gguf"},
        {"tokenizers/bert-base-uncased", "tokenizers/vectors/ggml-vocab-bert-bge.gguf"}};
    for (const auto& [folder, file] : pairs) {
        HT_SHARED_OR_SKIP(path, folder);
        HT_SHARED_OR_SKIP(other, file);
        const auto tokenizer = openTokenizer(path);
        HT_ASSERT_OK(tokenizer);
        const auto written = (*tokenizer)->ggufMetadata(0);
        HT_ASSERT_OK(written);
        const auto checkpoint = Checkpoint::open(other);
        HT_ASSERT_OK(checkpoint);
        const GgufMetadata& published = (*checkpoint)->gguf();
        EXPECT_EQ(*written->string("tokenizer.ggml.model"), *published.string("tokenizer.ggml.model"));
        EXPECT_TRUE(*written->strings("tokenizer.ggml.tokens") == *published.strings("tokenizer.ggml.tokens"))
            << folder;
        const auto* merges = published.strings("tokenizer.ggml.merges");
        if (merges != nullptr) {
            EXPECT_TRUE(*written->strings("tokenizer.ggml.merges") == *merges) << folder;
        }
        EXPECT_TRUE(written->array("tokenizer.ggml.token_type")->values ==
                    published.array("tokenizer.ggml.token_type")->values)
            << folder;
        const GgufArray* scores = published.array("tokenizer.ggml.scores");
        if (scores != nullptr) {
            EXPECT_TRUE(written->array("tokenizer.ggml.scores")->values == scores->values) << folder;
        }
    }
}

class ModelPrompts : public testing::TestWithParam<std::pair<std::string, std::string>> {};

// The reference prompts from tokenizer.json, tokenizer.model and the GGUF files of one model.
TEST_P(ModelPrompts, GiveTheReferenceIds) {
    HT_SHARED_OR_SKIP(folder, "models/" + GetParam().first);
    std::vector<std::pair<std::string, TokenizerPointer>> tokenizers;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        if (entry.path().extension() == ".gguf") {
            const auto tokenizer = openTokenizer(entry.path());
            HT_ASSERT_OK(tokenizer);
            tokenizers.emplace_back(entry.path().filename(), *tokenizer);
        }
    }
    const auto fromFolder = openTokenizer(folder);
    HT_ASSERT_OK(fromFolder);
    tokenizers.emplace_back("tokenizer.json", *fromFolder);
    if (std::filesystem::exists(folder / "tokenizer.model")) {
        const auto model =
            fromSentencePiece(readFile(folder / "tokenizer.model"), tokenization::readCompanionFiles(folder, ""));
        HT_ASSERT_OK(model);
        tokenizers.emplace_back("tokenizer.model", *model);
    }
    const auto metadata = (*fromFolder)->ggufMetadata(0);
    HT_ASSERT_OK(metadata);
    EXPECT_EQ(*metadata->string("tokenizer.ggml.model"), GetParam().second);
    const auto written = fromGguf(*metadata);
    HT_ASSERT_OK(written);
    tokenizers.emplace_back("written metadata", *written);

    const auto reference = nlohmann::json::parse(readFile(folder / "reference.json"));
    const bool hasBos = (*fromFolder)->addsBos();
    for (const auto& prompt : reference["greedy"]) {
        const auto text = prompt["prompt"].get<std::string>();
        const auto ids = prompt["prompt_ids"].get<std::vector<TokenId>>();
        const auto greedy = prompt["greedy_ids"].get<std::vector<TokenId>>();
        for (const auto& [name, tokenizer] : tokenizers) {
            EXPECT_EQ(idsWith(*tokenizer, text, {.addSpecial = hasBos}), ids) << name;
            EXPECT_EQ(tokenizer->decode(ids), text) << name;
            std::vector<TokenId> whole = ids;
            whole.insert(whole.end(), greedy.begin(), greedy.end());
            EXPECT_EQ(streamed(tokenizer, whole), tokenizer->decode(whole)) << name;
        }
    }
}

INSTANTIATE_TEST_SUITE_P(TestModels, ModelPrompts,
                         testing::Values(std::pair{"stories260K", "llama"}, std::pair{"babyllama-105", "t5"},
                                         std::pair{"slm4096-gpt2", "gpt2"}, std::pair{"zh-poem-750K", "t5"}));

TEST(TokenCounts, AreThoseOfTheReference) {
    struct Count {
        const char* model;
        const char* text;
        size_t tokens;
    };
    const Count counts[] = {{"models/stories260K", "text/tinystories-a.txt", 58452},
                            {"models/zh-poem-750K", "text/zh-tang-poems-a.txt", 14043},
                            {"models/slm4096-gpt2", "text/slm4096-corpus.txt", 4096},
                            {"models/stories260K/stories260K-f32.gguf", "text/tinystories-a.txt", 58452},
                            {"models/slm4096-gpt2/slm4096-gpt2-f16.gguf", "text/slm4096-corpus.txt", 4096}};
    for (const Count& count : counts) {
        HT_SHARED_OR_SKIP(model, count.model);
        HT_SHARED_OR_SKIP(text, count.text);
        const auto tokenizer = openTokenizer(model);
        HT_ASSERT_OK(tokenizer);
        EXPECT_EQ(plainIds(**tokenizer, readFile(text)).size(), count.tokens) << count.model;
    }
}

// Every form of one tokenizer must agree on long texts, and decoding must give the text back.
TEST(LongTexts, AgreeBetweenFormsAndDecodeToThemselves) {
    HT_SHARED_OR_SKIP(texts, "text");
    HT_SHARED_OR_SKIP(root, "tokenizers");
    const std::string story = readFile(texts / "frankenstein.txt") + readFile(texts / "zh-tang-poems-a.txt");
    const std::pair<std::string, std::string> pairs[] = {{"gpt2", "gpt-2"}, {"llama2", "llama-spm"}};
    for (const auto& [folder, vectors] : pairs) {
        const auto json = openTokenizer(root / folder);
        const auto gguf = openTokenizer(root / "vectors" / ("ggml-vocab-" + vectors + ".gguf"));
        HT_ASSERT_OK(json);
        HT_ASSERT_OK(gguf);
        const std::vector<TokenId> ids = plainIds(**json, story);
        EXPECT_TRUE(ids == plainIds(**gguf, story)) << folder;
        EXPECT_TRUE((*json)->decode(ids) == story) << folder;
        EXPECT_TRUE((*gguf)->decode(ids) == story) << folder;
        EXPECT_TRUE(streamed(*json, ids) == story) << folder;
    }
}

}  // namespace
}  // namespace halftone::test
