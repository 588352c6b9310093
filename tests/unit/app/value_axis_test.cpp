// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/plots/value_axis.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace halftone::app {
namespace {

QStringList labelsOf(const QList<AxisTick>& ticks) {
    QStringList labels;
    for (const auto& tick : ticks) labels << tick.label;
    return labels;
}

TEST(ValueAxis, IsLinearUnlessAsked) {
    const ValueAxis axis;
    EXPECT_FALSE(axis.isLogarithmic());
    EXPECT_EQ(axis.placeOf(-3.5), -3.5);
    EXPECT_EQ(axis.valueAt(7), 7);
    EXPECT_EQ(axis.binEdges(0, 1, 4), (std::vector<double>{0, 0.25, 0.5, 0.75, 1}));
}

TEST(ValueAxis, ASymmetricLogarithmKeepsSignsAndOrderAndComesBack) {
    const auto axis = ValueAxis::symmetricLog(0.02);
    EXPECT_EQ(axis.placeOf(0), 0);
    EXPECT_NEAR(axis.placeOf(0.02), std::log10(2), 1e-12);
    EXPECT_NEAR(axis.placeOf(2e6) - axis.placeOf(2e5), 1, 1e-6) << "a decade far out";
    EXPECT_NEAR(axis.placeOf(2e-6) / axis.placeOf(1e-6), 2, 1e-3) << "linear around 0";
    double last = -INFINITY;
    for (const double value : {-40.0, -0.5, -0.02, -1e-9, 0.0, 1e-9, 0.02, 0.5, 40.0}) {
        const double place = axis.placeOf(value);
        EXPECT_GT(place, last);
        EXPECT_NEAR(axis.valueAt(place), value, 1e-12 * (1 + std::abs(value)));
        EXPECT_EQ(axis.placeOf(-value), -place);
        last = place;
    }
    const auto edges = axis.binEdges(axis.placeOf(-4), axis.placeOf(4), 10);
    ASSERT_EQ(edges.size(), 11u);
    EXPECT_TRUE(std::ranges::is_sorted(edges));
    EXPECT_NEAR(edges.front(), -4, 1e-9);
    EXPECT_NEAR(edges[5], 0, 1e-12);
    EXPECT_LT(edges[6] - edges[5], edges[10] - edges[9]);
}

TEST(ValueAxis, TicksArePowersOfTenAroundZero) {
    const auto axis = ValueAxis::symmetricLog(0.02);
    const auto ticks = ticksOf(axis, axis.placeOf(-12), axis.placeOf(12), 0.4);
    const QStringList labels = labelsOf(ticks);
    for (const char* label : {"0", "0.1", "1", "10", "−0.1", "−1", "−10"})
        EXPECT_TRUE(labels.contains(QString::fromUtf8(label))) << labels.join(' ').toStdString();
    for (int i = 1; i < ticks.size(); ++i) EXPECT_GE(ticks[i].place - ticks[i - 1].place, 0.4);
}

TEST(ValueAxis, AWideRangeSkipsWholePowersAndANarrowOneTakesEqualSteps) {
    const auto axis = ValueAxis::symmetricLog(1e-6);
    const auto wide = ticksOf(axis, axis.placeOf(-1e6), axis.placeOf(1e6), 1.7);
    for (int i = 1; i < wide.size(); ++i) EXPECT_GE(wide[i].place - wide[i - 1].place, 1.7);
    EXPECT_TRUE(labelsOf(wide).contains("1e+06") && labelsOf(wide).contains("1e+04"));
    EXPECT_FALSE(labelsOf(wide).contains("1e+05"));
    const auto norm = ValueAxis::symmetricLog(0.03);
    const double low = norm.placeOf(0.91), high = norm.placeOf(1.09);
    const auto narrow = ticksOf(norm, low, high, (high - low) / 8);
    EXPECT_GE(narrow.size(), 3) << labelsOf(narrow).join(' ').toStdString();
    EXPECT_TRUE(labelsOf(narrow).contains("1"));
}

}  // namespace
}  // namespace halftone::app
