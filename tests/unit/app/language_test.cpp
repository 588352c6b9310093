// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>

#include <QApplication>
#include <QDir>
#include <QRegularExpression>

#include "app/language/core_text.h"
#include "app/language/language.h"
#include "core/recipe/hardware_target.h"
#include "core/recipe/recipe.h"
#include "core/recipe/stock_mix.h"
#include "tests/support/test_paths.h"

namespace halftone::app {
namespace {

bool isChinese(const QString& text) {
    static const QRegularExpression kHan(QStringLiteral("[\\x{4E00}-\\x{9FFF}]"));
    return kHan.match(text).hasMatch();
}

class LanguageTest : public ::testing::Test {
  protected:
    void SetUp() override { applyLanguage(*qApp, QStringLiteral("zh_CN")); }
    void TearDown() override { applyLanguage(*qApp, QStringLiteral("en")); }

    /// A recipe for two blocks of a small model that makes the resolver say what it has to say.
    static std::vector<TensorInfo> tensors() {
        std::vector<TensorInfo> list;
        for (int block = 0; block < 2; ++block) {
            TensorInfo info;
            info.name = info.canonicalName = "blk." + std::to_string(block) + ".attn_v.weight";
            info.role = TensorRole::kAttnV;
            info.block = block;
            info.dtype = DType::kBF16;
            info.shape = {8, 96};
            info.sizeBytes = 8 * 96 * 2;
            list.push_back(info);
        }
        return list;
    }
};

TEST_F(LanguageTest, UnknownNamesCountAsTheSystemsLanguage) {
    EXPECT_EQ(languageFromName("zh_CN"), "zh_CN");
    EXPECT_EQ(languageFromName("en"), "en");
    EXPECT_EQ(languageFromName(""), "system");
    EXPECT_EQ(languageFromName("xx"), "system");
    EXPECT_EQ(textsOf("zh_CN"), "zh_CN");
    EXPECT_EQ(currentTexts(), "zh_CN");
    // Whatever the system speaks, there are texts.
    EXPECT_TRUE(textsOf("system") == "en" || textsOf("system") == "zh_CN");
}

TEST_F(LanguageTest, MnemonicsAreTakenOffWhereverTheyStand) {
    EXPECT_EQ(withoutMnemonic("&Open file…"), "Open file…");
    EXPECT_EQ(withoutMnemonic("L&ock"), "Lock");
    EXPECT_EQ(withoutMnemonic("打开文件(&O)…"), "打开文件…");
}

TEST_F(LanguageTest, AnotherLanguageTakesThePlaceOfTheOneBefore) {
    const auto count = [](int n) {
        return QCoreApplication::translate("halftone::app::TensorPanel", "%n tensors", nullptr, n);
    };
    EXPECT_EQ(count(1), "1 个张量");
    applyLanguage(*qApp, QStringLiteral("en"));
    EXPECT_EQ(count(1), "1 tensor");
    EXPECT_EQ(count(2), "2 tensors");
}

TEST_F(LanguageTest, EveryDescriptionOfCoreHasATranslation) {
    for (const auto& method : offeredMethods()) {
        EXPECT_TRUE(isChinese(coreText(method.sentence))) << method.sentence;
        for (const auto& parameter : method.parameters)
            EXPECT_TRUE(isChinese(coreText(parameter.sentence))) << parameter.sentence;
    }
    for (const auto& mix : stockMixes()) EXPECT_TRUE(isChinese(coreText(mix.sentence))) << mix.sentence;
    const QDir presets(QString::fromStdString((test::sourceDir() / "resources/presets").string()));
    for (const auto& file : presets.entryInfoList({"*.recipe"})) {
        const auto recipe = Recipe::load(file.filePath().toStdString());
        ASSERT_TRUE(recipe) << file.fileName().toStdString();
        EXPECT_TRUE(isChinese(coreText(recipe->name))) << recipe->name;
    }
}

TEST_F(LanguageTest, ObstaclesOfMethodsHaveTranslations) {
    const Format formats[] = {Format::of(DType::kQ4_K),
                              Format::of(DType::kF16),
                              Format::of(DType::kIQ4_NL),
                              Format::of(IntegerFormat{4, true, Granularity::kTensor, 0}),
                              Format::of(IntegerFormat{4, true, Granularity::kGroup, 64}),
                              *Format::parse("kmeans4_tensor"),
                              *Format::parse("kmeans4_channel"),
                              *Format::parse("ternary_g64"),
                              *Format::parse("fp8_e4m3_b128x128")};
    int count = 0;
    for (const auto& format : formats) {
        for (const auto& method : offeredMethods()) {
            const std::string obstacle = methodObstacle(method.id, format);
            if (obstacle.empty()) continue;
            ++count;
            EXPECT_TRUE(isChinese(coreText(obstacle))) << obstacle;
        }
    }
    EXPECT_GT(count, 12);
}

TEST_F(LanguageTest, MachinesAndWhatTheyDoNotTakeHaveTranslations) {
    const auto list = tensors();
    for (const auto& target : hardwareTargets()) {
        for (const auto text : {target.name, target.runtime, target.sentence})
            EXPECT_NE(coreText(text), QString::fromUtf8(text.data(), qsizetype(text.size()))) << text;
        for (const auto& format : offeredFormats()) {
            const std::string obstacle = targetObstacle(target, format);
            EXPECT_TRUE(obstacle.empty() || isChinese(coreText(obstacle))) << obstacle;
            for (const auto& problem : targetProblems(target, resolve(Recipe::pure(format), list)))
                EXPECT_TRUE(isChinese(coreText(problem.message))) << problem.message;
        }
    }
    EXPECT_TRUE(
        isChinese(coreText(targetObstacle(*findHardwareTarget("gpu-server"), *Format::parse("int4_g64_sym+2of4")))));
}

TEST_F(LanguageTest, ProblemsOfARecipeAndItsChangesHaveTranslations) {
    Recipe recipe = Recipe::pure(Format::of(DType::kQ4_K));  // 96 is no multiple of 256: it falls back
    recipe.defaultMethod = MethodChoice{MethodId::kHqq, {}};
    recipe.overrides.emplace("blk.9.attn_v.weight", Format::of(DType::kQ8_0));
    RecipeRule nothing, losing;
    nothing.match.roles = {TensorRole::kFfnUp};
    nothing.format = Format::of(DType::kQ6_K);
    losing.match.roles = {TensorRole::kAttnV};
    losing.format = Format::of(DType::kQ8_0);
    recipe.rules = {nothing, losing, losing};
    recipe.rules.back().format = Format::of(DType::kQ4_K);
    const auto list = tensors();
    const auto resolved = resolve(recipe, list);
    ASSERT_GT(resolved.problems.size(), 4u);
    for (const auto& problem : resolved.problems) EXPECT_TRUE(isChinese(coreText(problem.message))) << problem.message;
    const auto before = resolve(Recipe::pure(Format::of(DType::kQ8_0)), list);
    EXPECT_EQ(changeText(describeChanges(diff(before, resolved), list)),
              "第 0-1 层 attn_v：Q8_0 → " + QString::fromStdString(resolved.tensors[0].format.displayName()));
}

TEST_F(LanguageTest, FilledInPartsAreTranslatedAndPutWhereTheSentenceWantsThem) {
    EXPECT_EQ(coreText("Cannot open /a/b.gguf: No such file or directory."),
              "无法打开 /a/b.gguf：没有这个文件或文件夹。");
    EXPECT_EQ(coreText("The Hessian of %2 was damped by 0.1 instead of 0.01 to be positive definite."),
              "为使 %2 的 Hessian 正定，阻尼由 0.01 提高到 0.1。");
    EXPECT_EQ(methodName(MethodChoice{MethodId::kPercentile, {{"percent", 99}}}), "百分位截断 (percent 99)");
    EXPECT_EQ(coreText("GPTQ needs a format with evenly spaced levels per group, which IQ4_NL does not have. "
                       "blk.0.attn_v.weight is rounded to the nearest value instead."),
              "GPTQ 要求每组电平等距分布，IQ4_NL 不满足。（blk.0.attn_v.weight 改为就近舍入。）");
}

TEST_F(LanguageTest, WhatHasNoTranslationStaysEnglishBehindItsKind) {
    EXPECT_EQ(coreText("Something core never says."), "Something core never says.");
    EXPECT_EQ(errorText({ErrorCode::kInvalidData, "The header is odd.", {}}), "文件已损坏：The header is odd.");
    EXPECT_EQ(errorText({ErrorCode::kIo, "Cannot open a: Permission denied.", {}}), "无法打开 a：没有权限。");
    applyLanguage(*qApp, QStringLiteral("en"));
    EXPECT_EQ(errorText({ErrorCode::kInvalidData, "The header is odd.", {}}), "The header is odd.");
    EXPECT_EQ(coreText("Cannot open a: Permission denied."), "Cannot open a: Permission denied.");
}

}  // namespace
}  // namespace halftone::app
