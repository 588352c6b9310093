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

TEST(ScatterPlot, TheNameOfThePointInWorkIsShownAtTheEdgeToo) {
    ScatterPlot plot;
    plot.resize(360, 200);
    // A crowd beside the leftmost point: the only room for its long name is above or below, moved inwards.
    plot.setPoints({{0, "allocated, 4.50 bits", {}, 0.40, 0.09, 0, true},
                    {1, "Q2_K", {}, 0.44, 0.1, 0, false},
                    {2, "IQ4_XS", {}, 0.46, 0.08, 0, false},
                    {3, "Q8_0", {}, 0.8, 0.0005, 0, false}});
    plot.replot();
    QStringList shown;
    for (int i = 0; i < plot.itemCount(); ++i) {
        const auto* label = qobject_cast<QCPItemText*>(plot.item(i));
        if (label && label->visible()) shown.append(label->text());
    }
    EXPECT_TRUE(shown.join('|').contains("allocated")) << shown.join('|').toStdString();
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
