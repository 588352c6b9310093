// SPDX-License-Identifier: GPL-3.0-or-later
#include <QAbstractItemView>
#include <QAction>
#include <QDoubleSpinBox>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QPushButton>
#include <QTableView>
#include <QTest>
#include <QTextEdit>
#include <QToolButton>

#include <fstream>

#include "app/dialogs/allocate_dialog.h"
#include "app/dialogs/export_dialog.h"
#include "app/models/run_table_model.h"
#include "app/models/tensor_table_model.h"
#include "app/panels/calibration/calibration_panel.h"
#include "app/panels/compare/compare_panel.h"
#include "app/panels/evaluation/evaluation_panel.h"
#include "app/panels/matrix/matrix_panel.h"
#include "app/panels/recipe/recipe_panel.h"
#include "app/panels/tradeoff/tradeoff_panel.h"
#include "app/plots/distribution_plot.h"
#include "app/plots/layer_matrix.h"
#include "app/plots/scatter_plot.h"
#include "app/session/resources.h"
#include "app/widgets/number_text.h"
#include "tests/gui/window_fixture.h"

namespace halftone::app {
namespace {

using test::waitUntil;

TEST_F(WindowTest, StartsEmptyAndOpensTheSample) {
    EXPECT_TRUE(find<QPushButton>("openSample")->isVisible());
    QTest::mouseClick(find<QPushButton>("openSample"), Qt::LeftButton);
    ASSERT_TRUE(waitUntil([&] { return session.checkpoint() != nullptr; }));
    auto* table = find<QTableView>("tensorTable");
    EXPECT_TRUE(table->isVisible());
    EXPECT_EQ(table->model()->rowCount(), session.tensorCount());
    ASSERT_TRUE(waitUntil([&] { return session.statistics().readyCount() == session.tensorCount(); }));
    EXPECT_EQ(errorCount(), 0);
}

TEST_F(WindowTest, SelectionIsLinkedBetweenMatrixAndTable) {
    openSample();
    auto* matrix = find<LayerMatrix>("layerMatrix");
    const int tensor = tensorsOf(TensorRole::kFfnDown).at(1);
    const QPoint middle = matrix->cellRect(matrix->layoutOfCells().find(tensor)).center().toPoint();
    QTest::mouseMove(matrix, middle);
    QTest::mouseClick(matrix, Qt::LeftButton, {}, middle);
    EXPECT_EQ(session.selection().tensors(), QList<int>{tensor});
    const auto rows = find<QTableView>("tensorTable")->selectionModel()->selectedRows();
    ASSERT_EQ(rows.size(), 1);
    EXPECT_EQ(rows.first().data().toString().toStdString(), session.tensor(tensor).canonicalName);
    QTest::keyClick(matrix, Qt::Key_Up);
    EXPECT_EQ(session.selection().tensors(), QList<int>{tensorsOf(TensorRole::kFfnDown).at(0)});
}

TEST_F(WindowTest, DraggingARectangleAndADigitSetsTheBitsOfAll) {
    openSample();
    auto* matrix = find<LayerMatrix>("layerMatrix");
    const auto& layout = matrix->layoutOfCells();
    const QPoint from = matrix->cellRect(layout.find(tensorsOf(TensorRole::kAttnQ).first())).center().toPoint();
    const QPoint to = matrix->cellRect(layout.find(tensorsOf(TensorRole::kAttnV).at(1))).center().toPoint();
    QTest::mousePress(matrix, Qt::LeftButton, {}, from);
    QTest::mouseMove(matrix, to);
    QTest::mouseRelease(matrix, Qt::LeftButton, {}, to);
    EXPECT_EQ(session.selection().tensors().size(), 6) << "q, k, v of two blocks";
    matrix->setFocus();
    QTest::keyClick(&window, Qt::Key_4);
    for (const int tensor : session.selection().tensors())
        EXPECT_EQ(session.recipe().resolvedTensor(tensor)->requested.name(), "q4_k");
    EXPECT_EQ(session.recipe().undoStack().count(), 1);
    session.recipe().undoStack().undo();
    EXPECT_TRUE(session.recipe().changesNothing());
}

TEST_F(WindowTest, AnEditComputesTheErrorOfItsTensorsAndUndoBringsTheOldOneBack) {
    openSample();
    const int tensor = tensorsOf(TensorRole::kFfnDown).first();
    session.recipe().setFormat({tensor}, Format::of(DType::kQ4_0));
    EXPECT_FALSE(session.value(Measure::RelativeError, tensor)) << "nothing is shown before it is known";
    ASSERT_TRUE(awaitIdle());
    const auto first = session.value(Measure::RelativeError, tensor);
    ASSERT_TRUE(first);
    EXPECT_GT(*first, 0);
    session.recipe().setFormat({tensor}, Format::of(DType::kQ8_0));
    EXPECT_TRUE(session.isStale(Measure::RelativeError, tensor));
    ASSERT_TRUE(awaitIdle());
    EXPECT_LT(*session.value(Measure::RelativeError, tensor), *first);
    session.recipe().undoStack().undo();
    EXPECT_EQ(session.value(Measure::RelativeError, tensor), first) << "known at once";
}

TEST_F(WindowTest, AKnownMixtureIsTakenFromTheMenuWhichShowsItsSize) {
    openSample();
    auto* mix = window.findChild<QAction*>("q4_k_m");
    ASSERT_TRUE(mix);
    auto* menu = qobject_cast<QMenu*>(mix->parent());
    ASSERT_TRUE(menu);
    emit menu->aboutToShow();
    EXPECT_TRUE(mix->text().startsWith("Q4_K_M\t4.95 bits")) << mix->text().toStdString();
    mix->trigger();
    EXPECT_EQ(session.recipe().recipe().name, "Q4_K_M");
    EXPECT_EQ(session.recipe().undoStack().undoText(), "Load the recipe “Q4_K_M”");
    EXPECT_EQ(session.recipe().resolvedTensor(tensorsOf(TensorRole::kAttnV)[2])->format, Format::of(DType::kQ6_K));
    EXPECT_EQ(session.recipe().resolvedTensor(tensorsOf(TensorRole::kAttnV)[1])->format, Format::of(DType::kQ4_K));
}

TEST_F(WindowTest, KnownMixturesBecomeTheLineThatRecipesAreHeldAgainst) {
    openSample();
    window.evaluationPanel().setChunks(1);
    auto* panel = find<TradeoffPanel>("tradeoffPanel");
    auto* button = panel->findChild<QPushButton*>();
    ASSERT_TRUE(button);
    EXPECT_EQ(button->text(), "Measure the known mixtures");
    button->click();
    EXPECT_EQ(session.evaluation().seriesLeft(), 11);
    ASSERT_TRUE(awaitIdle());
    EXPECT_EQ(session.evaluation().seriesLeft(), 0);
    const auto& runs = session.evaluation().runs();
    ASSERT_EQ(runs.size(), 12) << "the original and eleven mixtures";
    EXPECT_EQ(runs[1].name, "Q2_K");
    EXPECT_EQ(runs.back().name, "Q8_0");
    EXPECT_LT(runs[1].bytes, runs.back().bytes);
    EXPECT_GT(runs[1].result.reference->kld.mean, 10 * runs.back().result.reference->kld.mean);
    EXPECT_TRUE(session.recipe().changesNothing()) << "the recipe in work is left alone";
    EXPECT_EQ(find<ScatterPlot>("tradeoffPlot")->points().size(), 11);
    find<QToolButton>("measureMixtures")->click();
    ASSERT_TRUE(awaitIdle());
    EXPECT_EQ(runs.size(), 12) << "nothing is measured twice";
}

TEST_F(WindowTest, SensitivityTriesWhatTheRecipeChangesAndOnlyThat) {
    openSample();
    window.evaluationPanel().setChunks(4);
    window.matrixPanel().setMeasure(Measure::Sensitivity);
    auto* button = find<QToolButton>("measureSensitivity");
    EXPECT_FALSE(button->isEnabled()) << "the recipe changes nothing";
    const int down = tensorsOf(TensorRole::kFfnDown)[2], value = tensorsOf(TensorRole::kAttnV)[5];
    session.recipe().setFormat({down, value}, Format::parse("int3_g64_asym").value());
    ASSERT_TRUE(awaitIdle());
    EXPECT_EQ(session.sensitivity().missing(), 2);
    button->click();
    ASSERT_TRUE(awaitIdle());
    EXPECT_EQ(session.sensitivity().missing(), 0);
    const auto before = session.value(Measure::Sensitivity, down);
    ASSERT_TRUE(before);
    EXPECT_GT(*before, 0);
    EXPECT_TRUE(session.value(Measure::Sensitivity, value));
    EXPECT_FALSE(session.value(Measure::Sensitivity, tensorsOf(TensorRole::kAttnQ)[0]));
    auto* table = find<QTableView>("tensorTable");
    EXPECT_FALSE(table->isColumnHidden(TensorTableModel::KldAlone));
    session.recipe().setFormat({down}, Format::of(DType::kQ8_0));
    EXPECT_TRUE(session.isStale(Measure::Sensitivity, down));
    EXPECT_EQ(session.sensitivity().missing(), 1) << "the other one stays";
    button->click();
    ASSERT_TRUE(awaitIdle());
    EXPECT_LT(*session.value(Measure::Sensitivity, down), *before);
    session.recipe().undoStack().undo();
    EXPECT_EQ(session.value(Measure::Sensitivity, down), before) << "known at once";
}

TEST_F(WindowTest, AllocationMeasuresOnceAndThenAnswersEverySize) {
    openSample();
    window.evaluationPanel().setChunks(3);
    auto* dialog = new AllocateDialog(session, window.evaluationPanel().options(), &window);
    auto* bits = dialog->findChild<QDoubleSpinBox*>("allocateBits");
    auto* action = dialog->findChild<QPushButton*>("allocateAction");
    auto* outcome = dialog->findChild<QLabel*>("allocateOutcome");
    bits->setValue(4.6);
    EXPECT_EQ(action->text(), "Measure");
    action->click();
    EXPECT_EQ(action->text(), "Stop");
    ASSERT_TRUE(awaitIdle());
    EXPECT_EQ(action->text(), "Take this recipe");
    EXPECT_TRUE(session.recipe().changesNothing()) << "nothing is taken unasked";
    action->click();
    const double wide = session.recipe().resolved().totals.bitsPerWeight();
    EXPECT_LE(wide, 4.6);
    EXPECT_GT(wide, 4.4);
    bits->setValue(3.5);
    EXPECT_TRUE(outcome->text().contains("KL divergence about")) << outcome->text().toStdString();
    action->click();
    EXPECT_LE(session.recipe().resolved().totals.bitsPerWeight(), 3.5);
    bits->setValue(1.5);
    EXPECT_FALSE(action->isEnabled());
    EXPECT_TRUE(outcome->text().contains("the smallest comes to"));
    session.recipe().undoStack().undo();
    EXPECT_EQ(session.recipe().resolved().totals.bitsPerWeight(), wide);
    ASSERT_TRUE(awaitIdle());
    dialog->close();
}

TEST_F(WindowTest, DistributionFollowsTheSelection) {
    openSample();
    session.selection().select({tensorsOf(TensorRole::kFfnDown).first()});
    session.recipe().setFormat(session.selection().tensors(), Format::of(DType::kQ4_0));
    ASSERT_TRUE(awaitIdle());
    auto* plot = find<DistributionPlot>("distributionPlot");
    ASSERT_TRUE(plot->hasData());
    const QStringList lines = plot->csv().split('\n', Qt::SkipEmptyParts);
    double original = 0, quantized = 0;
    for (const auto& line : lines.mid(1)) {
        original += line.section(',', 2, 2).toDouble();
        quantized += line.section(',', 3, 3).toDouble();
    }
    EXPECT_GT(original, 0);
    EXPECT_NEAR(quantized / original, 1, 0.02);
}

TEST_F(WindowTest, ASmallTensorHasNoMoreBinsThanItsValuesFill) {
    openSample();
    const auto binsOf = [this](TensorRole role) {
        session.selection().select({tensorsOf(role).first()});
        EXPECT_TRUE(awaitIdle());
        return find<DistributionPlot>("distributionPlot")->csv().count('\n') - 1;
    };
    const auto norm = binsOf(TensorRole::kAttnNorm);
    EXPECT_GE(norm, 24);
    EXPECT_LE(norm, 3 * 16) << "256 values";
    EXPECT_GT(binsOf(TensorRole::kFfnDown), 3 * norm);
}

TEST_F(WindowTest, FilterShowsItsProblemBesideTheField) {
    openSample();
    auto* filter = find<QLineEdit>("tensorFilter");
    auto* table = find<QTableView>("tensorTable");
    filter->setText("role=ffn_down");
    const int shown = table->model()->rowCount();
    EXPECT_EQ(shown, tensorsOf(TensorRole::kFfnDown).size());
    filter->setText("roll=ffn_down");
    EXPECT_EQ(table->model()->rowCount(), shown) << "the last good filter stays";
    EXPECT_TRUE(filter->property("problem").toBool());
    filter->setText("kurtosis>20");
    EXPECT_FALSE(filter->property("problem").toBool());
}

TEST_F(WindowTest, EvaluatesTheRecipeAgainstTheOriginal) {
    openSample();
    window.recipePanel().loadPreset(resourcePath("presets/q4_k_balanced.recipe"));
    window.evaluationPanel().setChunks(2);
    window.evaluationPanel().start(EvaluationTarget::Recipe);
    EXPECT_TRUE(session.evaluation().isRunning());
    ASSERT_TRUE(awaitIdle(300'000));
    ASSERT_EQ(session.evaluation().runs().size(), 2) << "the original is run first";
    const auto& run = session.evaluation().runs().last();
    ASSERT_TRUE(run.result.reference);
    EXPECT_GT(run.result.reference->kld.mean, 0);
    EXPECT_GT(run.result.perplexity.mean, 1);
    EXPECT_FALSE(session.evaluation().isStale(run));
    session.recipe().setDefaultFormat(Format::of(DType::kQ8_0));
    EXPECT_TRUE(session.evaluation().isStale(run));
    session.recipe().undoStack().undo();
    EXPECT_FALSE(session.evaluation().isStale(run));
    EXPECT_EQ(errorCount(), 0);
}

TEST_F(WindowTest, AnEditIsMeasuredByItselfAndUndoBringsItsFiguresBack) {
    openSample();
    const QList<int> last{tensorsOf(TensorRole::kFfnDown).last()};
    session.recipe().setFormat(last, Format::of(DType::kQ4_K));
    window.evaluationPanel().setChunks(2);
    QTest::qWait(400);
    EXPECT_TRUE(session.evaluation().runs().isEmpty()) << "nothing runs that was not asked for once";
    window.evaluationPanel().start(EvaluationTarget::Recipe);
    ASSERT_TRUE(awaitIdle(300'000));
    ASSERT_EQ(session.evaluation().runs().size(), 2);
    session.recipe().setFormat(last, Format::of(DType::kQ4_0));
    ASSERT_TRUE(waitUntil([&] { return session.evaluation().runs().size() == 3; }, 300'000));
    EXPECT_NE(session.evaluation().runs()[1].result.reference->kld.mean,
              session.evaluation().runs()[2].result.reference->kld.mean);
    session.recipe().undoStack().undo();
    QTest::qWait(600);
    EXPECT_EQ(session.evaluation().runs().size(), 3) << "what was measured before is not measured again";
    EXPECT_EQ(session.evaluation().ofRecipe(), &session.evaluation().runs()[1]);
    EXPECT_EQ(errorCount(), 0);
}

TEST_F(WindowTest, AnEditDuringTheFirstRunIsMeasuredToo) {
    openSample();
    const QList<int> last{tensorsOf(TensorRole::kFfnDown).last()};
    session.recipe().setFormat(last, Format::of(DType::kQ4_K));
    window.evaluationPanel().setChunks(2);
    window.evaluationPanel().start(EvaluationTarget::Recipe);
    ASSERT_TRUE(waitUntil([&] { return session.evaluation().running().has_value(); }, 60'000));
    session.recipe().setFormat(last, Format::of(DType::kQ8_0));
    ASSERT_TRUE(waitUntil(
        [&] {
            const auto* run = session.evaluation().ofRecipe();
            return run && !session.evaluation().isStale(*run);
        },
        300'000));
    EXPECT_EQ(session.evaluation().runs().size(), 3);
}

TEST_F(WindowTest, StaleFiguresAreThoseOfTheRecipeThatWasEdited) {
    openSample();
    const QList<int> last{tensorsOf(TensorRole::kFfnDown).last()};
    session.recipe().setFormat(last, Format::of(DType::kQ4_K));
    window.evaluationPanel().setChunks(1);
    window.evaluationPanel().start(EvaluationTarget::Recipe);
    ASSERT_TRUE(awaitIdle(300'000));
    session.recipe().apply(Recipe::pure(Format::of(DType::kQ8_0)));
    ASSERT_TRUE(waitUntil([&] { return session.evaluation().runs().size() == 3; }, 300'000));
    session.recipe().undoStack().undo();
    const auto& runs = session.evaluation().runs();
    const RunTableModel table(session.evaluation());
    const auto isInWork = [&](int run) {
        return table.data(table.index(run, RunTableModel::Name), RunTableModel::InWorkRole).toBool();
    };
    EXPECT_TRUE(isInWork(1));
    EXPECT_FALSE(isInWork(0) || isInWork(2));
    session.recipe().setFormat({last.first() - 1}, Format::of(DType::kQ6_K));
    EXPECT_EQ(session.evaluation().ofRecipe(), &runs[1]) << "the latest run belongs to another recipe";
    EXPECT_TRUE(session.evaluation().isStale(runs[1]));
    EXPECT_FALSE(isInWork(1));
}

TEST_F(WindowTest, AMethodThatNeedsCalibrationSaysSoAndThenLosesLess) {
    openSample();
    Recipe recipe = Recipe::pure(*Format::parse("int3_g64_asym"));
    session.recipe().apply(recipe);
    window.evaluationPanel().setChunks(2);
    window.evaluationPanel().start(EvaluationTarget::Recipe);
    ASSERT_TRUE(awaitIdle(300'000));
    ASSERT_EQ(session.evaluation().runs().size(), 2);
    session.recipe().setDefaultMethod(*MethodChoice::parse("gptq"));
    EXPECT_TRUE(session.evaluation().isStale(session.evaluation().runs()[1])) << "another method, other weights";
    ASSERT_TRUE(waitUntil([&] { return !session.evaluation().problem().isEmpty(); }, 60'000));
    session.calibration().start({resourcePath("texts/calibration.txt"), 256, 2048});
    ASSERT_TRUE(waitUntil([&] { return session.calibration().hasData(); }, 300'000));
    ASSERT_TRUE(waitUntil([&] { return session.evaluation().runs().size() == 3; }, 300'000)) << "measured by itself";
    ASSERT_TRUE(awaitIdle(300'000));
    for (const int tensor : tensorsOf(TensorRole::kAttnQ))
        EXPECT_EQ(session.quantization().state(tensor), FigureState::Ready) << tensor;
    EXPECT_LT(session.evaluation().runs()[2].result.reference->kld.mean,
              session.evaluation().runs()[1].result.reference->kld.mean);
}

TEST_F(WindowTest, CancelledEvaluationLeavesNoRunAndNoError) {
    openSample();
    window.evaluationPanel().setChunks(0);
    window.evaluationPanel().start(EvaluationTarget::Original);
    QTest::qWait(50);
    session.evaluation().cancel();
    ASSERT_TRUE(awaitIdle(5'000));
    EXPECT_TRUE(session.evaluation().runs().isEmpty());
    EXPECT_EQ(errorCount(), 0);
}

TEST_F(WindowTest, CalibrationGivesActivationsAndImportance) {
    openSample();
    session.calibration().start({resourcePath("texts/calibration.txt"), 64, 256});
    ASSERT_TRUE(awaitIdle(300'000));
    EXPECT_EQ(session.calibration().tokens(), 256);
    for (const int tensor : tensorsOf(TensorRole::kFfnDown))
        EXPECT_TRUE(session.value(Measure::ActivationMaximum, tensor)) << tensor;
    EXPECT_NE(session.modelJobs().calibration(), nullptr);
    const auto weighted = session.modelJobs().weightsKey();
    session.setUseCalibration(false);
    EXPECT_NE(session.modelJobs().weightsKey(), weighted) << "other weights: measured figures are stale";
}

TEST_F(WindowTest, ComparesTextSideBySide) {
    openSample();
    CompareOptions options = window.comparePanel().options();
    options.prompt = "The";
    options.generate.maxTokens = 12;
    session.compare().start(options);
    ASSERT_TRUE(awaitIdle(300'000));
    const auto& original = session.compare().column(CompareService::Original);
    const auto& quantized = session.compare().column(CompareService::Quantized);
    EXPECT_TRUE(original.problem.isEmpty()) << original.problem.toStdString();
    ASSERT_FALSE(original.tokens.isEmpty());
    EXPECT_EQ(session.compare().divergence(), -1) << "an empty recipe is the original";
    EXPECT_EQ(original.tokens.size(), quantized.tokens.size());
    session.recipe().setDefaultFormat(Format::parse("int2_g64_asym").value());
    EXPECT_TRUE(session.compare().isStale());
    session.compare().start(options);
    ASSERT_TRUE(awaitIdle(300'000));
    EXPECT_GE(session.compare().divergence(), 0) << "two bits say something else";
}

TEST_F(WindowTest, StopEndsAGenerationAndKeepsItsText) {
    openSample();
    CompareOptions options = window.comparePanel().options();
    options.generate.maxTokens = 100'000;
    options.generate.stopAtEnd = false;
    session.compare().start(options);
    ASSERT_TRUE(
        waitUntil([&] { return session.compare().column(CompareService::Quantized).tokens.size() > 2; }, 60'000));
    session.compare().stop();
    ASSERT_TRUE(awaitIdle(5'000));
    EXPECT_GT(session.compare().column(CompareService::Original).tokens.size(), 2);
    EXPECT_EQ(errorCount(), 0);
}

TEST_F(WindowTest, ExportsAFileThatOpensAgain) {
    openSample();
    window.recipePanel().loadPreset(resourcePath("presets/q8_0.recipe"));
    const test::TemporaryFolder folder;
    const QString path = QString::fromStdString((folder.path() / "out.gguf").string());
    window.showExport();
    auto* dialog = window.findChild<ExportDialog*>();
    ASSERT_NE(dialog, nullptr);
    auto* button = dialog->findChild<QPushButton*>("exportButton");
    dialog->setTarget(QString::fromStdString((folder.path() / "missing" / "out.gguf").string()));
    EXPECT_FALSE(dialog->pathProblem().isEmpty());
    EXPECT_FALSE(button->isEnabled());
    dialog->setTarget(path);
    ASSERT_TRUE(waitUntil([&] { return button->isEnabled(); }));
    QTest::mouseClick(button, Qt::LeftButton);
    ASSERT_TRUE(awaitIdle(300'000));
    EXPECT_EQ(errorCount(), 0);
    const auto exported = Checkpoint::open(path.toStdString());
    HT_ASSERT_OK(exported);
    EXPECT_EQ((*exported)->kind(), CheckpointKind::kGguf);
}

TEST_F(WindowTest, AnExportSaysThatItReplacesAFile) {
    openSample();
    const test::TemporaryFolder folder;
    const QString path = QString::fromStdString((folder.path() / "keep.gguf").string());
    window.showExport();
    auto* dialog = window.findChild<ExportDialog*>();
    ASSERT_NE(dialog, nullptr);
    auto* button = dialog->findChild<QPushButton*>("exportButton");
    auto* note = dialog->findChild<QLabel*>("exportReplaces");
    dialog->setTarget(path);
    EXPECT_FALSE(note->isVisible());
    EXPECT_EQ(button->text(), "Export");
    std::ofstream(path.toStdString()) << "something of one's own";
    dialog->setTarget(path + " ");
    EXPECT_TRUE(note->isVisible());
    EXPECT_TRUE(note->text().contains("exists")) << note->text().toStdString();
    EXPECT_EQ(button->text(), "Replace");
}

/// Figures of an earlier recipe stay while they are those of the recipe that was edited, and of no other.
TEST_F(WindowTest, TheStatusBarKeepsTheFiguresOfTheRecipeThatWasEdited) {
    openSample();
    window.evaluationPanel().setChunks(1);
    const auto evaluate = [&](DType type) {
        session.recipe().setDefaultFormat(Format::of(type));
        window.evaluationPanel().start(EvaluationTarget::Recipe);
        EXPECT_TRUE(awaitIdle(300'000));
        const auto& result = session.evaluation().runs().last().result;
        return perplexityText(result.perplexity.mean, result.perplexity.standardError);
    };
    const QString first = evaluate(DType::kQ4_0), second = evaluate(DType::kQ8_0);
    ASSERT_NE(first, second);
    const auto* totals = find<QLabel>("totals");
    EXPECT_TRUE(totals->text().contains(second));
    session.recipe().undoStack().undo();
    EXPECT_TRUE(totals->text().contains(first)) << totals->text().toStdString();
    session.recipe().setFormat({tensorsOf(TensorRole::kFfnUp).first()}, Format::of(DType::kQ6_K));
    EXPECT_TRUE(totals->text().contains(QStringLiteral("◷ PPL ") + first)) << totals->text().toStdString();
}

TEST_F(WindowTest, ASavedSessionComesBack) {
    openSample();
    session.recipe().setDefaultFormat(Format::of(DType::kQ5_K));
    const auto key = session.recipe().key();
    window.comparePanel().setPrompt("Remember me");
    session.preferences().prompts = {"Remember me"};
    const test::TemporaryFolder folder;
    const QString path = QString::fromStdString((folder.path() / "work.halftone").string());
    session.saveTo(path, {});
    session.close();
    EXPECT_EQ(session.tensorCount(), 0);
    window.openPath(path);
    ASSERT_TRUE(waitUntil([&] { return session.model() != nullptr; }));
    EXPECT_EQ(session.recipe().key(), key);
    EXPECT_EQ(window.comparePanel().options().prompt, "Remember me");
    EXPECT_EQ(session.sessionPath(), path);
}

TEST_F(WindowTest, WorkspacesRememberTheirDocks) {
    openSample();
    for (const auto workspace : {Workspace::Tune, Workspace::Compare, Workspace::Inspect}) {
        window.setWorkspace(workspace);
        EXPECT_EQ(window.docks().workspace(), workspace);
    }
    EXPECT_TRUE(find<QTableView>("tensorTable")->isVisible());
    window.setWorkspace(Workspace::Compare);
    EXPECT_FALSE(find<QTableView>("tensorTable")->isVisible());
    window.docks().resetLayout();
    EXPECT_TRUE(window.comparePanel().isVisible());
}

TEST_F(WindowTest, BothThemesPaintEveryWorkspace) {
    openSample();
    for (const auto theme : {ThemeChoice::Light, ThemeChoice::Dark}) {
        window.chooseTheme(theme);
        for (const auto workspace : {Workspace::Inspect, Workspace::Tune, Workspace::Compare}) {
            window.setWorkspace(workspace);
            const QImage picture = window.grab().toImage();
            // The corner of the menu bar shows the window's own ground.
            const bool dark = qGray(picture.pixel(picture.width() / 2, 4)) < 128;
            EXPECT_EQ(dark, theme == ThemeChoice::Dark);
        }
    }
}

}  // namespace
}  // namespace halftone::app
