// SPDX-License-Identifier: GPL-3.0-or-later
// Folders that hold vocab.json and merges.txt instead of a tokenizer.json.
#include <nlohmann/json.hpp>

#include "core/tokenizer/byte_alphabet.h"
#include "tests/unit/core/tokenizer/tokenizer_test_support.h"

namespace halftone::test {
namespace {

using Ids = std::vector<TokenId>;

class ByteLevelFiles : public testing::Test {
  protected:
    void write(const std::string& name, const std::string& text) const {
        std::ofstream(m_folder.path() / name, std::ios::binary) << text;
    }
    // Ids 0 ... 255 are the bytes; then "he", "1" and "2" as one token, and the end of text.
    void writeVocabulary() const {
        nlohmann::json vocabulary;
        for (int byte = 0; byte < 256; ++byte)
            vocabulary[std::string(tokenization::byteSpelling(static_cast<uint8_t>(byte)))] = byte;
        vocabulary["he"] = 256;
        vocabulary["12"] = 257;
        vocabulary["<|endoftext|>"] = 258;
        write("vocab.json", vocabulary.dump());
    }
    [[nodiscard]] Result<TokenizerPointer> open() const { return openTokenizer(m_folder.path()); }
    [[nodiscard]] std::string refusal() const {
        const auto tokenizer = open();
        return tokenizer ? "opened" : tokenizer.error().message;
    }
    TemporaryFolder m_folder;
};

TEST_F(ByteLevelFiles, OfGpt2GiveTheTokensOfItsTokenizerJson) {
    HT_SHARED_OR_SKIP(folder, "tokenizers/gpt2");
    HT_SHARED_OR_SKIP(texts, "text/wiki.test.raw");
    write("vocab.json", readFile(folder / "vocab.json"));
    write("merges.txt", readFile(folder / "merges.txt"));
    const auto joined = open(), whole = openTokenizer(folder);
    HT_ASSERT_OK(joined);
    HT_ASSERT_OK(whole);
    const std::string text = readFile(texts).substr(0, 100'000) + "<|endoftext|>";
    EXPECT_TRUE(plainIds(**joined, text) == plainIds(**whole, text));
    EXPECT_TRUE(idsWith(**joined, text, {.parseSpecial = true}) == idsWith(**whole, text, {.parseSpecial = true}));
    EXPECT_EQ((*joined)->eos(), TokenId{50256});
    EXPECT_EQ((*joined)->vocabSize(), (*whole)->vocabSize());
    EXPECT_EQ(*(*joined)->ggufMetadata(0)->string("tokenizer.ggml.pre"), "gpt-2");
}

TEST_F(ByteLevelFiles, SplitAsTheirClassDoes) {
    writeVocabulary();
    write("merges.txt", "#version: 0.2\r\nh e\r\n\r\n1 2\n");
    const auto gpt2 = open();
    HT_ASSERT_OK(gpt2);
    EXPECT_EQ(plainIds(**gpt2, "he12"), (Ids{256, 257}));
    EXPECT_EQ(idsWith(**gpt2, "he<|endoftext|>", {.parseSpecial = true}), (Ids{256, 258}));
    EXPECT_EQ((*gpt2)->bos(), TokenId{258});
    write("tokenizer_config.json", R"({"tokenizer_class":"Qwen2Tokenizer"})");
    const auto qwen2 = open();
    HT_ASSERT_OK(qwen2);
    EXPECT_EQ(plainIds(**qwen2, "he12"), (Ids{256, '1', '2'}));  // digits stand alone
    EXPECT_FALSE((*qwen2)->bos());
    EXPECT_EQ(*(*qwen2)->ggufMetadata(0)->string("tokenizer.ggml.pre"), "qwen2");
}

TEST_F(ByteLevelFiles, DamagedOnesAreErrorsThatSayWhere) {
    writeVocabulary();
    EXPECT_NE(refusal().find("no tokenizer"), std::string::npos);  // merges.txt is not there yet
    for (const char* merges : {"h e\nhe\n", "h e x\n", " e\n", "h \n", "h \xFF\n"}) {
        write("merges.txt", merges);
        EXPECT_NE(refusal().find("merges.txt is not two tokens"), std::string::npos) << merges;
    }
    write("merges.txt", "h x\n");
    EXPECT_NE(refusal().find("hx"), std::string::npos);
    write("merges.txt", "h e\n");
    write("tokenizer_config.json", R"({"tokenizer_class":"CLIPTokenizer"})");
    EXPECT_NE(refusal().find("CLIPTokenizer"), std::string::npos);
    write("tokenizer_config.json", "{}");
    for (const char* vocabulary : {"[1]", "{}", "{\"a\":0}", "not JSON"}) {
        write("vocab.json", vocabulary);
        EXPECT_NE(refusal().find("vocab.json"), std::string::npos) << vocabulary;
    }
}

}  // namespace
}  // namespace halftone::test
