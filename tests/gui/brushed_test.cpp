// SPDX-License-Identifier: GPL-3.0-or-later
// Channels of the residual stream that are brushed, in the histogram, the groups and the activation ranges.
#include <QComboBox>
#include <QDockWidget>
#include <QLabel>
#include <QTableView>
#include <QToolButton>

#include <algorithm>

#include "app/panels/calibration/calibration_panel.h"
#include "app/panels/groups/group_panel.h"
#include "app/plots/distribution_plot.h"
#include "app/plots/group_plot.h"
#include "app/plots/range_plot.h"
#include "core/quant/formats/packed_tensor.h"
#include "tests/gui/window_fixture.h"

namespace halftone::app {
namespace {

class BrushedTest : public WindowTest {
  protected:
    void select(TensorRole role, int block = 1) { session.selection().select({tensorsOf(role).at(block)}); }
    void brush(const QList<int>& channels) {
        session.selection().selectChannels(channels);
        ASSERT_TRUE(awaitIdle());
    }
    const DistributionPlot& histogram() { return *find<DistributionPlot>("distributionPlot"); }
    /// Values of the tensor that `wanted` names, by row and column.
    template <typename Wanted>
    FloatHistogram counted(const Wanted& wanted) {
        const auto rows = openRows(session.checkpoint(), session.tensor(session.selection().current())).value();
        FloatHistogram counts;
        std::vector<float> row(size_t(rows->cols()));
        for (int64_t at = 0; at < rows->rows(); ++at) {
            EXPECT_TRUE(rows->readRows(at, 1, row).has_value());
            for (int64_t column = 0; column < rows->cols(); ++column) {
                if (wanted(at, column)) counts.add(row[size_t(column)], 1);
            }
        }
        return counts;
    }
    static void expectSame(const FloatHistogram& a, const FloatHistogram& b) {
        ASSERT_EQ(a.total(), b.total());
        const auto binsA = a.bins(), binsB = b.bins();
        ASSERT_EQ(binsA.size(), binsB.size());
        for (size_t i = 0; i < binsA.size(); ++i) EXPECT_EQ(binsA[i].count, binsB[i].count) << i;
    }
};

TEST_F(BrushedTest, TheHistogramShowsTheirShareOfColumnsOrRows) {
    openSample();
    ASSERT_TRUE(awaitIdle());
    select(TensorRole::kFfnUp);
    EXPECT_EQ(histogram().lit(), nullptr);
    brush({3, 17});
    ASSERT_NE(histogram().lit(), nullptr);
    expectSame(*histogram().lit(), counted([](int64_t, int64_t column) { return column == 3 || column == 17; }));
    EXPECT_TRUE(histogram().csv().startsWith("lower,upper,original,quantized,channels\n"));
    select(TensorRole::kFfnDown);
    ASSERT_TRUE(awaitIdle());
    ASSERT_NE(histogram().lit(), nullptr) << "rows of a layer that adds to the stream";
    expectSame(*histogram().lit(), counted([](int64_t row, int64_t) { return row == 3 || row == 17; }));
    session.recipe().setFormat({session.selection().current()}, Format::of(DType::kQ4_K));
    ASSERT_TRUE(awaitIdle());
    EXPECT_NE(histogram().lit(), nullptr) << "an edit leaves the brush alone";
    brush({});
    EXPECT_EQ(histogram().lit(), nullptr);
    brush({5});
    select(TensorRole::kAttnOutput);
    ASSERT_TRUE(awaitIdle());
    EXPECT_NE(histogram().lit(), nullptr);
    session.selection().select({tensorsOf(TensorRole::kAttnNorm).first()});
    ASSERT_TRUE(awaitIdle());
    EXPECT_EQ(histogram().lit(), nullptr) << "a norm is no matrix";
}

TEST_F(BrushedTest, GroupsSetOffTheColumnsThatBelongToThem) {
    openSample();
    select(TensorRole::kFfnUp);
    session.recipe().setFormat({session.selection().current()}, Format::of(DType::kQ8_0));
    window.docks().panelDock("groups")->raise();
    auto* panel = find<GroupPanel>("groupPanel");
    ASSERT_TRUE(test::waitUntil([&] { return panel->isVisible(); }));
    ASSERT_TRUE(awaitIdle());
    panel->goTo(4, 1);
    ASSERT_TRUE(awaitIdle());
    brush({31, 32, 40, 63, 64});
    const auto* plot = find<GroupPlot>("groupPlot");
    EXPECT_EQ(plot->litPlaces(), (QList<int>{0, 8, 31})) << "group 1 of Q8_0 has columns 32 to 63";
    const auto* values = find<QTableView>("groupValues")->model();
    EXPECT_TRUE(values->index(8, 0).data(Qt::BackgroundRole).isValid());
    EXPECT_FALSE(values->index(9, 0).data(Qt::BackgroundRole).isValid());
    panel->goTo(4, 0);
    ASSERT_TRUE(awaitIdle());
    EXPECT_EQ(plot->litPlaces(), (QList<int>{31}));
    EXPECT_TRUE(values->index(31, 0).data(Qt::BackgroundRole).isValid());
    select(TensorRole::kFfnDown);
    session.recipe().setFormat({session.selection().current()}, Format::of(DType::kQ8_0));
    ASSERT_TRUE(awaitIdle());
    panel->goTo(40, 0);
    ASSERT_TRUE(awaitIdle());
    EXPECT_TRUE(plot->litPlaces().isEmpty()) << "its columns are no channels of the stream, its rows are";
    const auto captions = panel->findChildren<QLabel*>();
    EXPECT_TRUE(std::ranges::any_of(captions, [](auto* label) { return label->text().contains("selected channel"); }));
}

TEST_F(BrushedTest, RangesShowTheirMaximaAndOpenOnTheMostStrikingLayer) {
    openSample();
    ASSERT_TRUE(awaitIdle());
    window.calibrationPanel().start();
    ASSERT_TRUE(awaitIdle());
    window.docks().panelDock("ranges")->raise();
    auto* roles = find<QComboBox>("rangeRole");
    ASSERT_TRUE(test::waitUntil([&] { return roles->isVisible(); }));
    const auto striking = [&](TensorRole role) {
        double most = 0;
        for (const int tensor : tensorsOf(role)) {
            const auto bands = bandsOf(session.calibration().of(tensor)->summary.colAbsMax);
            most = std::max(most, bands->most() / bands->median());
        }
        return most;
    };
    const auto shown = TensorRole(roles->currentData().toInt());
    for (int i = 0; i < roles->count(); ++i)
        EXPECT_GE(striking(shown), striking(TensorRole(roles->itemData(i).toInt())))
            << roles->itemText(i).toStdString();
    find<QToolButton>("rangeChannels")->click();
    select(TensorRole::kAttnQ);
    brush({2, 9});
    const auto& columns = find<RangePlot>("rangePlot")->columns();
    ASSERT_FALSE(columns.isEmpty());
    for (const auto& column : columns) {
        const auto& maxima = session.calibration().of(column.tensor)->summary.colAbsMax;
        ASSERT_EQ(column.lit.size(), 2);
        EXPECT_EQ(column.lit[1], std::pair(9, double(maxima[9])));
    }
    select(TensorRole::kFfnDown);
    EXPECT_TRUE(find<RangePlot>("rangePlot")->columns().first().lit.isEmpty())
        << "its inputs are no channels of the stream";
}

}  // namespace
}  // namespace halftone::app
