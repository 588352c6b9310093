// SPDX-License-Identifier: GPL-3.0-or-later
// Colours behind words, lists of likely tokens and running text made of tokens.
#include <gtest/gtest.h>

#include <QAbstractItemModelTester>
#include <QScrollBar>
#include <QSignalSpy>
#include <QTest>

#include <cmath>

#include "app/models/layer_damage_model.h"
#include "app/models/top_token_model.h"
#include "app/panels/compare/prompt_list.h"
#include "app/plots/heat_strip.h"
#include "app/plots/token_scale.h"
#include "app/widgets/theme.h"
#include "app/widgets/token_text.h"
#include "app/widgets/token_view.h"
#include "core/checkpoint/checkpoint.h"
#include "tests/support/test_paths.h"
#include "tests/unit/app/wait_until.h"

namespace halftone::app {
namespace {

constexpr auto kFatal = QAbstractItemModelTester::FailureReportingMode::Fatal;

std::shared_ptr<const Tokenizer> sampleTokenizer() {
    const auto checkpoint = Checkpoint::open(test::sourceDir() / "resources/sample");
    EXPECT_TRUE(checkpoint.has_value());
    const auto tokenizer = Tokenizer::load(**checkpoint);
    EXPECT_TRUE(tokenizer.has_value());
    return tokenizer.value_or(nullptr);
}

double contrast(const QColor& a, const QColor& b) {
    const auto linear = [](double part) {
        return part <= 0.04045 ? part / 12.92 : std::pow((part + 0.055) / 1.055, 2.4);
    };
    const auto luminance = [&](const QColor& color) {
        return 0.2126 * linear(color.redF()) + 0.7152 * linear(color.greenF()) + 0.0722 * linear(color.blueF());
    };
    const double x = luminance(a), y = luminance(b);
    return (std::max(x, y) + 0.05) / (std::min(x, y) + 0.05);
}

TEST(TokenScale, FitsTheSquareRootOfDivergences) {
    const std::vector<double> values{0.0, 0.02, std::nan(""), 2.0};
    const auto scale = TokenScale::fit(TokenMeasure::Divergence, values);
    EXPECT_EQ(scale.high, 2.0);
    EXPECT_EQ(scale.share(2.0), 1.0);
    EXPECT_NEAR(scale.share(0.02), 0.1, 1e-9);
    EXPECT_EQ(scale.share(-1e-9), 0.0) << "an estimate may fall below zero";
    EXPECT_EQ(scale.share(0), 0.0);
    EXPECT_EQ(scale.share(50), 1.0);
}

TEST(TokenScale, CentresChangesOnZero) {
    const std::vector<double> values{-0.4, 0.1};
    const auto scale = TokenScale::fit(TokenMeasure::ProbabilityChange, values);
    EXPECT_EQ(scale.share(-0.4), -1.0);
    EXPECT_EQ(scale.share(0.4), 1.0);
    EXPECT_NEAR(scale.share(0.1), 0.25, 1e-12);
}

TEST(TokenScale, EveryColourCanBeReadInBothThemes) {
    for (const auto choice : {ThemeChoice::Light, ThemeChoice::Dark}) {
        applyTheme(*qApp, choice);
        const auto colors = themeColors(qApp->palette());
        for (const auto measure : {TokenMeasure::Divergence, TokenMeasure::ProbabilityChange}) {
            const TokenScale scale{.measure = measure, .high = 1};
            for (double share = measure == TokenMeasure::Divergence ? 0 : -1; share <= 1; share += 0.05) {
                const QColor ground = scale.colorOfShare(share, colors);
                EXPECT_GE(contrast(ground, readableOn(ground)), 4.5) << share;
            }
            EXPECT_FALSE(scale.color(std::nan(""), colors).isValid());
            EXPECT_FALSE(scale.color(0, colors).isValid()) << "nothing to say has no colour";
        }
    }
    applyTheme(*qApp, ThemeChoice::Light);
}

TEST(TopTokenModel, ListsBothSidesAndMarksTheTokenThatStandsThere) {
    TopTokenModel model;
    const QAbstractItemModelTester tester(&model, kFatal);
    const auto tokenizer = sampleTokenizer();
    std::vector<float> logits(2048, 0.0f);
    logits[300] = 9;
    logits[400] = 8;
    const auto original = predictionOf(logits, 400);
    logits[400] = 12;
    const auto recipe = predictionOf(logits, 400);
    model.setPredictions(tokenizer, 400, original, recipe);
    ASSERT_EQ(model.rowCount(), 10);
    const auto at = [&](int row, int column, int role) { return model.index(row, column).data(role); };
    EXPECT_EQ(at(0, TopTokenModel::OriginalToken, Qt::DisplayRole).toString(), spelledToken(*tokenizer, 300));
    EXPECT_EQ(at(0, TopTokenModel::RecipeToken, Qt::DisplayRole).toString(), spelledToken(*tokenizer, 400));
    EXPECT_FALSE(at(0, TopTokenModel::OriginalToken, TopTokenModel::ActualRole).toBool());
    EXPECT_TRUE(at(1, TopTokenModel::OriginalToken, TopTokenModel::ActualRole).toBool());
    EXPECT_TRUE(at(0, TopTokenModel::RecipeToken, TopTokenModel::ActualRole).toBool());
    EXPECT_NEAR(at(0, TopTokenModel::RecipeProbability, TopTokenModel::ShareRole).toDouble(),
                std::exp(double(recipe.logProb)), 1e-6);
    EXPECT_EQ(model.csv().count('\n'), 11);
    model.setPredictions(tokenizer, 400, original, {});
    EXPECT_EQ(at(3, TopTokenModel::RecipeToken, Qt::DisplayRole).toString(), QStringLiteral("—"));
    model.clear();
    EXPECT_EQ(model.rowCount(), 0);
}

TEST(LayerDamageModel, PutsTheWorstFirst) {
    LayerDamageModel model;
    const QAbstractItemModelTester tester(&model, kFatal);
    model.setLayers({{"block 0", 0, {1}, 0.1}, {"block 1", 1, {2, 3}, 0.4}});
    ASSERT_EQ(model.rowCount(), 2);
    EXPECT_EQ(model.index(0, LayerDamageModel::Name).data().toString(), "block 1");
    EXPECT_EQ(model.index(1, LayerDamageModel::Divergence).data(LayerDamageModel::ShareRole).toDouble(), 0.25);
    EXPECT_EQ(model.layer(0).tensors, (std::vector<int>{2, 3}));
}

TEST(TokenText, ShowsWhatCannotBeSeen) {
    EXPECT_EQ(visibleText(QStringLiteral(" a\n\tb")), QString::fromUtf8("␣a↵⇥b"));
    const auto tokenizer = sampleTokenizer();
    const auto ids = tokenizer->encode("In the beginning 诗", {});
    ASSERT_TRUE(ids.has_value());
    QString whole;
    for (const auto& text : runningTexts(tokenizer, *ids)) whole += text;
    EXPECT_EQ(whole, QString::fromUtf8("In the beginning 诗"));
    EXPECT_TRUE(spelledToken(*tokenizer, ids->back()).startsWith(QLatin1String("\\x"))) << "a part of a character";
}

TEST(TokenText, WhatHasNoTextIsSpelledOrNumbered) {
    const auto tokenizer = sampleTokenizer();
    EXPECT_EQ(placeholderOf(*tokenizer, TokenId(tokenizer->vocabSize()) + 7),
              QStringLiteral("⟨%1⟩").arg(tokenizer->vocabSize() + 7));
    ASSERT_TRUE(tokenizer->eos() && tokenizer->bos());
    EXPECT_FALSE(placeholderOf(*tokenizer, *tokenizer->eos()).isEmpty());
    EXPECT_TRUE(placeholderOf(*tokenizer, *tokenizer->bos()).isEmpty()) << "it begins every text";
    EXPECT_TRUE(placeholderOf(*tokenizer, tokenizer->encode("earth", {})->front()).isEmpty());
}

class TokenViewTest : public ::testing::Test {
  protected:
    void SetUp() override {
        view.resize(400, 120);
        view.show();
        view.begin("Prompt");
        for (int i = 0; i < 200; ++i) view.appendToken(QStringLiteral(" word%1").arg(i));
        view.verticalScrollBar()->setValue(0);
        QTest::qWait(20);
    }
    TokenView view;
};

TEST_F(TokenViewTest, FindsTheTokenUnderTheMouse) {
    ASSERT_EQ(view.tokenCount(), 200);
    for (const int token : {0, 1, 5}) EXPECT_EQ(view.tokenAt(view.tokenRect(token).center()), token);
    EXPECT_EQ(view.tokenAt({10, 12}), -1) << "the prompt is no token";
    QSignalSpy clicked(&view, &TokenView::tokenClicked);
    QTest::mouseClick(view.viewport(), Qt::LeftButton, {}, view.tokenRect(3).center());
    ASSERT_EQ(clicked.size(), 1);
    EXPECT_EQ(clicked[0][0].toInt(), 3);
}

TEST_F(TokenViewTest, ColoursOnlyWhatIsInSight) {
    view.setColors(QList<QColor>(200, QColor(Qt::yellow)));
    QTest::qWait(20);
    const auto shown = view.extraSelections().size();
    EXPECT_GT(shown, 10);
    EXPECT_LT(shown, 190) << "tokens far below are left alone";
    EXPECT_EQ(view.extraSelections().first().format.background().color(), QColor(Qt::yellow));
    view.reveal(199);
    QTest::qWait(20);
    EXPECT_EQ(view.extraSelections().last().cursor.selectedText(), " word199");
}

TEST_F(TokenViewTest, ArrowsStepFromTokenToToken) {
    QSignalSpy clicked(&view, &TokenView::tokenClicked);
    view.setCurrent(4);
    QTest::keyClick(&view, Qt::Key_Right);
    QTest::keyClick(&view, Qt::Key_Left);
    ASSERT_EQ(clicked.size(), 2);
    EXPECT_EQ(clicked[0][0].toInt(), 5);
    EXPECT_EQ(clicked[1][0].toInt(), 3);
}

TEST(HeatStrip, ShowsTheStrongestOfEveryColumn) {
    HeatStrip strip;
    strip.resize(116, 36);
    std::vector<float> values(1000, 0.001f);
    values[503] = 1;
    strip.setValues(values, TokenScale{.measure = TokenMeasure::Divergence, .high = 1});
    EXPECT_EQ(strip.tokenAt(8 + 50), 503);
    EXPECT_EQ(strip.tokenAt(2), -1) << "the margin";
    QSignalSpy clicked(&strip, &HeatStrip::tokenClicked);
    QTest::mouseClick(&strip, Qt::LeftButton, {}, {8 + 50, 18});
    ASSERT_EQ(clicked.size(), 1);
    EXPECT_EQ(clicked[0][0].toInt(), 503);
}

TEST(PromptList, AddsRemovesAndKeepsWhatIsTyped) {
    PromptList list;
    list.setPrompts({"one", "two\nlines"});
    EXPECT_EQ(list.current(), "one");
    list.setCurrent("changed");
    EXPECT_EQ(list.prompts(), (QStringList{"changed", "two\nlines"}));
    list.add("three");
    EXPECT_EQ(list.current(), "three");
    list.removeCurrent();
    list.removeCurrent();
    list.removeCurrent();
    EXPECT_EQ(list.prompts().size(), 1) << "one always stays";
    list.setPrompts({});
    EXPECT_EQ(list.prompts(), QStringList{QString()});
}

}  // namespace
}  // namespace halftone::app
