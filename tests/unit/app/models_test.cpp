// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>

#include <QAbstractItemModelTester>
#include <QSignalSpy>

#include "app/models/export_plan_model.h"
#include "app/models/message_model.h"
#include "app/models/problem_model.h"
#include "app/models/rule_table_model.h"
#include "app/models/run_table_model.h"
#include "app/models/tensor_filter_model.h"
#include "app/models/tensor_table_model.h"
#include "app/session/session.h"
#include "tests/support/test_paths.h"
#include "tests/unit/app/wait_until.h"

namespace halftone::app {
namespace {

using test::waitUntil;
constexpr auto kFatal = QAbstractItemModelTester::FailureReportingMode::Fatal;

class ModelsTest : public ::testing::Test {
  protected:
    void open() {
        session.open(QString::fromStdString((test::sourceDir() / "resources/sample").string()));
        ASSERT_TRUE(waitUntil([&] { return session.checkpoint() != nullptr; }));
    }
    void awaitStatistics() {
        ASSERT_TRUE(waitUntil([&] { return session.statistics().readyCount() == session.tensorCount(); }));
    }
    Session session;
};

TEST_F(ModelsTest, TensorTableKeepsTheContractWhileEverythingArrives) {
    TensorTableModel model(session);
    TensorFilterModel filter(session);
    filter.setSourceModel(&model);
    const QAbstractItemModelTester tester(&model, kFatal), filterTester(&filter, kFatal);
    EXPECT_EQ(model.rowCount(), 0);
    open();
    EXPECT_EQ(model.rowCount(), session.tensorCount()) << "rows before any statistics";
    awaitStatistics();
    session.recipe().setDefaultFormat(Format::of(DType::kQ4_K));
    ASSERT_TRUE(waitUntil([&] { return session.jobs().isIdle(); }));
    filter.sort(TensorTableModel::Kurtosis, Qt::DescendingOrder);
    session.close();
    EXPECT_EQ(model.rowCount(), 0);
}

TEST_F(ModelsTest, StatisticsAreAnnouncedRowByRow) {
    TensorTableModel model(session);
    QSignalSpy spy(&model, &QAbstractItemModel::dataChanged);
    open();
    awaitStatistics();
    QList<int> single;
    for (const auto& call : spy) {
        const auto top = call[0].toModelIndex(), bottom = call[1].toModelIndex();
        if (top.row() == bottom.row()) single.append(top.row());
    }
    for (int row = 0; row < model.rowCount(); ++row) EXPECT_TRUE(single.contains(row)) << row;
}

TEST_F(ModelsTest, AFormatSetInOneSelectedRowAppliesToAllSelected) {
    open();
    TensorTableModel model(session);
    QList<int> quantizable;
    for (int i = 0; i < session.tensorCount(); ++i) {
        if (session.tensor(i).isQuantizable()) quantizable.append(i);
    }
    const QList<int> chosen = quantizable.mid(0, 3);
    session.selection().select(chosen);
    EXPECT_TRUE(model.setData(model.index(chosen[1], TensorTableModel::FormatColumn), "q8_0", Qt::EditRole));
    for (const int tensor : chosen)
        EXPECT_EQ(model.index(tensor, TensorTableModel::FormatColumn).data().toString(), "Q8_0");
    EXPECT_EQ(session.recipe().undoStack().count(), 1);
    EXPECT_TRUE(model.setData(model.index(quantizable[4], TensorTableModel::FormatColumn), "q4_k", Qt::EditRole));
    EXPECT_EQ(model.index(chosen[0], TensorTableModel::FormatColumn).data().toString(), "Q8_0")
        << "outside the selection: alone";
    EXPECT_FALSE(model.setData(model.index(chosen[0], TensorTableModel::FormatColumn), "q99", Qt::EditRole));
}

TEST_F(ModelsTest, TheMethodColumnShowsAndSetsMethods) {
    open();
    TensorTableModel model(session);
    const QAbstractItemModelTester tester(&model, kFatal);
    QList<int> quantizable;
    for (int i = 0; i < session.tensorCount(); ++i) {
        if (session.tensor(i).isQuantizable()) quantizable.append(i);
    }
    const QList<int> chosen = quantizable.mid(0, 3);
    const auto cell = [&](int tensor) { return model.index(tensor, TensorTableModel::MethodColumn); };
    EXPECT_FALSE(model.flags(cell(chosen[0])) & Qt::ItemIsEditable) << "it stays as stored";
    session.recipe().setDefaultFormat(Format::parse("int4_g64_asym").value());
    EXPECT_EQ(cell(chosen[0]).data().toString(), "Nearest");
    EXPECT_TRUE(cell(chosen[0]).data(TensorTableModel::MutedRole).toBool());
    session.selection().select(chosen);
    EXPECT_TRUE(model.setData(cell(chosen[1]), "mse:steps=40", Qt::EditRole));
    for (const int tensor : chosen) {
        EXPECT_EQ(cell(tensor).data().toString(), "MSE clipping (steps 40)");
        EXPECT_EQ(cell(tensor).data(Qt::EditRole).toString(), "mse:steps=40");
        EXPECT_FALSE(cell(tensor).data(TensorTableModel::MutedRole).toBool());
        EXPECT_TRUE(cell(tensor).data(TensorTableModel::OverrideRole).toBool());
    }
    EXPECT_EQ(cell(quantizable[4]).data().toString(), "Nearest");
    EXPECT_FALSE(model.setData(cell(chosen[0]), "gptp", Qt::EditRole));
    TensorFilterModel filter(session);
    filter.setSourceModel(&model);
    EXPECT_FALSE(filter.setExpression("method=mse"));
    EXPECT_EQ(filter.rowCount(), 3) << "whatever its parameters";
    EXPECT_TRUE(model.setData(cell(chosen[0]), QString(), Qt::EditRole));
    EXPECT_EQ(cell(chosen[1]).data().toString(), "Nearest") << "as the rules say again";
}

TEST_F(ModelsTest, AMethodThatMakesNoSenseForTheFormatSaysWhy) {
    open();
    TensorTableModel model(session);
    session.recipe().apply(Recipe::pure(Format::of(DType::kQ4_K), MethodChoice::parse("hqq").value()));
    int checked = 0;
    for (int i = 0; i < session.tensorCount(); ++i) {
        if (!session.recipe().resolvedTensor(i)->quantizable) continue;
        const auto index = model.index(i, TensorTableModel::MethodColumn);
        EXPECT_EQ(index.data().toString(), "Nearest");
        EXPECT_TRUE(index.data(TensorTableModel::FallbackRole).toBool());
        EXPECT_TRUE(index.data(Qt::ToolTipRole).toString().contains("HQQ"))
            << qPrintable(index.data(Qt::ToolTipRole).toString());
        ++checked;
    }
    EXPECT_GT(checked, 0);
}

TEST_F(ModelsTest, AFallbackSaysWhy) {
    HT_SHARED_OR_SKIP(folder, "models/stories260K");  // rows of 64: no K-quant divides them
    session.open(QString::fromStdString(folder.string()));
    ASSERT_TRUE(waitUntil([&] { return session.checkpoint() != nullptr; }));
    TensorTableModel model(session);
    session.recipe().setDefaultFormat(Format::of(DType::kQ4_K));
    int checked = 0;
    for (int i = 0; i < session.tensorCount(); ++i) {
        const auto* resolved = session.recipe().resolvedTensor(i);
        if (!resolved->quantizable || !resolved->fellBack()) continue;
        const auto index = model.index(i, TensorTableModel::FormatColumn);
        EXPECT_TRUE(index.data(TensorTableModel::FallbackRole).toBool());
        EXPECT_TRUE(index.data(Qt::ToolTipRole).toString().contains("Q4_K"));
        ++checked;
    }
    EXPECT_GT(checked, 0);
}

TEST_F(ModelsTest, FilterFindsRowsAndKeepsTheLastGoodExpression) {
    open();
    awaitStatistics();
    TensorTableModel model(session);
    TensorFilterModel filter(session);
    filter.setSourceModel(&model);
    EXPECT_FALSE(filter.setExpression("role=ffn_down"));
    const int downs = filter.rowCount();
    EXPECT_GT(downs, 0);
    EXPECT_LT(downs, model.rowCount());
    EXPECT_TRUE(filter.setExpression("role=ffn_down && "));
    EXPECT_EQ(filter.rowCount(), downs);
    EXPECT_FALSE(filter.setExpression("kurtosis>0 && block=0"));
    EXPECT_GT(filter.rowCount(), 0);
}

TEST_F(ModelsTest, SortingIsNaturalAndNumeric) {
    open();
    awaitStatistics();
    TensorTableModel model(session);
    TensorFilterModel filter(session);
    filter.setSourceModel(&model);
    filter.sort(TensorTableModel::Size, Qt::DescendingOrder);
    double last = 1e300;
    for (int row = 0; row < filter.rowCount(); ++row) {
        const double size = filter.index(row, TensorTableModel::Size).data(TensorTableModel::SortRole).toDouble();
        EXPECT_LE(size, last);
        last = size;
    }
}

TEST_F(ModelsTest, SmallModelsKeepTheContract) {
    open();
    RuleTableModel rules(session.recipe());
    MessageModel messages(session.messages());
    ProblemModel problems;
    ExportPlanModel plan;
    RunTableModel runs(session.evaluation());
    const QAbstractItemModelTester a(&rules, kFatal), b(&messages, kFatal), c(&problems, kFatal), d(&plan, kFatal),
        e(&runs, kFatal);
    session.recipe().addRule(RecipeRule{{{TensorRole::kAttnV}, 0, 3, "weight$"}, Format::of(DType::kQ6_K)});
    EXPECT_EQ(rules.index(0, RuleTableModel::Roles).data().toString(), "attn_v");
    EXPECT_EQ(rules.index(0, RuleTableModel::Blocks).data().toString(), "0–3");
    EXPECT_EQ(rules.index(0, RuleTableModel::MethodColumn).data().toString(), "default");
    RecipeRule other;
    other.format = Format::of(DType::kQ6_K);
    other.method = MethodChoice::parse("awq:clip=0").value();
    session.recipe().replaceRule(0, other);
    EXPECT_EQ(rules.index(0, RuleTableModel::MethodColumn).data().toString(), "AWQ (clip 0)");
    session.messages().warn(QStringLiteral("Something is odd."), "details");
    EXPECT_TRUE(messages.fullText(messages.rowCount() - 1).contains("details"));
    session.messages().clear();
    EXPECT_EQ(messages.rowCount(), 0);
    problems.setProblems(
        {{RecipeProblem::Severity::kNote, "note", ""}, {RecipeProblem::Severity::kError, "error", ""}});
    EXPECT_EQ(problems.index(0).data().toString(), "error") << "worst first";
    problems.setProblems({{RecipeProblem::Severity::kNote, "a.weight takes Q5_0 instead.", "a.weight"},
                          {RecipeProblem::Severity::kNote, "b.weight takes Q5_0 instead.", "b.weight"},
                          {RecipeProblem::Severity::kNote, "c.weight takes Q8_0 instead.", "c.weight"}});
    ASSERT_EQ(problems.rowCount(), 2) << "what holds for several tensors is said once";
    EXPECT_EQ(problems.index(0).data().toString(), "a.weight takes Q5_0 instead. (and 1 more)");
    EXPECT_EQ(problems.tensorsOf(0), QStringList({"a.weight", "b.weight"}));
    ExportPlan made;
    made.tensors.resize(3);
    plan.setPlan(made);
    EXPECT_EQ(plan.rowCount(), 3);
    RecordedRun withCache;
    withCache.protocol = "p512, cache q8_0";
    session.evaluation().restoreRuns({RecordedRun{}, withCache});
    EXPECT_EQ(runs.rowCount(), 2);
    EXPECT_EQ(runs.csv().count('\n'), 3);
    EXPECT_TRUE(runs.csv().contains("\"p512, cache q8_0\"")) << "a comma stays in its cell";
}

TEST_F(ModelsTest, ACancelledErrorIsNoMessage) {
    session.messages().clear();
    session.messages().fail(QStringLiteral("Job"), Error{ErrorCode::kCancelled, "The job was cancelled.", {}});
    EXPECT_TRUE(session.messages().messages().isEmpty());
}

}  // namespace
}  // namespace halftone::app
