// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/project/figure_text.h"

#include <gtest/gtest.h>

#include <limits>

namespace halftone {
namespace {

TEST(FigureText, SignificantFiguresWithARealMinus) {
    EXPECT_EQ(figureText(0), "0");
    EXPECT_EQ(figureText(1), "1.00");
    EXPECT_EQ(figureText(38.249), "38.2");
    EXPECT_EQ(figureText(-4.5), "−4.50");
    EXPECT_EQ(figureText(123456), "123456");
    EXPECT_EQ(figureText(9.996), "10.0") << "rounding up a decade keeps three figures";
    EXPECT_EQ(figureText(0.1, 4), "0.1000");
}

TEST(FigureText, PowersOfTenWhereDigitsWouldBeMany) {
    EXPECT_EQ(figureText(1.234e-7), "1.23×10⁻⁷");
    EXPECT_EQ(figureText(-1.234e8), "−1.23×10⁸");
    EXPECT_EQ(powerOfTenText(-12), "×10⁻¹²");
}

TEST(FigureText, WhatIsNoNumber) {
    EXPECT_EQ(figureText(std::numeric_limits<double>::quiet_NaN()), "—");
    EXPECT_EQ(figureText(-std::numeric_limits<double>::infinity()), "−∞");
}

}  // namespace
}  // namespace halftone
