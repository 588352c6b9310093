// SPDX-License-Identifier: GPL-3.0-or-later
// Another language while the studio runs: the window is made anew, and nothing of the work is lost.
#include "app/studio_window.h"

#include <gtest/gtest.h>

#include <QAction>
#include <QApplication>
#include <QComboBox>
#include <QDockWidget>
#include <QFile>
#include <QLabel>
#include <QLineEdit>
#include <QMenuBar>
#include <QPointer>
#include <QPushButton>
#include <QSettings>
#include <QSpinBox>
#include <QTableView>
#include <QTemporaryDir>
#include <QTest>
#include <QTextEdit>

#include <algorithm>

#include "app/dialogs/preferences_dialog.h"
#include "app/dialogs/rotate_dialog.h"
#include "app/language/language.h"
#include "app/main_window.h"
#include "app/panels/compare/compare_panel.h"
#include "app/panels/evaluation/evaluation_panel.h"
#include "app/recovery.h"
#include "app/session/session.h"
#include "app/tour.h"
#include "app/widgets/field_state.h"
#include "app/widgets/theme.h"
#include "tests/support/test_paths.h"
#include "tests/unit/app/wait_until.h"

namespace halftone::app {
namespace {

class StudioWindowTest : public ::testing::Test {
  protected:
    void SetUp() override {
        QSettings().clear();
        applyTheme(*qApp, ThemeChoice::Light);
        session.devices().setChoice(QStringLiteral("cpu"));
        window().resize(1300, 820);
        window().show();
    }
    void TearDown() override { applyLanguage(*qApp, QStringLiteral("en")); }

