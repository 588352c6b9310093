// SPDX-License-Identifier: GPL-3.0-or-later
// BLEU and ROUGE-L over the prompts of the list, in the table of runs, its CSV, the report and the session file.
#include <QTableView>
#include <QToolButton>

#include "app/models/run_table_model.h"
#include "app/panels/compare/compare_panel.h"
#include "app/panels/evaluation/evaluation_panel.h"
#include "app/report/report.h"
#include "core/project/session_file.h"
#include "tests/gui/window_fixture.h"

namespace halftone::app {
namespace {

class OverlapTest : public WindowTest {
  protected:
    void measure(int tokens = 12) {
        OverlapOptions options{{"In the beginning", "", "And Moses said"}, false, {}};
        options.generate.maxTokens = tokens;
        options.generate.sampling.temperature = 0;
        session.overlap().start(options);
        ASSERT_TRUE(session.overlap().isRunning());
        ASSERT_TRUE(awaitIdle());
    }
    void evaluate() {
        window.evaluationPanel().setChunks(1);
        window.evaluationPanel().start(EvaluationTarget::Recipe);
        ASSERT_TRUE(awaitIdle());
    }
    [[nodiscard]] QString shown(int row, int column) {
        return find<QTableView>("runTable")->model()->index(row, column).data().toString();
    }
};

TEST_F(OverlapTest, BelongsToTheRunsOfTheSameWeights) {
    openSample();
    session.recipe().setDefaultFormat(Format::parse("q2_k").value());
    evaluate();
    const int row = int(session.evaluation().runs().size()) - 1;
    EXPECT_FALSE(session.evaluation().runs()[row].overlap);
    measure();
    const auto& run = session.evaluation().runs()[row];
    ASSERT_TRUE(run.overlap);
    EXPECT_EQ(run.overlap->prompts, 2) << "an empty prompt is none";
    EXPECT_GT(run.overlap->rougeL, 0);
    EXPECT_LT(run.overlap->bleu, 1) << "two bits write other texts";
    EXPECT_EQ(shown(row, RunTableModel::Bleu), QString::number(run.overlap->bleu, 'f', 3));
    EXPECT_EQ(shown(row, RunTableModel::RougeL), QString::number(run.overlap->rougeL, 'f', 3));
    EXPECT_FALSE(session.evaluation().runs().first().overlap) << "the original is what is compared with";
    const QString csv = qobject_cast<RunTableModel*>(find<QTableView>("runTable")->model())->csv();
    const auto lines = csv.split('\n', Qt::SkipEmptyParts);
    const auto place = lines.first().split(',').indexOf("bleu");
    ASSERT_GE(place, 0);
    EXPECT_EQ(lines.last().split(',').at(place).toDouble(), QString::number(run.overlap->bleu, 'g', 9).toDouble());
    EXPECT_TRUE(reportHtml(session).contains("ROUGE-L"));
    EXPECT_TRUE(reportHtml(session).contains(shown(row, RunTableModel::Bleu)));
    const auto kept = session.snapshot({}).runs.back();
    EXPECT_EQ(kept.bleu, run.overlap->bleu);
    EXPECT_EQ(kept.rougeL, run.overlap->rougeL);

    session.recipe().setDefaultFormat(Format::parse("q8_0").value());
    evaluate();
    EXPECT_FALSE(session.evaluation().runs().last().overlap) << "other weights, other texts";
    session.recipe().undoStack().undo();
    evaluate();
    EXPECT_TRUE(session.evaluation().runs().last().overlap) << "the weights are those that were measured";
}

TEST_F(OverlapTest, AnUnchangedModelWritesTheSame) {
    openSample();
    session.recipe().setDefaultFormat(Format::of(DType::kBF16));
    measure();
    evaluate();
    const auto& run = session.evaluation().runs().last();
    ASSERT_TRUE(run.overlap);
    EXPECT_EQ(run.overlap->bleu, 1);
    EXPECT_EQ(run.overlap->rougeL, 1);
}

TEST_F(OverlapTest, TheButtonMeasuresTheListAndStops) {
    openSample();
    window.setWorkspace(Workspace::Compare);
    auto* button = find<QToolButton>("measureAllPrompts");
    EXPECT_FALSE(button->isEnabled()) << "nothing is changed yet";
    session.recipe().setDefaultFormat(Format::of(DType::kQ4_0));
    ASSERT_TRUE(awaitIdle());
    EXPECT_TRUE(button->isEnabled());
    button->click();
    ASSERT_TRUE(session.overlap().isRunning());
    ASSERT_TRUE(test::waitUntil([&] { return button->text() == "Stop measuring"; }));
    button->click();
    ASSERT_TRUE(awaitIdle());
    EXPECT_TRUE(test::waitUntil([&] { return button->text() == "Measure on all prompts"; }));
    EXPECT_EQ(errorCount(), 0);
}

}  // namespace
}  // namespace halftone::app
