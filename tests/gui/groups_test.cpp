// SPDX-License-Identifier: GPL-3.0-or-later
#include <QAbstractItemModelTester>
#include <QComboBox>
#include <QDockWidget>
#include <QLabel>
#include <QPushButton>
#include <QSpinBox>
#include <QTableView>
#include <QToolButton>

#include <algorithm>
#include <cmath>

#include "app/models/group_rank_model.h"
#include "app/models/group_value_model.h"
#include "app/models/row_group_model.h"
#include "app/panels/groups/group_panel.h"
#include "app/plots/group_plot.h"
#include "app/widgets/state_stack.h"
#include "core/quant/formats/packed_tensor.h"
#include "tests/gui/window_fixture.h"

namespace halftone::app {
namespace {

using test::waitUntil;

class GroupsTest : public WindowTest {
  protected:
    void openGroups(const Format& format, TensorRole role = TensorRole::kFfnDown) {
        openSample();
        tensor = tensorsOf(role).at(1);
        session.selection().select({tensor});
        session.recipe().setFormat({tensor}, format);
        window.docks().panelDock("groups")->raise();
        panel = find<GroupPanel>("groupPanel");
        ASSERT_TRUE(waitUntil([&] { return panel->isVisible(); }));
        for (const char* name : {"worstGroups", "rowGroups", "groupParts", "groupValues"})
            testers.push_back(std::make_unique<QAbstractItemModelTester>(
                find<QTableView>(name)->model(), QAbstractItemModelTester::FailureReportingMode::Fatal));
        ASSERT_TRUE(awaitIdle());
    }
    [[nodiscard]] QString cell(const char* table, int row, int column) {
        return find<QTableView>(table)->model()->index(row, column).data().toString();
    }
    [[nodiscard]] int row() { return find<QSpinBox>("groupRow")->value(); }
    [[nodiscard]] int group() { return find<QSpinBox>("groupNumber")->value(); }
    [[nodiscard]] const GroupRankModel& worst() {
        return *qobject_cast<GroupRankModel*>(find<QTableView>("worstGroups")->model());
    }

