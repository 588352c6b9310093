// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/widgets/number_text.h"

#include <gtest/gtest.h>

#include <limits>

namespace halftone::app {
namespace {

std::string plain(const QString& text) {
    QString copy = text;
    return copy.replace(QChar(0x00a0), ' ').replace(QChar(0x2009), ' ').replace(QChar(0x2212), '-').toStdString();
}

TEST(NumberText, ThreeSignificantFigures) {
    EXPECT_EQ(plain(numberText(0)), "0");
    EXPECT_EQ(plain(numberText(1)), "1.00");
    EXPECT_EQ(plain(numberText(38.249)), "38.2");
    EXPECT_EQ(plain(numberText(0.0060712)), "0.00607");
    EXPECT_EQ(plain(numberText(-4.5)), "-4.50");
    EXPECT_EQ(plain(numberText(123456)), "123456");
}

TEST(NumberText, RoundingUpADecadeKeepsThreeFigures) {
    EXPECT_EQ(plain(numberText(9.996)), "10.0");
    EXPECT_EQ(plain(numberText(99.96)), "100");
    EXPECT_EQ(plain(numberText(0.9996)), "1.00");
}

TEST(NumberText, VerySmallAndLargeTakeAnExponent) {
    EXPECT_EQ(plain(numberText(1.234e-7)), "1.23×10⁻⁷");
    EXPECT_EQ(plain(numberText(1.234e8)), "1.23×10⁸");
}

TEST(NumberText, AnEstimateAndItsErrorHaveTheSameDecimals) {
    EXPECT_EQ(plain(significantEstimateText(0.0035553, 8.3e-5)), "0.003555 ± 0.000083");
    EXPECT_EQ(plain(significantEstimateText(1.23456, 0.0123)), "1.235 ± 0.012");
    EXPECT_EQ(plain(significantEstimateText(123.456, 4.2)), "123.5 ± 4.2");
    EXPECT_EQ(plain(significantEstimateText(3.5553e-7, 8.3e-9)), "(3.555 ± 0.083)×10⁻⁷");
    EXPECT_EQ(plain(significantEstimateText(0.00032361, 7.1e-6)), "0.0003236 ± 0.0000071");
    EXPECT_EQ(plain(significantEstimateText(0, 0)), "0.0000 ± 0");
}

TEST(NumberText, PerplexitiesHaveThreeDecimalsWhileTheyAreSmall) {
    EXPECT_EQ(plain(perplexityText(14.7061, 0.213)), "14.706 ± 0.21");
    EXPECT_EQ(plain(perplexityText(161.927, 6.54)), "161.93 ± 6.5");
    EXPECT_EQ(plain(perplexityText(1981.942, 45.2)), "1981.9 ± 45");
    EXPECT_EQ(plain(perplexityText(3.2e8, 1e6)), "320000000 ± 1.0×10⁶");
    EXPECT_EQ(plain(perplexityText(std::numeric_limits<double>::quiet_NaN(), 0)), noValue().toStdString() + " ± 0");
}

TEST(NumberText, SharesOfAWholeAreWrittenToATenth) {
    EXPECT_EQ(plain(sharePercentText(0.1234)), "12.3 %");
    EXPECT_EQ(plain(sharePercentText(0.0000063)), "< 0.1 %");
    EXPECT_EQ(plain(sharePercentText(0)), "0.0 %");
}

TEST(NumberText, WhatIsNotANumberIsADash) {
    EXPECT_EQ(numberText(std::numeric_limits<double>::quiet_NaN()), noValue());
    EXPECT_EQ(percentText(std::numeric_limits<double>::quiet_NaN()), noValue());
    EXPECT_EQ(plain(numberText(-std::numeric_limits<double>::infinity())), "-∞");
    EXPECT_EQ(durationText(-1), noValue());
}

TEST(NumberText, BytesAreDecimal) {
    EXPECT_EQ(plain(bytesText(999)), "999 B");
    EXPECT_EQ(plain(bytesText(1000)), "1.00 kB");
    EXPECT_EQ(plain(bytesText(2.45e6)), "2.45 MB");
    EXPECT_EQ(plain(bytesText(999'990)), "1.00 MB");
    EXPECT_EQ(plain(bytesText(13.5e9)), "13.5 GB");
}

TEST(NumberText, CountsAreGroupedByThree) {
    EXPECT_EQ(plain(countText(0)), "0");
    EXPECT_EQ(plain(countText(999)), "999");
    EXPECT_EQ(plain(countText(1234567)), "1 234 567");
    EXPECT_EQ(plain(countText(-1234)), "-1 234");
    EXPECT_EQ(plain(shortCountText(1.5e9)), "1.50 B");
}

TEST(NumberText, Durations) {
    EXPECT_EQ(plain(durationText(0.5)), "0.50 s");
    EXPECT_EQ(plain(durationText(12.3)), "12 s");
    EXPECT_EQ(plain(durationText(200)), "3 min 20 s");
    EXPECT_EQ(plain(durationText(3900)), "1 h 05 min");
}

}  // namespace
}  // namespace halftone::app
