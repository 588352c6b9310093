// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/panels/compare/default_prompts.h"

#include <gtest/gtest.h>

#include <QApplication>

#include "app/language/language.h"
#include "core/checkpoint/checkpoint.h"
#include "core/tokenizer/tokenizer.h"
#include "core/tokenizer/vocabulary_scripts.h"
#include "tests/support/test_paths.h"

namespace halftone::app {
namespace {

class DefaultPromptsTest : public ::testing::Test {
  protected:
    void TearDown() override { speak("en"); }
    static void speak(const char* language) { applyLanguage(*qApp, QLatin1String(language)); }
    static bool areChinese(const QStringList& prompts) { return prompts.first().startsWith(QString::fromUtf8("从前")); }
    static std::shared_ptr<const Tokenizer> load(const std::filesystem::path& path) {
        const auto checkpoint = Checkpoint::open(path);
        const auto tokenizer = checkpoint ? Tokenizer::load(**checkpoint) : tl::unexpected(checkpoint.error());
        EXPECT_TRUE(tokenizer.has_value()) << path;
        return tokenizer.value_or(nullptr);
    }
};

TEST_F(DefaultPromptsTest, AVocabularyOfOneLanguageDecides) {
    HT_SHARED_OR_SKIP(tokenizers, "tokenizers");
    HT_SHARED_OR_SKIP(models, "models");
    for (const char* language : {"en", "zh_CN"}) {
        speak(language);
        for (const char* name : {"gpt2", "llama2", "bert-base-uncased"}) {
            const auto tokenizer = load(tokenizers / name);
            ASSERT_TRUE(tokenizer);
            EXPECT_FALSE(areChinese(defaultPrompts(nullptr, tokenizer.get()))) << name << ' ' << language;
        }
        const auto chinese = load(models / "zh-poem-750K");
        ASSERT_TRUE(chinese);
        EXPECT_GT(vocabularyScripts(*chinese).ideographicShare(), 0.9);
        EXPECT_TRUE(areChinese(defaultPrompts(nullptr, chinese.get()))) << language;
    }
}

TEST_F(DefaultPromptsTest, TheWindowDecidesWhereAVocabularyKnowsBoth) {
    HT_SHARED_OR_SKIP(path, "tokenizers/qwen2");
    const auto tokenizer = load(path);
    ASSERT_TRUE(tokenizer);
    EXPECT_FALSE(areChinese(defaultPrompts(nullptr, tokenizer.get())));
    EXPECT_FALSE(areChinese(defaultPrompts(nullptr, nullptr)));
    speak("zh_CN");
    EXPECT_TRUE(areChinese(defaultPrompts(nullptr, tokenizer.get())));
    EXPECT_TRUE(areChinese(defaultPrompts(nullptr, nullptr)));
}

TEST_F(DefaultPromptsTest, PromptsThatCannotBeSpelledAreLeftOut) {
    HT_SHARED_OR_SKIP(models, "models");
    const auto chinese = load(models / "zh-poem-750K");
    ASSERT_TRUE(chinese);
    for (const auto& prompt : defaultPrompts(nullptr, chinese.get()))
        EXPECT_FALSE(prompt.contains(QStringLiteral("Python"))) << prompt.toStdString();
    EXPECT_GE(defaultPrompts(nullptr, load(models / "babyllama-105").get()).size(), 1);
}

}  // namespace
}  // namespace halftone::app
