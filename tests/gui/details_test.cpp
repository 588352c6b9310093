// SPDX-License-Identifier: GPL-3.0-or-later
// Small things that are only noticed in use: what stays, what says why, what is called by its name.
#include <QDialog>
#include <QDoubleSpinBox>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QMenu>
#include <QPushButton>
#include <QTabBar>
#include <QTableView>
#include <QToolButton>

#include "app/dialogs/allocate_dialog.h"
#include "app/dialogs/recipe_diff_dialog.h"
#include "app/dialogs/selection_menu.h"
#include "app/models/run_table_model.h"
#include "app/panels/damage/damage_panel.h"
#include "app/panels/evaluation/evaluation_panel.h"
#include "app/panels/recipe/recipe_panel.h"
#include "app/panels/tradeoff/tradeoff_panel.h"
#include "app/widgets/command_palette.h"
#include "app/widgets/state_stack.h"
#include "core/recipe/hardware_target.h"
#include "tests/gui/window_fixture.h"

namespace halftone::app {
namespace {

class DetailsTest : public WindowTest {
  protected:
    void evaluate() {
        window.evaluationPanel().setChunks(1);
        window.evaluationPanel().start(EvaluationTarget::Recipe);
        ASSERT_TRUE(awaitIdle(300'000));
    }
    [[nodiscard]] QAction* action(const QString& text) {
        for (auto* action : window.findChildren<QAction*>()) {
            if (action->text().remove('&').startsWith(text)) return action;
        }
        ADD_FAILURE() << text.toStdString();
        return nullptr;
    }
};

TEST_F(DetailsTest, AFilterThatHidesTheSelectionLeavesIt) {
    openSample();
    const QList<int> selected{tensorsOf(TensorRole::kFfnDown).first()};
    session.selection().select(selected);
    find<QLineEdit>("tensorFilter")->setText("role=attn_q");
    EXPECT_EQ(session.selection().tensors(), selected);
    find<QLineEdit>("tensorFilter")->clear();
    EXPECT_EQ(session.selection().tensors(), selected);
    EXPECT_EQ(find<QTableView>("tensorTable")->selectionModel()->selectedRows().size(), 1);
}

TEST_F(DetailsTest, MeasuresOfActivationsOfferTheCalibration) {
    openSample();
    auto* button = find<QToolButton>("measureSensitivity");
    window.matrixPanel().setMeasure(Measure::Kurtosis);
    EXPECT_TRUE(button->isHidden());
    window.matrixPanel().setMeasure(Measure::ActivationMaximum);
    EXPECT_FALSE(button->isHidden());
    EXPECT_EQ(button->text(), "Calibrate");
    button->click();
    ASSERT_TRUE(awaitIdle(300'000));
    EXPECT_TRUE(session.calibration().hasData());
    EXPECT_TRUE(button->isHidden());
}

TEST_F(DetailsTest, RunsDoNotMoveTheirTable) {
    openSample();
    window.setWorkspace(Workspace::Tune);
    settle();
    session.recipe().setDefaultFormat(Format::of(DType::kQ4_0));
    auto* table = find<QTableView>("runTable");
    window.evaluationPanel().setChunks(2);
    window.evaluationPanel().start(EvaluationTarget::Recipe);
    QTest::qWait(50);
    const QRect during = table->geometry();
    const int width = find<QPushButton>("runRecipe")->width();
    ASSERT_TRUE(awaitIdle(300'000));
    QTest::qWait(50);
    EXPECT_EQ(table->geometry(), during);
    EXPECT_EQ(find<QPushButton>("runRecipe")->width(), width);
}

TEST_F(DetailsTest, RecipesOfTheSameNameAreToldApartByTheirBits) {
    openSample();
    session.recipe().setDefaultFormat(Format::of(DType::kQ4_0));
    evaluate();
    session.recipe().setDefaultFormat(Format::of(DType::kQ8_0));
    evaluate();
    const auto points = TradeoffPanel::dataOf(session).points;
    ASSERT_EQ(points.size(), 2);
    EXPECT_NE(points[0].name, points[1].name);
    window.compareRecipes(-1);
    EXPECT_FALSE(find<QLabel>("diffSummary")->text().contains("alike")) << "the newest run is the recipe in work";
    find<RecipeDiffDialog>("recipeDiffDialog")->close();
    const auto* totals = find<QLabel>("totals");
    EXPECT_EQ(totals->text().count(QStringLiteral("±")), 2) << totals->text().toStdString();
}

TEST_F(DetailsTest, AnUnnamedRecipeHasANameInARestoredRun) {
    openSample();
    session.recipe().setFormat({tensorsOf(TensorRole::kFfnDown).first()}, Format::of(DType::kQ4_0));
    evaluate();
    const QString name = session.evaluation().runs().last().name;
    const auto recorded = session.evaluation().recordedRuns();
    session.evaluation().reset(session.checkpoint());
    session.evaluation().restoreRuns(recorded);
    EXPECT_EQ(session.evaluation().runs().last().name, name);
    session.recipe().setDefaultFormat(Format::of(DType::kQ8_0));
    auto twice = recorded;
    twice.push_back(recorded.back());
    twice.back().recipeText = session.recipe().recipe().toText();
    session.evaluation().reset(session.checkpoint());
    session.evaluation().restoreRuns(twice);
    EXPECT_EQ(TradeoffPanel::dataOf(session).points.size(), 2) << "two recipes are two points";
    EXPECT_FALSE(name.isEmpty());
}

TEST_F(DetailsTest, AWorkspaceThatASessionPassedByHasItsUsualSizes) {
    openSample();
    window.setWorkspace(Workspace::Compare);
    const test::TemporaryFolder folder;
    const QString path = QString::fromStdString((folder.path() / "work.halftone").string());
    session.saveTo(path, window.uiState());
    session.close();
    QSettings().clear();
    MainWindow fresh(session);
    fresh.resize(1440, 900);
    fresh.show();
    fresh.openPath(path);
    ASSERT_TRUE(test::waitUntil([&] { return session.model() != nullptr; }));
    QTest::qWait(100);
    EXPECT_EQ(fresh.docks().workspace(), Workspace::Compare);
    fresh.setWorkspace(Workspace::Inspect);
    QTest::qWait(100);
    EXPECT_LT(fresh.matrixPanel().width(), fresh.width() * 2 / 5);
}

TEST_F(DetailsTest, AMenuWithNothingToChooseSaysWhy) {
    openSample();
    session.selection().select(tensorsOf(TensorRole::kFfnDown));
    session.recipe().setFormat(session.selection().tensors(), Format::of(DType::kQ4_K));
    QMenu menu;
    fillWithGroupSizesOfSelection(menu, session);
    ASSERT_EQ(menu.actions().size(), 1);
    EXPECT_FALSE(menu.actions().first()->isEnabled());
    EXPECT_TRUE(menu.actions().first()->text().contains("groups of a chosen size"));
}

TEST_F(DetailsTest, ThePaletteSaysThatNothingWasFound) {
    bool ran = false;
    auto* palette = new CommandPalette("Command", {{"Something", {}, [&] { ran = true; }}}, &window);
    palette->show();
    auto* edit = palette->findChild<QLineEdit*>();
    auto* list = palette->findChild<QListWidget*>();
    edit->setText("qqq");
    ASSERT_EQ(list->count(), 1);
    EXPECT_FALSE(list->item(0)->text().isEmpty());
    QTest::keyClick(edit, Qt::Key_Down);
    QTest::keyClick(edit, Qt::Key_Return);
    QTest::qWait(20);
    EXPECT_FALSE(ran);
    palette->close();
}

TEST_F(DetailsTest, TheSheetOfShortcutsCallsUndoByItsName) {
    openSample();
    session.recipe().setDefaultFormat(Format::of(DType::kQ4_0));
    action("Shortcuts")->trigger();
    QString sheet;
    for (const auto* dialog : window.findChildren<QDialog*>()) {
        for (const auto* label : dialog->findChildren<QLabel*>()) sheet += label->text();
    }
    EXPECT_TRUE(sheet.contains("<td>Undo</td>"));
    for (auto* dialog : window.findChildren<QDialog*>()) dialog->close();
}

TEST_F(DetailsTest, AllocationForAMachineOffersWhatItTakesAndSaysWhenItIsTaken) {
    openSample();
    session.recipe().setTarget(findHardwareTarget("gpu-server"));
    auto* dialog = new AllocateDialog(session, window.evaluationPanel().options(), &window);
    auto* list = dialog->findChild<QListWidget*>("allocateFormats");
    int ticked = 0;
    for (int i = 0; i < list->count(); ++i) ticked += list->item(i)->checkState() == Qt::Checked;
    EXPECT_GT(ticked, 0);
    dialog->close();
    session.recipe().setTarget(nullptr);
}

TEST_F(DetailsTest, TextDamageOffersToRunTheRecipe) {
    openSample();
    window.setWorkspace(Workspace::Compare);
    window.docks().panelDock("damage")->raise();
    session.recipe().setDefaultFormat(Format::of(DType::kQ4_0));
    window.evaluationPanel().setChunks(1);
    auto* stack = window.damagePanel().findChild<StateStack*>();
    ASSERT_NE(stack, nullptr);
    QPushButton* run = nullptr;
    for (auto* button : stack->findChildren<QPushButton*>()) {
        if (button->text() == "Run the recipe") run = button;
    }
    ASSERT_NE(run, nullptr);
    run->click();
    ASSERT_TRUE(awaitIdle(300'000));
    EXPECT_EQ(session.evaluation().runs().size(), 2);
}

}  // namespace
}  // namespace halftone::app
