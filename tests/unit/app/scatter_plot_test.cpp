// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/plots/scatter_plot.h"

#include <gtest/gtest.h>

#include <QSignalSpy>
#include <QTest>

namespace halftone::app {
namespace {

TEST(ScatterPlot, TheFrontKeepsWhatNoOtherPointBeats) {
    const QList<ScatterPoint> points{{0, "large", {}, 8, 0.001},
                                     {1, "beaten", {}, 6, 0.02},
                                     {2, "small", {}, 3, 0.05},
                                     {3, "middle", {}, 5, 0.01},
                                     {4, "as small, worse", {}, 3, 0.06}};
    EXPECT_EQ(paretoFront(points), QList<int>({2, 3, 0}));
    EXPECT_TRUE(paretoFront({}).isEmpty());
}

TEST(ScatterPlot, AClickOnAPointPicksIt) {
    ScatterPlot plot;
    plot.resize(400, 240);
    plot.setPoints({{7, "a", {}, 2, 0.01, 0.001, false}, {9, "b", {}, 4, 0.001, 0.0001, true}}, 1e-7, 8);
    plot.replot();
    QSignalSpy picked(&plot, &ScatterPlot::picked);
    QTest::mouseClick(&plot, Qt::LeftButton, {}, plot.pixelOf(1).toPoint());
    ASSERT_EQ(picked.size(), 1);
    EXPECT_EQ(picked.first().first().toInt(), 9);
    QTest::mouseClick(&plot, Qt::LeftButton, {}, (plot.pixelOf(0) + plot.pixelOf(1)).toPoint() / 2);
    EXPECT_EQ(picked.size(), 1) << "between the points there is nothing to pick";
    EXPECT_EQ(plot.csv().count('\n'), 3);
}

TEST(ScatterPlot, AnExactChoiceHasAPlaceOnTheLogarithmicAxis) {
    ScatterPlot plot;
    plot.resize(400, 240);
    plot.setPoints({{0, "exact", {}, 8, 0, 0, true}});
    plot.replot();
    EXPECT_TRUE(plot.axisRect()->rect().contains(plot.pixelOf(0).toPoint()));
}

}  // namespace
}  // namespace halftone::app
