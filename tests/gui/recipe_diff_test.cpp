// SPDX-License-Identifier: GPL-3.0-or-later
#include <QAbstractItemModelTester>
#include <QComboBox>
#include <QLabel>
#include <QTableView>

#include "app/dialogs/recipe_diff_dialog.h"
#include "app/models/recipe_diff_model.h"
#include "app/panels/evaluation/evaluation_panel.h"
#include "app/session/resources.h"
#include "tests/gui/window_fixture.h"

namespace halftone::app {
namespace {

class RecipeDiffTest : public WindowTest {
  protected:
    void open(int run = -1) {
        window.compareRecipes(run);
        dialog = window.findChild<RecipeDiffDialog*>();
        ASSERT_TRUE(dialog);
        model = qobject_cast<RecipeDiffModel*>(dialog->findChild<QTableView*>("diffTable")->model());
        ASSERT_TRUE(model);
        tester =
            std::make_unique<QAbstractItemModelTester>(model, QAbstractItemModelTester::FailureReportingMode::Fatal);
    }
    [[nodiscard]] QString summary() const { return dialog->findChild<QLabel*>("diffSummary")->text(); }

    RecipeDiffDialog* dialog = nullptr;
    RecipeDiffModel* model = nullptr;
    std::unique_ptr<QAbstractItemModelTester> tester;
};

TEST_F(RecipeDiffTest, ARunAgainstTheRecipeInWork) {
    openSample();
    window.evaluationPanel().setChunks(1);
    session.recipe().apply(Recipe::pure(Format::of(DType::kQ4_0)));
    window.evaluationPanel().start(EvaluationTarget::Recipe);
    ASSERT_TRUE(awaitIdle());
    const auto downs = tensorsOf(TensorRole::kFfnDown);
    session.recipe().setFormat({downs[0], downs[3]}, Format::of(DType::kQ8_0));
    ASSERT_TRUE(awaitIdle());
    // The live evaluation has measured the edit, too: the run meant is the one before.
    open(1);
    ASSERT_EQ(model->rowCount(), 2);
    EXPECT_EQ(model->index(0, RecipeDiffModel::Before).data().toString(), "Q4_0");
    EXPECT_EQ(model->index(0, RecipeDiffModel::After).data().toString(), "Q8_0");
    EXPECT_TRUE(model->index(0, RecipeDiffModel::Added).data().toString().startsWith('+'));
    EXPECT_TRUE(summary().contains("2 tensors are stored differently")) << summary().toStdString();
    EXPECT_TRUE(summary().contains("KLD")) << "of the run as a whole";
    int64_t added = 0;
    for (const auto& difference : model->differences()) added += difference.addedBytes();
    const auto& totals = session.recipe().resolved().totals;
    EXPECT_EQ(added, totals.bytes - session.evaluation().runs()[1].bytes);
    auto* table = dialog->findChild<QTableView*>("diffTable");
    EXPECT_TRUE(table->isColumnHidden(RecipeDiffModel::KldAfter)) << "no tensor was tried alone";
    emit table->clicked(model->index(1, 0));
    EXPECT_EQ(session.selection().current(), model->differences()[1].tensor);
    session.recipe().undoStack().undo();
    EXPECT_EQ(model->rowCount(), 0) << "follows the recipe in work";
    EXPECT_TRUE(summary().contains("Both store every tensor alike"));
}

TEST_F(RecipeDiffTest, AFileAgainstTheOriginalAndWhatTensorsAreWorthAlone) {
    openSample();
    window.evaluationPanel().setChunks(1);
    const int value = tensorsOf(TensorRole::kAttnV)[1];
    session.recipe().setFormat({value}, Format::of(DType::kQ4_K));
    window.evaluationPanel().startSensitivity();
    ASSERT_TRUE(awaitIdle());
    open();
    dialog->addFile(resourcePath(QStringLiteral("presets/int3_trial.recipe")));
    auto* before = dialog->findChild<QComboBox*>("diffBefore");
    before->setCurrentIndex(1);
    EXPECT_GT(model->rowCount(), 20) << "the trial changes most tensors of the original";
    EXPECT_EQ(dialog->findChild<QComboBox*>("diffAfter")->currentText(), "int3_trial.recipe");
    before->setCurrentIndex(0);
    dialog->findChild<QComboBox*>("diffAfter")->setCurrentIndex(1);
    ASSERT_EQ(model->rowCount(), 1) << "the recipe in work against the original";
    ASSERT_TRUE(model->differences()[0].kldBefore);
    EXPECT_EQ(model->differences()[0].kldBefore->mean, session.value(Measure::Sensitivity, value));
    EXPECT_FALSE(dialog->findChild<QTableView*>("diffTable")->isColumnHidden(RecipeDiffModel::KldBefore));
    dialog->addFile(QStringLiteral("/no such folder/x.recipe"));
    EXPECT_EQ(errorCount(), 1);
    session.close();
    EXPECT_FALSE(window.findChild<RecipeDiffDialog*>() && window.findChild<RecipeDiffDialog*>()->isVisible());
}

TEST_F(RecipeDiffTest, BytesHaveASign) {
    EXPECT_EQ(addedBytesText(0), "0\u00a0B");
    EXPECT_EQ(addedBytesText(1'200'000), "+1.20\u00a0MB");
    EXPECT_EQ(addedBytesText(-300), "−300\u00a0B");
}

}  // namespace
}  // namespace halftone::app