    int tensor = -1;
    GroupPanel* panel = nullptr;
    std::vector<std::unique_ptr<QAbstractItemModelTester>> testers;
};

TEST_F(GroupsTest, TheWorstGroupIsShownWithItsSubBlocksCodesAndValues) {
    openGroups(Format::of(DType::kQ4_K));
    const auto& entries = worst().entries();
    ASSERT_FALSE(entries.empty());
    EXPECT_EQ(row(), entries[0].row);
    EXPECT_EQ(group(), entries[0].group);
    EXPECT_EQ(find<QTableView>("groupParts")->model()->rowCount(), 8) << "sub-blocks of a Q4_K block";
    auto* values = find<QTableView>("groupValues")->model();
    ASSERT_EQ(values->rowCount(), 256);
    const auto rows = openRows(session.checkpoint(), session.tensor(tensor));
    HT_ASSERT_OK(rows);
    std::vector<float> original(size_t((*rows)->cols()));
    HT_ASSERT_OK((*rows)->readRows(entries[0].row, 1, original));
    auto* plot = find<GroupPlot>("groupPlot");
    EXPECT_GE(plot->drawnLevels(), 8) << "each sub-block has its levels";
    EXPECT_LE(plot->drawnLevels(), 8 * 16);
    const QStringList lines = plot->csv().split('\n', Qt::SkipEmptyParts);
    ASSERT_EQ(lines.size(), 257);
    double squared = 0;
    for (int i = 0; i < 256; ++i) {
        const QStringList cells = lines[i + 1].split(',');
        const auto column = size_t(cells[1].toInt());
        EXPECT_EQ(cells[3].toFloat(), original[column]);
        EXPECT_TRUE(cells[2].toInt() >= 0 && cells[2].toInt() < 16);
        squared += std::pow(cells[4].toDouble() - cells[3].toDouble(), 2);
    }
    EXPECT_NEAR(squared / entries[0].squaredError, 1, 1e-5);
    EXPECT_EQ(errorCount(), 0);
}

TEST_F(GroupsTest, NAndPWalkAlongTheWorstGroups) {
    openGroups(Format::of(DType::kQ4_0));
    const auto entries = worst().entries();
    ASSERT_GE(entries.size(), 3u);
    const auto isAt = [&](size_t place) {
        return waitUntil([&] { return row() == entries[place].row && group() == entries[place].group; });
    };
    ASSERT_TRUE(isAt(0));
    window.activateWindow();
    find<QTableView>("groupValues")->setFocus();
    QTest::keyClick(find<QTableView>("groupValues"), Qt::Key_N);
    EXPECT_TRUE(isAt(1));
    QTest::keyClick(find<QTableView>("groupValues"), Qt::Key_N);
    EXPECT_TRUE(isAt(2));
    QTest::keyClick(find<QTableView>("groupValues"), Qt::Key_P);
    EXPECT_TRUE(isAt(1));
    find<QToolButton>("previousGroup")->click();
    EXPECT_TRUE(isAt(0));
    find<QToolButton>("previousGroup")->click();
    EXPECT_TRUE(isAt(0)) << "the list has an end";
    // A click into the list goes there as well.
    auto* table = find<QTableView>("worstGroups");
    const QRect cellRect = table->visualRect(table->model()->index(2, 0));
    QTest::mouseClick(table->viewport(), Qt::LeftButton, {}, cellRect.center());
    EXPECT_TRUE(isAt(2));
}

TEST_F(GroupsTest, ARowAndAGroupAreReachedByNumber) {
    openGroups(Format::parse("int4_g32_asym").value());
    find<QSpinBox>("groupRow")->setValue(17);
    find<QSpinBox>("groupNumber")->setValue(3);
    ASSERT_TRUE(awaitIdle());
    EXPECT_EQ(row(), 17);
    EXPECT_EQ(group(), 3);
    EXPECT_EQ(cell("groupValues", 0, GroupValueModel::ColumnNumber), "96");
    find<QToolButton>("showRowGroups")->click();
    auto* table = find<QTableView>("rowGroups");
    EXPECT_TRUE(table->isVisible());
    EXPECT_EQ(table->model()->rowCount(), session.tensor(tensor).cols() / 32);
    EXPECT_NE(cell("rowGroups", 3, RowGroupModel::Zero), "—") << "the stored zero point";
    QTest::mouseClick(table->viewport(), Qt::LeftButton, {}, table->visualRect(table->model()->index(1, 0)).center());
    EXPECT_TRUE(waitUntil([&] { return group() == 1; }));
    EXPECT_EQ(row(), 17);
}

TEST_F(GroupsTest, TheListCanBeSortedByAnotherMeasure) {
    openGroups(Format::of(DType::kQ3_K));
    auto* measure = find<QComboBox>("groupMeasure");
    for (int choice = 0; choice < measure->count(); ++choice) {
        measure->setCurrentIndex(choice);
        const auto by = GroupMeasure(measure->currentData().toInt());
        const auto& entries = worst().entries();
        ASSERT_GT(entries.size(), 1u);
        for (size_t i = 1; i < entries.size(); ++i) ASSERT_GE(entries[i - 1].value(by), entries[i].value(by));
    }
}

TEST_F(GroupsTest, AnEditOfTheFormatKeepsThePlaceAndShowsTheNewCodes) {
    openGroups(Format::of(DType::kQ4_0));
    find<QSpinBox>("groupRow")->setValue(5);
    ASSERT_TRUE(awaitIdle());
    session.recipe().setFormat({tensor}, Format::of(DType::kQ8_0));
    ASSERT_TRUE(awaitIdle());
    EXPECT_EQ(row(), 5);
    int lowest = 0;
    auto* values = find<QTableView>("groupValues")->model();
    for (int i = 0; i < values->rowCount(); ++i)
        lowest = std::min(lowest, values->index(i, GroupValueModel::Code).data().toInt());
    EXPECT_LT(lowest, 0) << "codes of Q8_0 are signed";
}

TEST_F(GroupsTest, EveryFamilyIsShown) {
    openGroups(Format::parse("nf4_g64").value());
    for (const char* name : {"kmeans4_channel", "int8_channel_sym", "mxfp4", "fp8_e4m3_b128x128", "q6_k", "tq1_0"}) {
        const Format format = Format::parse(name).value();
        session.recipe().setFormat({tensor}, format);
        ASSERT_TRUE(awaitIdle());
        const int64_t size = format.groupSize() > 0 ? format.groupSize() : session.tensor(tensor).cols();
        EXPECT_EQ(find<QTableView>("groupValues")->model()->rowCount(), size) << name;
        EXPECT_FALSE(worst().entries().empty()) << name;
        EXPECT_EQ(errorCount(), 0) << name;
    }
}

TEST_F(GroupsTest, WhatHasNoGroupsSaysWhyAndHowToGetSome) {
    openGroups(Format::of(DType::kF16));
    auto* stack = panel->findChild<StateStack*>();
    ASSERT_TRUE(stack);
    EXPECT_EQ(stack->currentIndex(), 1) << "F16 has no groups";
    session.recipe().undoStack().undo();
    ASSERT_TRUE(awaitIdle());
    auto* give = panel->findChild<QPushButton*>();
    ASSERT_TRUE(give && give->isVisible());
    give->click();
    EXPECT_EQ(session.recipe().resolvedTensor(tensor)->format, Format::of(DType::kQ4_K));
    ASSERT_TRUE(awaitIdle());
    EXPECT_EQ(stack->currentIndex(), 0);
    EXPECT_FALSE(worst().entries().empty());
    session.selection().clear();
    EXPECT_EQ(stack->currentIndex(), 1);
    session.close();
    EXPECT_EQ(stack->currentIndex(), 1);
}

TEST_F(GroupsTest, RankingStopsAndGoesOnFromTheButton) {
    openGroups(Format::of(DType::kQ2_K));
    const auto before = worst().entries().size();
    panel->startOrStopRanking();
    panel->startOrStopRanking();
    ASSERT_TRUE(awaitIdle());
    EXPECT_EQ(worst().entries().size(), before) << "what was found stays";
    panel->startOrStopRanking();
    ASSERT_TRUE(awaitIdle());
    EXPECT_EQ(worst().ranking().seenRows, worst().ranking().rows);
}

}  // namespace
}  // namespace halftone::app
