// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tensor/float16.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <random>

namespace halftone {
namespace {

/// Value of a half by its definition.
double halfByDefinition(uint16_t bits) {
    const int exponent = (bits >> 10) & 0x1F, mantissa = bits & 0x3FF;
    const double sign = (bits & 0x8000) ? -1.0 : 1.0;
    if (exponent == 0) return sign * std::ldexp(mantissa, -24);
    if (exponent == 31)
        return mantissa ? std::numeric_limits<double>::quiet_NaN() : sign * std::numeric_limits<double>::infinity();
    return sign * std::ldexp(1024 + mantissa, exponent - 25);
}

/// Nearest half by looking at the neighbours of the truncated one, ties to the even code.
uint16_t nearestHalf(float value) {
    const uint16_t sign = std::signbit(value) ? 0x8000 : 0;
    const double magnitude = std::fabs(static_cast<double>(value));
    if (magnitude >= 65520.0) return static_cast<uint16_t>(sign | 0x7C00);  // half way from 65504 to 2^16
    uint16_t low = 0, high = 0x7C00;                                        // magnitudes ascend with the code
    while (high - low > 1) {
        const auto middle = static_cast<uint16_t>((low + high) / 2);
        (halfByDefinition(middle) <= magnitude ? low : high) = middle;
    }
    const double below = magnitude - halfByDefinition(low),
                 above = (high == 0x7C00 ? 65536.0 : halfByDefinition(high)) - magnitude;
    const bool isUp = above < below || (above == below && (low & 1));
    return static_cast<uint16_t>(sign | (isUp ? high : low));
}

TEST(Half, EveryCodeDecodesByDefinition) {
    for (uint32_t code = 0; code < 65536; ++code) {
        const auto bits = static_cast<uint16_t>(code);
        const float value = halfToFloat(bits);
        const double expected = halfByDefinition(bits);
        if (std::isnan(expected)) {
            EXPECT_TRUE(std::isnan(value)) << code;
            // Quiet, with what else the code says: as processors convert it.
            EXPECT_EQ(std::bit_cast<uint32_t>(value) & 0x7FFFFFu, 0x400000u | ((code & 0x3FFu) << 13)) << code;
            continue;
        }
        ASSERT_EQ(static_cast<double>(value), expected) << code;
        ASSERT_EQ(std::signbit(value), (code & 0x8000) != 0) << code;
    }
}

TEST(Half, EveryCodeSurvivesTheRoundTrip) {
    for (uint32_t code = 0; code < 65536; ++code) {
        const auto bits = static_cast<uint16_t>(code);
        const float value = halfToFloat(bits);
        if (std::isnan(value)) {
            EXPECT_TRUE(std::isnan(halfToFloat(floatToHalf(value)))) << code;
        } else {
            ASSERT_EQ(floatToHalf(value), bits) << code;
        }
    }
}

TEST(Half, MidpointsAndTheirNeighboursRoundToNearestEven) {
    for (uint32_t code = 0; code < 0x7C00; ++code) {
        const double low = halfByDefinition(static_cast<uint16_t>(code));
        const double high = code + 1 == 0x7C00 ? 65536.0 : halfByDefinition(static_cast<uint16_t>(code + 1));
        const auto middle = static_cast<float>((low + high) / 2);  // exact in binary32
        for (const float value : {middle, std::nextafter(middle, 0.0f), std::nextafter(middle, 1e9f)}) {
            ASSERT_EQ(floatToHalf(value), nearestHalf(value)) << value;
            ASSERT_EQ(floatToHalf(-value), nearestHalf(-value)) << value;
        }
    }
}

TEST(Half, RandomFloatsRoundToNearestEven) {
    std::mt19937 random(3);
    for (int i = 0; i < 300000; ++i) {
        const float value = std::bit_cast<float>(static_cast<uint32_t>(random()));
        if (std::isnan(value)) {
            EXPECT_TRUE(std::isnan(halfToFloat(floatToHalf(value))));
        } else {
            ASSERT_EQ(floatToHalf(value), nearestHalf(value)) << value;
        }
    }
}

TEST(Half, Edges) {
    EXPECT_EQ(floatToHalf(65504.0f), 0x7BFF);
    EXPECT_EQ(floatToHalf(65519.996f), 0x7BFF);
    EXPECT_EQ(floatToHalf(65520.0f), 0x7C00) << "rounds to infinity";
    EXPECT_EQ(floatToHalf(-std::numeric_limits<float>::infinity()), 0xFC00);
    EXPECT_EQ(floatToHalf(0x1p-24f), 0x0001);
    EXPECT_EQ(floatToHalf(0x1p-25f), 0x0000) << "half way to zero: even";
    EXPECT_EQ(floatToHalf(-0.0f), 0x8000);
    EXPECT_EQ(floatToHalf(std::numeric_limits<float>::denorm_min()), 0x0000);
}

TEST(Bfloat, EveryCodeSurvivesTheRoundTrip) {
    for (uint32_t code = 0; code < 65536; ++code) {
        const auto bits = static_cast<uint16_t>(code);
        const float value = bfloatToFloat(bits);
        ASSERT_EQ(std::bit_cast<uint32_t>(value), code << 16);
        if (std::isnan(value)) {
            EXPECT_TRUE(std::isnan(bfloatToFloat(floatToBfloat(value)))) << code;
        } else {
            ASSERT_EQ(floatToBfloat(value), bits) << code;
        }
    }
}

TEST(Bfloat, RoundsToNearestEven) {
    for (uint32_t code = 0; code < 0x7F80; ++code) {
        const uint32_t base = code << 16;
        const auto round = [](uint32_t bits) {
            return static_cast<uint32_t>(floatToBfloat(std::bit_cast<float>(bits)));
        };
        ASSERT_EQ(round(base + 0x7FFF), code);
        ASSERT_EQ(round(base + 0x8000), code + (code & 1)) << "tie to even";
        ASSERT_EQ(round(base + 0x8001), code + 1);
        ASSERT_EQ(round(0x80000000u + base + 0x8001), 0x8000 + code + 1);
    }
    EXPECT_EQ(floatToBfloat(std::numeric_limits<float>::max()), 0x7F80) << "rounds to infinity";
    EXPECT_EQ(floatToBfloat(std::bit_cast<float>(0x7F800001u)), 0x7FC0)
        << "a NaN whose mantissa would be cut to nothing";
}

}  // namespace
}  // namespace halftone