    MainWindow& window() { return studio.window(); }
    void openSample() {
        window().openSample();
        ASSERT_TRUE(test::waitUntil([&] { return session.model() != nullptr; }));
    }
    bool awaitIdle() {
        return test::waitUntil([&] { return session.jobs().isIdle(); }, 120'000);
    }
    /// As a person does it, through the menu; the window that was is gone afterwards.
    void choose(const char* language) {
        const QPointer<MainWindow> earlier(&window());
        window().chooseLanguage(QString::fromLatin1(language));
        ASSERT_TRUE(test::waitUntil([&] { return earlier.isNull(); }));
    }
    template <typename T>
    T* find(const char* name) {
        auto* found = window().findChild<T*>(QString::fromLatin1(name));
        EXPECT_NE(found, nullptr) << name;
        return found;
    }
    QString menuTitle() { return window().menuBar()->actions().first()->text(); }

    Session session;
    StudioWindow studio{session};
};

TEST_F(StudioWindowTest, ALanguageIsSpokenAtOnceAndTheSessionStaysAsItWas) {
    openSample();
    session.recipe().apply(Recipe::pure(Format::of(DType::kQ4_0)));
    session.recipe().setFormat({3}, Format::of(DType::kQ8_0));
    window().evaluationPanel().setChunks(1);
    window().evaluationPanel().start(EvaluationTarget::Recipe);
    ASSERT_TRUE(awaitIdle());
    session.selection().select({5, 6}, 6);
    const auto runs = session.evaluation().runs().size();
    const int steps = session.recipe().undoStack().count();
    const QSize size = window().size();
    window().setWorkspace(Workspace::Tune);
    EXPECT_EQ(menuTitle(), "&File");

    choose("zh_CN");
    EXPECT_EQ(QSettings().value("language").toString(), "zh_CN");
    EXPECT_EQ(menuTitle(), "文件(&F)");
    EXPECT_TRUE(window().isVisible());
    EXPECT_EQ(window().size(), size);
    EXPECT_EQ(window().docks().workspace(), Workspace::Tune);
    EXPECT_EQ(find<QDockWidget>("recipe")->windowTitle(), "配方");
    EXPECT_EQ(session.evaluation().runs().size(), runs);
    EXPECT_EQ(find<QTableView>("runTable")->model()->rowCount(), int(runs));
    EXPECT_EQ(session.selection().tensors(), (QList<int>{5, 6}));
    EXPECT_EQ(find<QTableView>("tensorTable")->selectionModel()->selectedRows().size(), 2);
    EXPECT_EQ(find<QTableView>("tensorTable")->model()->rowCount(), session.tensorCount());
    EXPECT_EQ(session.recipe().undoStack().count(), steps);
    session.recipe().undoStack().undo();
    EXPECT_EQ(session.recipe().overrideCount(), 0);

    choose("en");
    EXPECT_EQ(menuTitle(), "&File");
    EXPECT_TRUE(awaitIdle());
}

/// What was said before is said again: undo steps, messages, and why there is nothing to run.
TEST_F(StudioWindowTest, WhatWasSaidFollowsTheLanguage) {
    openSample();
    ASSERT_TRUE(awaitIdle());
    session.recipe().setDefaultFormat(Format::of(DType::kQ4_K));
    session.recipe().setFormat({0}, Format::of(DType::kQ6_K));
    session.recipe().clearOverrides({0});
    session.messages().fail([] { return MainWindow::tr("Report"); }, Error{ErrorCode::kNotFound, "x", "y"});
    session.messages().note(QStringLiteral("/a/path"));
    session.saveTo(QStringLiteral("/nonexistent/folder/x.halftone"), {});
    const auto said = [this] {
        QStringList all;
        const auto& stack = session.recipe().undoStack();
        for (int i = 0; i < stack.count(); ++i) all << stack.text(i);
        for (const auto& message : session.messages().messages()) all << message.text;
        return all;
    };
    const QStringList english = said();
    ASSERT_GE(english.size(), 6);
    EXPECT_TRUE(english.contains("Clear what was set by hand"));
    choose("zh_CN");
    const QStringList chinese = said();
    ASSERT_EQ(chinese.size(), english.size());
    const auto isChinese = [](const QString& text) {
        return std::any_of(text.begin(), text.end(),
                           [](QChar c) { return c.unicode() >= 0x4e00 && c.unicode() < 0xa000; });
    };
    for (int i = 0; i < chinese.size(); ++i) {
        const bool isOfNames = chinese[i].startsWith("/a/path") || chinese[i].contains("→");
        if (!isOfNames) {
            EXPECT_TRUE(isChinese(chinese[i])) << chinese[i].toStdString();
        }
    }
    const auto actions = window().findChildren<QAction*>();
    EXPECT_TRUE(std::ranges::any_of(actions, [](const QAction* action) {
        return action->text().contains(QStringLiteral("清除手动")) && action->shortcut() == QKeySequence::Undo;
    })) << "the menu's step";
    choose("en");
    EXPECT_EQ(said(), english);
}

TEST_F(StudioWindowTest, JobsThatRunGoOn) {
    openSample();
    session.recipe().apply(Recipe::pure(Format::of(DType::kQ4_K)));
    ASSERT_TRUE(awaitIdle());
    window().evaluationPanel().setChunks(6);
    window().evaluationPanel().start(EvaluationTarget::Recipe);
    ASSERT_TRUE(session.evaluation().isRunning());
    choose("zh_CN");
    ASSERT_TRUE(awaitIdle());
    ASSERT_EQ(session.evaluation().runs().size(), 2) << "the original and the recipe";
    EXPECT_EQ(find<QTableView>("runTable")->model()->rowCount(), 2);
    EXPECT_EQ(session.evaluation().runs().first().name, "原模型");
}

TEST_F(StudioWindowTest, FieldsComeAlong) {
    openSample();
    find<QLineEdit>("tensorFilter")->setText("role=ffn_down");
    window().evaluationPanel().setChunks(7);
    window().comparePanel().setPrompt("And it came to pass");
    window().comparePanel().setMode(CompareMode::ForcedText);
    window().comparePanel().setGivenText("that all things");
    auto* measure = find<QComboBox>("matrixMeasure");
    measure->setCurrentIndex(4);
    const auto chosen = measure->currentData();
    const int rows = find<QTableView>("tensorTable")->model()->rowCount();
    EXPECT_LT(rows, session.tensorCount());
    choose("zh_CN");
    EXPECT_EQ(find<QLineEdit>("tensorFilter")->text(), "role=ffn_down");
    EXPECT_EQ(find<QTableView>("tensorTable")->model()->rowCount(), rows);
    EXPECT_EQ(window().evaluationPanel().options().maxWindows, 7);
    const auto options = window().comparePanel().options();
    EXPECT_EQ(options.prompt, "And it came to pass");
    EXPECT_EQ(options.mode, CompareMode::ForcedText);
    EXPECT_EQ(options.text, "that all things");
    EXPECT_EQ(find<QComboBox>("matrixMeasure")->currentData(), chosen);
    EXPECT_GT(FieldState::of(window()).count(), 30);
}

TEST_F(StudioWindowTest, TextsThatWereWrittenStay) {
    openSample();
    session.recipe().apply(Recipe::pure(Format::of(DType::kQ4_0)));
    CompareOptions options = window().comparePanel().options();
    options.generate.maxTokens = 8;
    session.compare().start(options);
    ASSERT_TRUE(awaitIdle());
    const auto text = [&] {
        window().setWorkspace(Workspace::Compare);
        const auto* column = find<QWidget>("leftColumn");
        return column->findChild<QTextEdit*>() ? column->findChild<QTextEdit*>()->toPlainText() : QString();
    };
    const QString before = text();
    EXPECT_FALSE(before.isEmpty());
    choose("zh_CN");
    EXPECT_EQ(text(), before);
}

TEST_F(StudioWindowTest, DialogsStayOpenAndAnOfferIsMadeAgain) {
    const QTemporaryDir folder;
    openSample();
    session.recipe().apply(Recipe::pure(Format::of(DType::kQ4_0)));
    ASSERT_TRUE(awaitIdle());
    const QString left = folder.filePath("lost.halftone");
    HT_ASSERT_OK(session.snapshot(window().uiState()).save(left.toStdString()));
    Recovery recovery(session, window(), folder.path());
    QObject::connect(&studio, &StudioWindow::replaced, &recovery, &Recovery::setWindow);
    window().showPreferences();
    window().showRotation();
    const QPointer<RotateDialog> rotation(window().findChild<RotateDialog*>());
    window().tour().startAt(2);
    ASSERT_TRUE(rotation);
    choose("zh_CN");
    auto* preferences = window().findChild<PreferencesDialog*>();
    ASSERT_NE(preferences, nullptr);
    EXPECT_TRUE(preferences->isVisible());
    EXPECT_EQ(preferences->windowTitle(), "首选项");
    ASSERT_TRUE(rotation) << "a rotation that runs is not lost";
    EXPECT_EQ(rotation->parent(), &window());
    EXPECT_TRUE(rotation->isVisible());
    auto* discard = find<QPushButton>("discardSession");
    ASSERT_TRUE(discard);
    EXPECT_TRUE(test::waitUntil([&] { return window().tour().step() == 2; }));
    discard->click();
    EXPECT_FALSE(QFile::exists(left));
    EXPECT_EQ(window().findChild<QWidget*>("recoveryBar") && window().findChild<QWidget*>("recoveryBar")->isVisible(),
              false);
    window().tour().end();
}

TEST_F(StudioWindowTest, TheLanguageThatIsSpokenNeedsNoOtherWindow) {
    const auto* before = &window();
    window().chooseLanguage(QStringLiteral("en"));
    QTest::qWait(50);
    EXPECT_EQ(&window(), before);
    choose("zh_CN");
    EXPECT_FALSE(session.checkpoint());
    EXPECT_TRUE(find<QWidget>("openSample")->isVisible()) << "the empty page as well";
}

}  // namespace
}  // namespace halftone::app
