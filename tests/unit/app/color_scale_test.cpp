// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/plots/color_map.h"

#include <gtest/gtest.h>

#include <limits>

namespace halftone::app {
namespace {

TEST(ColorScale, LinearSharesOfItsRange) {
    ColorScale scale;
    scale.include(2);
    scale.include(6);
    EXPECT_DOUBLE_EQ(scale.share(2), 0);
    EXPECT_DOUBLE_EQ(scale.share(4), 0.5);
    EXPECT_DOUBLE_EQ(scale.share(7), 1);
    EXPECT_DOUBLE_EQ(scale.valueAt(0.25), 3);
}

TEST(ColorScale, LogarithmicSharesLeaveOutWhatHasNoLogarithm) {
    ColorScale scale;
    scale.logarithmic = true;
    scale.include(0);
    scale.include(-3);
    EXPECT_TRUE(scale.empty);
    scale.include(1);
    scale.include(100);
    EXPECT_DOUBLE_EQ(scale.share(10), 0.5);
    EXPECT_DOUBLE_EQ(scale.share(0), 0);
    EXPECT_DOUBLE_EQ(scale.valueAt(0.5), 10);
}

TEST(ColorScale, NonFiniteValuesDoNotWidenIt) {
    ColorScale scale;
    scale.include(1);
    scale.include(std::numeric_limits<double>::infinity());
    scale.include(std::numeric_limits<double>::quiet_NaN());
    EXPECT_DOUBLE_EQ(scale.high, 1);
    EXPECT_DOUBLE_EQ(scale.share(1), 0.5);
}

TEST(ColorScale, ViridisGrowsLighter) {
    double last = -1;
    for (int i = 0; i <= 100; ++i) {
        const QColor color = viridis(i / 100.0);
        const double luminance = 0.2126 * color.redF() + 0.7152 * color.greenF() + 0.0722 * color.blueF();
        EXPECT_GE(luminance, last - 0.01) << i;
        last = luminance;
    }
    EXPECT_EQ(viridis(0), QColor(0x44, 0x01, 0x54));
    EXPECT_EQ(viridis(1), QColor(0xfd, 0xe7, 0x25));
    EXPECT_EQ(viridis(-3), viridis(0));
}

}  // namespace
}  // namespace halftone::app
