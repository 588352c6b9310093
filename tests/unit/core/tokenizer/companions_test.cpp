// SPDX-License-Identifier: GPL-3.0-or-later
// tokenizer_config.json, special_tokens_map.json, generation_config.json and chat templates.
#include "tests/unit/core/tokenizer/tokenizer_test_support.h"

namespace halftone::test {
namespace {

constexpr const char* kTokenizer = R"({
  "added_tokens":[{"id":0,"content":"<unk>","special":true},{"id":1,"content":"<s>","special":true},
                  {"id":2,"content":"</s>","special":true},{"id":5,"content":"<tool>","special":false}],
  "normalizer":null,"pre_tokenizer":null,"decoder":{"type":"Fuse"},
  "model":{"type":"BPE","vocab":{"<unk>":0,"<s>":1,"</s>":2,"a":3,"b":4},"merges":[],"unk_token":"<unk>"}})";

class Companions : public testing::Test {
  protected:
    void write(const std::string& name, const std::string& text) const {
        std::ofstream(m_folder.path() / name, std::ios::binary) << text;
    }
    [[nodiscard]] TokenizerPointer open() const {
        write("tokenizer.json", kTokenizer);
        const auto tokenizer = openTokenizer(m_folder.path());
        HT_EXPECT_OK(tokenizer);
        return tokenizer.value_or(nullptr);
    }
    TemporaryFolder m_folder;
};

TEST_F(Companions, RolesMayBeTextsOrObjects) {
    write(
        "tokenizer_config.json",
        R"({"add_bos_token":true,"add_eos_token":true,"bos_token":"<s>","model_max_length":1000000000000000019884624838656,
        "eos_token":{"__type":"AddedToken","content":"</s>","lstrip":false}})");
    const auto tokenizer = open();
    ASSERT_NE(tokenizer, nullptr);
    EXPECT_EQ(tokenizer->bos(), TokenId{1});
    EXPECT_EQ(tokenizer->eos(), TokenId{2});
    EXPECT_TRUE(tokenizer->addsBos());
    EXPECT_EQ(idsWith(*tokenizer, "ab", {.addSpecial = true}), (std::vector<TokenId>{1, 3, 4, 2}));
}

TEST_F(Companions, TheSpecialTokensMapFillsGaps) {
    write("special_tokens_map.json", R"({"bos_token":{"content":"<s>"},"eos_token":"</s>"})");
    const auto tokenizer = open();
    ASSERT_NE(tokenizer, nullptr);
    EXPECT_EQ(tokenizer->bos(), TokenId{1});
    EXPECT_FALSE(tokenizer->addsBos());
}

TEST_F(Companions, GenerationConfigMayListSeveralEnds) {
    write("generation_config.json", R"({"bos_token_id":1,"eos_token_id":[2,4,999]})");
    const auto tokenizer = open();
    ASSERT_NE(tokenizer, nullptr);
    EXPECT_EQ(tokenizer->eos(), TokenId{2});
    const auto ends = tokenizer->endOfGeneration();
    EXPECT_EQ(std::vector<TokenId>(ends.begin(), ends.end()), (std::vector<TokenId>{2, 4}));
}

TEST_F(Companions, FurtherAddedTokensComeFromTheConfig) {
    write("tokenizer_config.json",
          R"({"added_tokens_decoder":{"6":{"content":"<|im_end|>","special":true},"bad":{},"7":3}})");
    const auto tokenizer = open();
    ASSERT_NE(tokenizer, nullptr);
    EXPECT_EQ(tokenizer->vocabSize(), 7);
    EXPECT_EQ(idsWith(*tokenizer, "a<|im_end|>", {.parseSpecial = true}), (std::vector<TokenId>{3, 6}));
    EXPECT_EQ(tokenizer->endOfGeneration().back(), 6);
    EXPECT_EQ(plainIds(*tokenizer, "a<tool>b"), (std::vector<TokenId>{3, 5, 4}));
    EXPECT_EQ(tokenizer->tokenType(5), TokenType::kUserDefined);
}

TEST_F(Companions, ChatTemplatesAreCarriedOver) {
    write("tokenizer_config.json",
          R"({"chat_template":[{"name":"default","template":"D"},{"name":"tool_use","template":"T"}]})");
    const auto tokenizer = open();
    ASSERT_NE(tokenizer, nullptr);
    const auto metadata = tokenizer->ggufMetadata(0);
    HT_ASSERT_OK(metadata);
    EXPECT_EQ(*metadata->string("tokenizer.chat_template"), "D");
    EXPECT_EQ(*metadata->string("tokenizer.chat_template.tool_use"), "T");
    EXPECT_EQ(*metadata->strings("tokenizer.chat_templates"), std::vector<std::string>{"tool_use"});
}

TEST_F(Companions, ATemplateFileComesFirst) {
    write("tokenizer_config.json", R"({"chat_template":"old"})");
    write("chat_template.jinja", "new");
    const auto tokenizer = open();
    ASSERT_NE(tokenizer, nullptr);
    const auto metadata = tokenizer->ggufMetadata(0);
    HT_ASSERT_OK(metadata);
    EXPECT_EQ(*metadata->string("tokenizer.chat_template"), "new");
}

TEST_F(Companions, DamagedFilesSayNothing) {
    write("tokenizer_config.json", R"({"bos_token":5,"add_bos_token":"yes")");
    write("generation_config.json", "[1,2]");
    const auto tokenizer = open();
    ASSERT_NE(tokenizer, nullptr);
    EXPECT_FALSE(tokenizer->bos());
    EXPECT_FALSE(tokenizer->addsBos());
}

TEST_F(Companions, AFolderWithoutTokenizerIsAnErrorThatNamesIt) {
    write("vocab.txt", "a\nb\n");
    const auto tokenizer = openTokenizer(m_folder.path());
    ASSERT_FALSE(tokenizer);
    EXPECT_NE(tokenizer.error().message.find(m_folder.path().filename().string()), std::string::npos);
}

}  // namespace
}  // namespace halftone::test
