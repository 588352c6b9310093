// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/chat_template.h"

#include <nlohmann/json.hpp>

#include "tests/unit/core/tokenizer/tokenizer_test_support.h"

namespace halftone::test {
namespace {

constexpr const char* kTokenizer = R"({
  "added_tokens":[{"id":0,"content":"<unk>","special":true},{"id":1,"content":"<s>","special":true},
                  {"id":2,"content":"</s>","special":true},{"id":5,"content":"<|im_start|>","special":true}],
  "normalizer":null,"pre_tokenizer":null,"decoder":{"type":"Fuse"},
  "model":{"type":"BPE","vocab":{"<unk>":0,"<s>":1,"</s>":2,"a":3,"b":4},"merges":[],"unk_token":"<unk>"}})";

/// A tokenizer with the roles <s> and </s>; `addsBos` as tokenizer_config.json says it.
class ChatTemplateTest : public testing::Test {
  protected:
    void write(const std::string& name, const std::string& text) const {
        std::ofstream(m_folder.path() / name, std::ios::binary) << text;
    }
    [[nodiscard]] std::shared_ptr<const Checkpoint> open(bool addsBos, const nlohmann::json& chatTemplate) const {
        nlohmann::json config{{"add_bos_token", addsBos}, {"bos_token", "<s>"}, {"eos_token", "</s>"}};
        if (!chatTemplate.is_null()) config["chat_template"] = chatTemplate;
        write("tokenizer.json", kTokenizer);
        write("tokenizer_config.json", config.dump());
        const auto checkpoint = Checkpoint::open(m_folder.path());
        HT_EXPECT_OK(checkpoint);
        return checkpoint.value_or(nullptr);
    }
    /// What the template makes of "hello".
    [[nodiscard]] std::string rendered(const std::string& source, bool addsBos = true,
                                       const std::string& message = "hello") const {
        const auto checkpoint = open(addsBos, source);
        const auto tokenizer = Tokenizer::load(*checkpoint);
        HT_EXPECT_OK(tokenizer);
        const auto found = ChatTemplate::read(*checkpoint);
        EXPECT_TRUE(found.has_value());
        const auto text = found->render(message, **tokenizer);
        return text ? *text : "error: " + text.error().message;
    }
    TemporaryFolder m_folder;
};

TEST_F(ChatTemplateTest, ACheckpointWithoutOneHasNone) {
    EXPECT_FALSE(ChatTemplate::read(*open(true, nullptr)).has_value());
}

TEST_F(ChatTemplateTest, TheDefaultOfSeveralIsTaken) {
    const auto checkpoint = open(true, {{{"name", "tool_use"}, {"template", "<start_of_turn>"}},
                                        {{"name", "default"}, {"template", "<|im_start|>"}}});
    const auto found = ChatTemplate::read(*checkpoint);
    ASSERT_TRUE(found.has_value());
    EXPECT_EQ(found->source(), "<|im_start|>");
    EXPECT_EQ(found->family(), ChatFamily::kChatMl);
}

TEST_F(ChatTemplateTest, ChatMlBringsItsOwnInstructions) {
    const std::string loop =
        "{% for m in messages %}{{'<|im_start|>' + m['role'] + '\\n' + m['content'] + '<|im_end|>' + '\\n'}}{% endfor "
        "%}";
    EXPECT_EQ(rendered(loop), "<|im_start|>user\nhello<|im_end|>\n<|im_start|>assistant\n");
    EXPECT_EQ(
        rendered("{{ '<|im_start|>system\\nYou are kind.<|im_end|>\\n' }}" + loop),
        "<|im_start|>system\nYou are kind.<|im_end|>\n<|im_start|>user\nhello<|im_end|>\n<|im_start|>assistant\n");
    EXPECT_EQ(rendered("{{ '<|im_start|>system\\n' + system + '<|im_end|>\\n' }}" + loop),
              "<|im_start|>user\nhello<|im_end|>\n<|im_start|>assistant\n")
        << "instructions that are computed are not known";
}

TEST_F(ChatTemplateTest, KnownFamiliesWriteTheirTurns) {
    EXPECT_EQ(rendered("{{ '<|start_header_id|>' + m['role'] + '<|end_header_id|>\\n\\n' + m['content'] | trim }}",
                       true, "  hello\n"),
              "<|start_header_id|>user<|end_header_id|>\n\nhello<|eot_id|>"
              "<|start_header_id|>assistant<|end_header_id|>\n\n");
    EXPECT_EQ(rendered("{{ '<start_of_turn>' + role + '\\n' }}"),
              "<start_of_turn>user\nhello<end_of_turn>\n<start_of_turn>model\n");
    EXPECT_EQ(rendered("{{ '<|user|>\\n' + m['content'] + '<|end|>\\n' }}"), "<|user|>\nhello<|end|>\n<|assistant|>\n");
    EXPECT_EQ(rendered("{{ '<|user|>\\n' + m['content'] + eos_token }}{{ '<|assistant|>' }}"),
              "<|user|>\nhello</s>\n<|assistant|>\n");
    EXPECT_EQ(rendered("{{ '<<SYS>>\\n' }}{{ bos_token + '[INST] ' + content + ' [/INST]' }}"), "[INST] hello [/INST]");
    EXPECT_EQ(rendered("{{ '[INST] ' + m['content'] + '[/INST]' }}"), "[INST] hello[/INST]");
    EXPECT_EQ(rendered("{{ '[INST]' + m['content'] + '[/INST]' }}"), "[INST]hello[/INST]");
}

TEST_F(ChatTemplateTest, BosIsWrittenOnlyWhereTheTokenizerDoesNot) {
    const std::string source = "{{ bos_token }}{{ '[INST] ' + m['content'] + ' [/INST]' }}";
    EXPECT_EQ(rendered(source, true), "[INST] hello [/INST]");
    EXPECT_EQ(rendered(source, false), "<s>[INST] hello [/INST]");
}

TEST_F(ChatTemplateTest, AnUnknownTemplateIsToldAndNotGuessed) {
    // The same opening as Zephyr's, but the user's turn ends otherwise.
    const std::string source = "{{ '<|user|>\\n' + m['content'] + '\\n' }}{{ '<|assistant|>\\n' + c + eos_token }}";
    const auto found = ChatTemplate::read(*open(true, source));
    ASSERT_TRUE(found.has_value());
    EXPECT_FALSE(found->family().has_value());
    EXPECT_NE(rendered(source).find("error: The checkpoint's chat template is of no kind"), std::string::npos);
}

}  // namespace
}  // namespace halftone::test
