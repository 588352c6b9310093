// SPDX-License-Identifier: GPL-3.0-or-later
// The whole job of the Compare workspace: prompts, both ways of reading, the blind vote and the damage to a text.
#include <gtest/gtest.h>

#include <QAbstractItemModelTester>
#include <QAbstractItemView>
#include <QCheckBox>
#include <QComboBox>
#include <QDockWidget>
#include <QJsonDocument>
#include <QJsonObject>
#include <QLabel>
#include <QPushButton>
#include <QRegularExpression>
#include <QScrollBar>
#include <QSpinBox>
#include <QToolButton>

#include <cmath>
#include <filesystem>
#include <fstream>

#include "app/models/layer_damage_model.h"
#include "app/models/run_table_model.h"
#include "app/models/top_token_model.h"
#include "app/models/worst_token_model.h"
#include "app/panels/compare/compare_panel.h"
#include "app/panels/compare/text_column.h"
#include "app/panels/damage/damage_panel.h"
#include "app/panels/evaluation/evaluation_panel.h"
#include "app/plots/heat_strip.h"
#include "app/plots/token_legend.h"
#include "app/session/resources.h"
#include "app/widgets/token_details.h"
#include "app/widgets/token_view.h"
#include "tests/gui/window_fixture.h"

namespace halftone::app {
namespace {

using test::waitUntil;
constexpr auto kFatal = QAbstractItemModelTester::FailureReportingMode::Fatal;

class CompareTest : public WindowTest {
  protected:
    void openWithRecipe(const char* format) {
        openSample();
        window.setWorkspace(Workspace::Compare);
        session.recipe().setDefaultFormat(Format::parse(format).value());
        ASSERT_TRUE(awaitIdle());
    }
    void generate(int tokens) {
        CompareOptions options = window.comparePanel().options();
        options.generate.maxTokens = tokens;
        options.generate.stopAtEnd = false;
        session.compare().start(options);
        ASSERT_TRUE(awaitIdle(300'000));
        QTest::qWait(30);
    }
    const CompareColumn& original() { return session.compare().column(CompareService::Original); }
    const CompareColumn& quantized() { return session.compare().column(CompareService::Quantized); }
    TokenView& view(const char* column) { return find<TextColumn>(column)->view(); }
    TokenDetails& compareDetails() { return *window.comparePanel().findChild<TokenDetails*>("tokenDetails"); }
    QString labelText(QWidget& parent, const char* name) {
        const auto* label = parent.findChild<QLabel*>(QString::fromLatin1(name));
        return label ? label->text() : QString();
    }
};

TEST_F(CompareTest, TheSampleComesWithPromptsAndWithoutAChatTemplate) {
    openWithRecipe("int3_g64_asym");
    EXPECT_EQ(session.preferences().prompts.size(), 3u);
    EXPECT_TRUE(window.comparePanel().options().prompt.startsWith("And it came to pass"));
    EXPECT_FALSE(find<QCheckBox>("chatTemplate")->isVisible());
}

TEST_F(CompareTest, FreeRunningTextsAreComparedWordByWord) {
    openWithRecipe("int2_g64_asym");
    generate(40);
    ASSERT_EQ(original().tokens.size(), 40);
    ASSERT_EQ(original().comparisons.size(), 40u);
    ASSERT_EQ(quantized().comparisons.size(), size_t(quantized().tokens.size()));
    ASSERT_GE(session.compare().divergence(), 0);
    ASSERT_TRUE(session.compare().overlap());
    EXPECT_LT(session.compare().overlap()->rougeL(), 1);
    EXPECT_GE(session.compare().overlap()->rougeL(), double(session.compare().divergence()) / 40);
    EXPECT_TRUE(find<QLabel>("compareStatus")->text().contains("BLEU"));
    for (int i = 0; i < 40; ++i) {
        EXPECT_EQ(original().comparisons[size_t(i)].token, original().tokens[i].id);
        EXPECT_GT(original().comparisons[size_t(i)].kld, 0);
        // Text is made with integer products, figures without.
        EXPECT_NEAR(original().tokens[i].prediction.logProb, original().comparisons[size_t(i)].reference.logProb, 0.35);
    }
    // Up to where the texts part both columns are the same words after the same words.
    for (int i = 0; i < session.compare().divergence(); ++i)
        EXPECT_NEAR(original().comparisons[size_t(i)].kld, quantized().comparisons[size_t(i)].kld, 1e-6);
    EXPECT_TRUE(find<TextColumn>("rightColumn")->isVisible());
    int coloured = 0;
    for (int i = 0; i < 40; ++i) coloured += view("leftColumn").colorOf(i).isValid();
    EXPECT_GT(coloured, 20);
    EXPECT_EQ(errorCount(), 0);
}

TEST_F(CompareTest, HoverShowsBothListsAndAClickKeepsThem) {
    openWithRecipe("int2_g64_asym");
    generate(24);
    auto& left = view("leftColumn");
    left.verticalScrollBar()->setValue(0);
    QTest::mouseMove(left.viewport(), left.tokenRect(2).center());
    ASSERT_TRUE(waitUntil([&] { return compareDetails().model().rowCount() == 10; }, 2'000));
    EXPECT_FALSE(labelText(compareDetails(), "tokenTitle").contains("pinned"));
    QTest::mouseClick(left.viewport(), Qt::LeftButton, {}, left.tokenRect(2).center());
    EXPECT_TRUE(labelText(compareDetails(), "tokenTitle").contains("pinned"));
    EXPECT_EQ(left.current(), 2);
    const auto& comparison = original().comparisons[2];
    const auto& model = compareDetails().model();
    EXPECT_NEAR(model.index(0, TopTokenModel::RecipeProbability).data(TopTokenModel::ShareRole).toDouble(),
                std::exp(double(comparison.own.likeliest.front().logProb)), 1e-6);
    QTest::mouseClick(left.viewport(), Qt::LeftButton, {}, left.tokenRect(2).center());
    EXPECT_EQ(left.current(), -1) << "a second click lets go";
}

TEST_F(CompareTest, DivergencesAreSteppedThroughAndComeRoundAgain) {
    openWithRecipe("int2_g64_asym");
    generate(40);
    const auto expected = session.compare().divergences(CompareService::Original);
    ASSERT_GE(expected.size(), 2);
    EXPECT_TRUE(expected.contains(session.compare().divergence()));
    auto& left = view("leftColumn");
    for (const int token : expected) {
        QTest::mouseClick(find<QToolButton>("nextDivergence"), Qt::LeftButton);
        EXPECT_EQ(left.current(), token);
    }
    window.comparePanel().goToDivergence(1);
    EXPECT_EQ(left.current(), expected.first());
    QTest::mouseClick(find<QToolButton>("previousDivergence"), Qt::LeftButton);
    EXPECT_EQ(left.current(), expected.last());
}

TEST_F(CompareTest, TheRecipeReadsTheOriginalsWords) {
    openWithRecipe("int3_g64_asym");
    window.comparePanel().setMode(CompareMode::ForcedContinuation);
    generate(30);
    EXPECT_EQ(original().tokens.size(), 30);
    EXPECT_EQ(original().comparisons.size(), 30u);
    EXPECT_TRUE(quantized().tokens.isEmpty());
    EXPECT_FALSE(find<TextColumn>("rightColumn")->isVisible()) << "there is one text";
    EXPECT_TRUE(find<TextColumn>("leftColumn")->title().contains("read by"));
}

TEST_F(CompareTest, BothReadATextThatIsGiven) {
    openWithRecipe("int3_g64_asym");
    auto& panel = window.comparePanel();
    panel.setPrompt("In the beginning God created");
    panel.setMode(CompareMode::ForcedText);
    panel.setGivenText(" the heaven and the earth.");
    generate(1);
    QString text;
    for (const auto& token : original().tokens) text += QString::fromStdString(token.text);
    EXPECT_EQ(text, " the heaven and the earth.");
    EXPECT_EQ(session.compare().prompt(), "In the beginning God created");
    ASSERT_EQ(original().comparisons.size(), size_t(original().tokens.size()));
    // With the colours of the probability's change, a word that lost is orange and one that won blue.
    panel.findChild<QComboBox*>("tokenMeasure")->setCurrentIndex(1);
    const auto colors = themeColors(panel.palette());
    for (size_t i = 0; i < original().comparisons.size(); ++i) {
        const auto& comparison = original().comparisons[i];
        const QColor color = view("leftColumn").colorOf(int(i));
        if (!color.isValid()) continue;
        const bool isRise = comparison.own.logProb > comparison.reference.logProb;
        EXPECT_EQ(color.blue() - colors.surface.blue() > color.red() - colors.surface.red(), isRise) << i;
    }
}

TEST_F(CompareTest, AnEmptyTextIsToldAndNothingBreaks) {
    openWithRecipe("int3_g64_asym");
    window.comparePanel().setMode(CompareMode::ForcedText);
    window.comparePanel().setGivenText({});
    generate(1);
    EXPECT_TRUE(original().problem.contains("no token after")) << original().problem.toStdString();
    EXPECT_TRUE(original().comparisons.empty());
}

TEST_F(CompareTest, ABlindVoteNamesTheSidesAfterwardsAndIsSavedWithTheSession) {
    openWithRecipe("int2_g64_asym");
    auto& panel = window.comparePanel();
    panel.setBlind(true);
    int originals = 0;
    for (int round = 0; round < 3; ++round) {
        generate(12);
        EXPECT_EQ(find<TextColumn>("leftColumn")->title(), "A");
        EXPECT_EQ(find<TextColumn>("rightColumn")->title(), "B");
        EXPECT_FALSE(view("leftColumn").colorOf(3).isValid()) << "colours would tell";
        QTest::mouseMove(view("leftColumn").viewport(), view("leftColumn").tokenRect(2).center());
        EXPECT_EQ(compareDetails().model().rowCount(), 0);
        ASSERT_TRUE(session.compare().canVote());
        originals += session.compare().sideAt(0) == CompareService::Original;
        QTest::mouseClick(find<QPushButton>("voteLeft"), Qt::LeftButton);
        EXPECT_TRUE(find<TextColumn>("leftColumn")->title().startsWith("A = "));
        EXPECT_FALSE(session.compare().canVote()) << "one vote a text";
        EXPECT_FALSE(find<QPushButton>("voteLeft")->isVisible());
    }
    generate(8);
    QTest::mouseClick(find<QPushButton>("voteTie"), Qt::LeftButton);
    const VoteTally expected{.original = originals, .recipe = 3 - originals, .ties = 1};
    EXPECT_EQ(session.compare().tally(), expected);
    const test::TemporaryFolder folder;
    const QString path = QString::fromStdString((folder.path() / "votes.halftone").string());
    session.saveTo(path, {});
    session.close();
    EXPECT_EQ(session.compare().tally(), VoteTally{});
    window.openPath(path);
    ASSERT_TRUE(waitUntil([&] { return session.model() != nullptr; }));
    EXPECT_EQ(session.compare().tally(), expected);
    EXPECT_TRUE(labelText(panel, "voteTally").contains(QString::number(expected.recipe)));
}

/// Texts that were shown with their names are no texts for a blind vote.
TEST_F(CompareTest, ABlindVoteAfterANamedComparisonIsOnOtherTexts) {
    openWithRecipe("int2_g64_asym");
    auto& panel = window.comparePanel();
    const auto idsOf = [](const CompareColumn& column) {
        std::vector<TokenId> ids;
        for (const auto& token : column.tokens) ids.push_back(token.id);
        return ids;
    };
    generate(12);
    const auto named = idsOf(original());
    const int seed = find<QSpinBox>("samplingSeed")->value();
    panel.setBlind(true);
    generate(12);
    ASSERT_TRUE(session.compare().canVote());
    EXPECT_NE(idsOf(original()), named);
    EXPECT_EQ(find<QSpinBox>("samplingSeed")->value(), seed + 1) << "the field tells what was run";
    const auto blind = idsOf(original());
    generate(12);
    EXPECT_EQ(idsOf(original()), blind) << "nobody knows yet whose it is";
    QTest::mouseClick(find<QPushButton>("voteTie"), Qt::LeftButton);
    generate(12);
    ASSERT_TRUE(session.compare().canVote());
    EXPECT_NE(idsOf(original()), blind);
    // Another recipe does not change what the original writes.
    QTest::mouseClick(find<QPushButton>("voteTie"), Qt::LeftButton);
    const auto last = idsOf(original());
    session.recipe().setDefaultFormat(Format::parse("int3_g64_asym").value());
    ASSERT_TRUE(awaitIdle());
    generate(12);
    EXPECT_NE(idsOf(original()), last);
}

TEST_F(CompareTest, WithoutChanceABlindVoteIsRefusedWhereTheTextsWereNamed) {
    openWithRecipe("int2_g64_asym");
    auto& panel = window.comparePanel();
    find<QDoubleSpinBox>("samplingTemperature")->setValue(0);
    generate(8);
    ASSERT_EQ(original().tokens.size(), 8);
    panel.setBlind(true);
    generate(8);
    EXPECT_FALSE(session.compare().canVote());
    EXPECT_FALSE(find<QPushButton>("voteLeft")->isVisible());
    EXPECT_TRUE(labelText(panel, "compareStatus").contains("would not be blind"));
    EXPECT_EQ(find<TextColumn>("leftColumn")->title(), "original") << "the named texts stay";
    panel.setPrompt("Now the rest of the acts of the king");
    generate(8);
    EXPECT_TRUE(session.compare().canVote()) << "another prompt";
    EXPECT_FALSE(labelText(panel, "compareStatus").contains("would not be blind"));
}

TEST_F(CompareTest, EqualTextsHaveNothingToVoteOn) {
    openWithRecipe("f32");
    window.comparePanel().setBlind(true);
    generate(6);
    EXPECT_FALSE(session.compare().canVote());
    EXPECT_TRUE(labelText(window.comparePanel(), "compareStatus").contains("nothing to vote on"));
    EXPECT_EQ(session.compare().tally(), VoteTally{});
}

TEST_F(CompareTest, PromptsFollowTheCheckpoint) {
    HT_SHARED_OR_SKIP(chinese, "models/zh-poem-750K");
    HT_SHARED_OR_SKIP(english, "models/stories260K");
    const auto prompts = [&] {
        QStringList all;
        for (const auto& prompt : session.preferences().prompts) all << QString::fromStdString(prompt);
        return all;
    };
    const auto open = [&](const std::filesystem::path& path) {
        const auto before = session.checkpoint();
        window.openPath(QString::fromStdString(path.string()));
        EXPECT_TRUE(waitUntil([&] { return session.checkpoint() != before && session.model(); }));
        QTest::qWait(20);
    };
    open(chinese);
    ASSERT_EQ(prompts().size(), 2) << "those that its vocabulary spells";
    EXPECT_TRUE(prompts().first().startsWith(QString::fromUtf8("从前")));
    EXPECT_EQ(window.comparePanel().options().prompt, prompts().first());
    open(english);
    EXPECT_TRUE(prompts().first().startsWith("Once upon a time")) << prompts().first().toStdString();
    window.comparePanel().setPrompt("My own");
    open(chinese);
    EXPECT_TRUE(prompts().contains("My own")) << "prompts of one's own stay";
}

TEST_F(CompareTest, ANewStartForgetsTheOldText) {
    openWithRecipe("int3_g64_asym");
    CompareOptions options = window.comparePanel().options();
    options.generate.maxTokens = 400;
    session.compare().start(options);
    ASSERT_TRUE(waitUntil([&] { return original().tokens.size() > 3; }, 60'000));
    window.comparePanel().setMode(CompareMode::ForcedText);
    window.comparePanel().setGivenText("And God said, Let there be light.");
    generate(1);
    QString text;
    for (const auto& token : original().tokens) text += QString::fromStdString(token.text);
    EXPECT_EQ(text, "And God said, Let there be light.");
    EXPECT_TRUE(quantized().tokens.isEmpty());
}

/// The sample with a chat template of its own.
class ChatTest : public CompareTest {
  protected:
    void openWith(const std::string& chatTemplate) {
        const auto sample = test::sourceDir() / "resources/sample";
        for (const char* name : {"config.json", "generation_config.json", "model.safetensors",
                                 "special_tokens_map.json", "tokenizer.json"})
            std::filesystem::create_symlink(sample / name, m_folder.path() / name);
        auto config =
            QJsonDocument::fromJson(QByteArray::fromStdString(test::readFile(sample / "tokenizer_config.json")))
                .object();
        config[QStringLiteral("chat_template")] = QString::fromStdString(chatTemplate);
        std::ofstream(m_folder.path() / "tokenizer_config.json") << QJsonDocument(config).toJson().toStdString();
        window.openPath(QString::fromStdString(m_folder.path().string()));
        ASSERT_TRUE(waitUntil([&] { return session.model() != nullptr; }));
        window.setWorkspace(Workspace::Compare);
        settle();
    }
    test::TemporaryFolder m_folder;
};

TEST_F(ChatTest, AKnownTemplateWritesThePromptAsAMessage) {
    openWith("{% for m in messages %}<start_of_turn>{{ m.role }}\n{{ m.content }}<end_of_turn>\n{% endfor %}");
    auto* box = find<QCheckBox>("chatTemplate");
    ASSERT_TRUE(box->isVisible());
    EXPECT_TRUE(box->isChecked());
    EXPECT_TRUE(box->toolTip().contains("Gemma"));
    window.comparePanel().setPrompt("Who art thou?");
    generate(4);
    EXPECT_EQ(session.compare().prompt(), "<start_of_turn>user\nWho art thou?<end_of_turn>\n<start_of_turn>model\n");
    EXPECT_EQ(original().tokens.size(), 4);
    box->setChecked(false);
    generate(4);
    EXPECT_EQ(session.compare().prompt(), "Who art thou?");
}

TEST_F(ChatTest, AnUnknownTemplateIsToldAndNotUsed) {
    openWith("{% for m in messages %}### {{ m.role }}: {{ m.content }}{% endfor %}");
    auto* box = find<QCheckBox>("chatTemplate");
    ASSERT_TRUE(box->isVisible());
    EXPECT_FALSE(box->isEnabled());
    EXPECT_TRUE(box->text().contains("not recognised"));
    EXPECT_FALSE(window.comparePanel().options().chatTemplate);
}

class DamageTest : public CompareTest {
  protected:
    void evaluate(int chunks) {
        window.evaluationPanel().setChunks(chunks);
        window.evaluationPanel().start(EvaluationTarget::Recipe);
        ASSERT_TRUE(awaitIdle(300'000));
    }
};

TEST_F(DamageTest, TheEvaluationTextIsColouredAndTheWorstWordsAreListed) {
    openWithRecipe("int2_g64_asym");
    WorstTokenModel model(session.damage());
    const QAbstractItemModelTester tester(&model, kFatal);
    EXPECT_EQ(model.rowCount(), 0);
    evaluate(2);
    const auto* run = session.damage().run();
    ASSERT_NE(run, nullptr);
    ASSERT_EQ(session.damage().scoredCount(), run->result.scored);
    ASSERT_EQ(model.rowCount(), WorstTokenModel::kMost);
    double last = 1e9;
    for (int row = 0; row < model.rowCount(); ++row) {
        const int scored = model.index(row, 0).data(WorstTokenModel::ScoredRole).toInt();
        const double kld = double(run->result.tokenKld[size_t(scored)]);
        EXPECT_LE(kld, last);
        last = kld;
    }
    EXPECT_NEAR(double(run->result.tokenKld[size_t(session.damage().worst(1).front())]), run->result.reference->kldMax,
                1e-5);
    // Places and indices are each other's inverse.
    for (int scored = 0; scored < session.damage().scoredCount(); scored += 17)
        EXPECT_EQ(session.damage().scoredAt(session.damage().placeOf(scored)), scored);
    EXPECT_EQ(model.csv().count('\n'), WorstTokenModel::kMost + 1);
}

/// A vocabulary of single letters: other characters are read as one unknown token, which has no text.
TEST_F(DamageTest, UnknownTokensCanBeSeen) {
    HT_SHARED_OR_SKIP(model, "models/babyllama-105");
    window.openPath(QString::fromStdString((model / "babyllama-105-f16.gguf").string()));
    ASSERT_TRUE(waitUntil([&] { return session.model() != nullptr; }));
    window.setWorkspace(Workspace::Compare);
    session.recipe().setDefaultFormat(Format::parse("q4_0").value());
    ASSERT_TRUE(awaitIdle());
    evaluate(1);
    window.docks().panelDock(QStringLiteral("damage"))->raise();
    ASSERT_TRUE(waitUntil([&] { return session.damage().run() && find<TokenView>("damageText")->tokenCount() > 0; }));
    const auto& tokenizer = *session.damage().tokenizer();
    const auto& window0 = (*session.damage().run()->windows).front();
    const auto* text = find<TokenView>("damageText");
    int unknown = 0;
    for (int token = 0; token < text->tokenCount(); ++token) {
        const TokenId id = window0.tokens[size_t(token)];
        if (id == tokenizer.bos() || !tokenizer.tokenBytes(id).empty()) continue;
        ++unknown;
        EXPECT_FALSE(text->tokenRect(token).width() < 4) << "token " << token;
    }
    ASSERT_GT(unknown, 0) << "the text has characters that the vocabulary lacks";
    EXPECT_TRUE(text->toPlainText().contains("<unk>"));
}

TEST_F(DamageTest, AWordLeadsToBothListsAndToTheLayersThatMatter) {
    openWithRecipe("int2_g64_asym");
    evaluate(2);
    window.docks().panelDock(QStringLiteral("damage"))->raise();
    QTest::qWait(50);
    auto* worst = find<QAbstractItemView>("worstTokens");
    worst->setCurrentIndex(worst->model()->index(1, 0));
    const int scored = session.damage().worst(2)[1];
    EXPECT_EQ(window.damagePanel().current(), scored);
    EXPECT_EQ(session.damage().study().scored, scored);
    ASSERT_TRUE(waitUntil([&] { return session.damage().study().comparison.has_value(); }, 60'000));
    const EvaluationResult result = session.damage().run()->result;
    const auto& comparison = *session.damage().study().comparison;
    EXPECT_NEAR(comparison.kld, double(result.tokenKld[size_t(scored)]), 1e-3 * comparison.kld);
    EXPECT_NEAR(comparison.own.logProb, -double(result.tokenNll[size_t(scored)]), 1e-3);
    const auto* details = window.damagePanel().findChild<TokenDetails*>("tokenDetails");
    EXPECT_EQ(const_cast<TokenDetails*>(details)->model().rowCount(), 10);
    EXPECT_GE(find<TokenView>("damageText")->current(), 0);
    QTest::mouseClick(find<QPushButton>("tryLayers"), Qt::LeftButton);
    ASSERT_TRUE(waitUntil([&] { return session.damage().study().areLayersComplete; }, 120'000));
    const auto& layers = session.damage().study().layers;
    ASSERT_EQ(layers.size(), 7u) << "the embedding and six blocks; the last is "
                                 << (layers.empty() ? "none" : layers.back().name.toStdString());
    for (const auto& layer : layers) {
        EXPECT_GE(layer.kld, 0);
        EXPECT_FALSE(layer.tensors.empty());
    }
    auto* table = find<QAbstractItemView>("layerDamage");
    ASSERT_EQ(table->model()->rowCount(), 7);
    QTest::mouseClick(table->viewport(), Qt::LeftButton, {}, table->visualRect(table->model()->index(0, 0)).center());
    const auto most = std::ranges::max_element(layers, {}, &LayerDamage::kld);
    EXPECT_EQ(session.selection().tensors().size(), qsizetype(most->tensors.size()));
    // What was found beside leaves the evaluation as it was: the same recipe is known, nothing is run again.
    EXPECT_EQ(errorCount(), 0);
    window.evaluationPanel().start(EvaluationTarget::Recipe);
    ASSERT_TRUE(awaitIdle(300'000));
    EXPECT_EQ(session.evaluation().runs().last().result.tokenKld, result.tokenKld);
}

TEST_F(DamageTest, AnotherRecipeMakesTheTextStale) {
    openWithRecipe("int3_g64_asym");
    find<QCheckBox>("liveEvaluation")->setChecked(false);
    evaluate(2);
    EXPECT_TRUE(session.damage().isCurrent());
    session.recipe().setDefaultFormat(Format::of(DType::kQ8_0));
    ASSERT_TRUE(awaitIdle());
    EXPECT_FALSE(session.damage().isCurrent());
    EXPECT_TRUE(labelText(window.damagePanel(), "damageCaption").contains("◷"));
    window.damagePanel().goTo(5);
    ASSERT_TRUE(awaitIdle());
    EXPECT_FALSE(session.damage().study().comparison.has_value()) << "the weights of that run are gone";
}

TEST_F(DamageTest, TheTableOfRunsTellsSpeedAndExtremes) {
    openWithRecipe("int3_g64_asym");
    RunTableModel model(session.evaluation());
    const QAbstractItemModelTester tester(&model, kFatal);
    evaluate(2);
    ASSERT_EQ(model.rowCount(), 2);
    const auto cell = [&](int row, int column) { return model.index(row, column).data().toString(); };
    EXPECT_NE(cell(0, RunTableModel::Speed), "—");
    EXPECT_NE(cell(1, RunTableModel::Speed), "—");
    EXPECT_NE(cell(1, RunTableModel::KldMax), "—");
    EXPECT_EQ(cell(0, RunTableModel::KldMax), "—") << "the original has nothing to diverge from";
    const auto lines = model.csv().split('\n');
    EXPECT_TRUE(lines[0].contains("kld_max") && lines[0].contains("tokens_per_second"));
    // Texts in quotes may hold commas of their own.
    QString numbers = lines[2];
    numbers.remove(QRegularExpression(QStringLiteral("\"[^\"]*\"")));
    EXPECT_EQ(lines[0].count(','), numbers.count(','));
    // The same again takes everything over and is no measure of speed.
    window.evaluationPanel().start(EvaluationTarget::Recipe);
    ASSERT_TRUE(awaitIdle(300'000));
    EXPECT_EQ(cell(2, RunTableModel::Speed), "—");
}

}  // namespace
}  // namespace halftone::app
