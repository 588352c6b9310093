// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quant/formats/integer_family.h"

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "core/quant/formats/codec.h"
#include "tests/support/test_paths.h"
#include "tests/unit/core/quant/test_data.h"

namespace halftone {
namespace {

IntegerFormat make(int bits, bool symmetric, Granularity granularity = Granularity::kGroup, int groupSize = 32) {
    return {static_cast<uint8_t>(bits), symmetric, granularity,
            static_cast<uint16_t>(granularity == Granularity::kGroup ? groupSize : 0)};
}

struct RoundTrip {
    std::vector<std::byte> packed;
    std::vector<float> decoded;
};

RoundTrip roundTrip(const IntegerFormat& integer, const std::vector<float>& values) {
    const auto cols = static_cast<int64_t>(values.size());
    const PackedLayout layout = PackedLayout::of(Format::of(integer), cols);
    const auto [low, high] = std::ranges::minmax(values);
    RoundTrip result{std::vector<std::byte>(static_cast<size_t>(layout.rowBytes)), std::vector<float>(values.size())};
    EXPECT_TRUE(encodeRows(layout, values, 1, {.importance = {}, .tensorMin = low, .tensorMax = high}, result.packed)
                    .has_value());
    EXPECT_TRUE(decodeRows(layout, result.packed, 1, result.decoded).has_value());
    EXPECT_TRUE(validateRows(layout, result.packed, 1).has_value());
    return result;
}

TEST(IntegerFamily, EveryCodeSurvivesARoundTrip) {
    for (int bits = 2; bits <= 8; ++bits) {
        for (const bool symmetric : {true, false}) {
            const int codes = 1 << bits;
            // One group that uses every code, extremes first.
            std::vector<float> values;
            for (int code = 0; code < codes; ++code)
                values.push_back(static_cast<float>(code - (symmetric ? codes / 2 : 3 % codes)) * 0.125f);
            const RoundTrip once = roundTrip(make(bits, symmetric, Granularity::kChannel), values);
            EXPECT_EQ(once.decoded, values) << bits << (symmetric ? " sym" : " asym");
            const RoundTrip twice = roundTrip(make(bits, symmetric, Granularity::kChannel), once.decoded);
            EXPECT_EQ(twice.packed, once.packed) << bits;
        }
    }
}

TEST(IntegerFamily, ErrorIsAtMostHalfAStep) {
    const std::vector<float> values = test::gaussian(1000, 0.02f, 3);
    for (int bits = 2; bits <= 8; ++bits) {
        for (const Granularity granularity : {Granularity::kTensor, Granularity::kChannel, Granularity::kGroup}) {
            const IntegerFormat integer = make(bits, false, granularity);
            const PackedLayout layout = PackedLayout::of(Format::of(integer), 1000);
            const RoundTrip result = roundTrip(integer, values);
            for (size_t i = 0; i < values.size(); ++i) {
                const auto* row = reinterpret_cast<const uint8_t*>(result.packed.data());
                const IntegerGrid grid = loadIntegerGrid(layout, row, static_cast<int64_t>(i) / layout.groupSize);
                // Rounding the zero point moves the range by up to half a step, rounding the scale by 2^-11 of it.
                const float bound = grid.scale * (1.01f + static_cast<float>(1 << bits) * 0x1p-11f);
                ASSERT_LE(std::fabs(values[i] - result.decoded[i]), bound) << bits << " bits, element " << i;
            }
        }
    }
}

TEST(IntegerFamily, SymmetricUsesTheFullRange) {
    // The value of largest magnitude gets the code -2^(bits-1), whatever its sign.
    for (const float extreme : {-1.0f, 1.0f}) {
        const std::vector<float> values{0.25f, extreme, -0.5f, 0.0f};
        const PackedLayout layout = PackedLayout::of(Format::of(make(4, true, Granularity::kChannel)), 4);
        const RoundTrip result = roundTrip(make(4, true, Granularity::kChannel), values);
        EXPECT_EQ(result.decoded, values);
        const IntegerGrid grid = loadIntegerGrid(layout, reinterpret_cast<const uint8_t*>(result.packed.data()), 0);
        EXPECT_EQ(grid.scale, -extreme / 8);
        EXPECT_EQ(std::to_integer<int>(result.packed[0]) >> 4, 0);
    }
}

TEST(IntegerFamily, AsymmetricKeepsZeroExact) {
    std::vector<float> values = test::gaussian(256, 1.0f, 9);
    for (float& value : values) value = std::fabs(value) + 2.0f;
    values[100] = 0;
    for (int bits = 2; bits <= 8; ++bits) {
        EXPECT_EQ(roundTrip(make(bits, false), values).decoded[100], 0.0f);
        EXPECT_EQ(roundTrip(make(bits, true), values).decoded[100], 0.0f);
    }
}

TEST(IntegerFamily, ZeroGroupsStayZero) {
    std::vector<float> values(64, 0.0f);
    values[40] = 1.0f;  // the second group is not zero
    values[3] = -0.0f;
    for (const bool symmetric : {true, false}) {
        const RoundTrip result = roundTrip(make(4, symmetric), values);
        for (size_t i = 0; i < 32; ++i) EXPECT_EQ(result.decoded[i], 0.0f);
        EXPECT_NEAR(result.decoded[40], 1.0f, 1e-3f);
    }
}

TEST(IntegerFamily, ScalesNeitherVanishNorOverflow) {
    for (const bool symmetric : {true, false}) {
        for (const float magnitude : {1e-44f, 1e-30f, 1e-9f, 1e7f, 3e38f}) {
            std::vector<float> values = test::gaussian(64, 1.0f, 4);
            for (float& value : values) value = std::clamp(value * 0.3f, -1.0f, 1.0f) * magnitude;
            const RoundTrip result = roundTrip(make(4, symmetric), values);
            for (size_t i = 0; i < values.size(); ++i) {
                ASSERT_TRUE(std::isfinite(result.decoded[i])) << magnitude;
                // A scale that is limited makes values saturate or round to zero, but never grow or change sign.
                EXPECT_LE(std::fabs(result.decoded[i]), 2 * magnitude + 0x1p-24f * 8) << magnitude;
            }
        }
    }
}

IntegerFormat floatZero(int bits, Granularity granularity = Granularity::kGroup) {
    IntegerFormat integer = make(bits, false, granularity);
    integer.floatZero = true;
    return integer;
}

TEST(IntegerFamily, FloatZeroPointsHoldTheMinimumAndEveryCode) {
    for (int bits = 2; bits <= 8; ++bits) {
        const int codes = 1 << bits;
        std::vector<float> values;
        for (int code = 0; code < codes; ++code) values.push_back(0.75f + static_cast<float>(code) * 0.125f);
        const RoundTrip once = roundTrip(floatZero(bits, Granularity::kChannel), values);
        EXPECT_EQ(once.decoded, values) << bits;
        const PackedLayout layout = PackedLayout::of(Format::of(floatZero(bits, Granularity::kChannel)), codes);
        const IntegerGrid grid = loadIntegerGrid(layout, reinterpret_cast<const uint8_t*>(once.packed.data()), 0);
        EXPECT_EQ(grid.minimum, 0.75f);
        EXPECT_EQ(grid.scale, 0.125f);
    }
    EXPECT_EQ(roundTrip(floatZero(4), std::vector<float>(40, -2.5f)).decoded, std::vector<float>(40, -2.5f));
    EXPECT_EQ(roundTrip(floatZero(4), std::vector<float>(40, 0.0f)).decoded, std::vector<float>(40, 0.0f));
}

TEST(IntegerFamily, FloatZeroPointsLeaveAtMostHalfAStepOfError) {
    std::vector<float> values = test::gaussian(1000, 0.02f, 3);
    for (float& value : values) value += 0.1f;  // the range of a group does not include zero
    for (int bits = 2; bits <= 8; ++bits) {
        for (const Granularity granularity : {Granularity::kTensor, Granularity::kChannel, Granularity::kGroup}) {
            const IntegerFormat integer = floatZero(bits, granularity);
            const PackedLayout layout = PackedLayout::of(Format::of(integer), 1000);
            const RoundTrip result = roundTrip(integer, values);
            for (size_t i = 0; i < values.size(); ++i) {
                const auto* row = reinterpret_cast<const uint8_t*>(result.packed.data());
                const IntegerGrid grid = loadIntegerGrid(layout, row, static_cast<int64_t>(i) / layout.groupSize);
                // Half a step, and what rounding the minimum and the scale (2^-11 of either) moves the ends.
                const float bound = grid.scale * (0.51f + static_cast<float>(1 << bits) * 0x1p-11f) +
                                    std::fabs(grid.minimum) * 0x1p-11f;
                ASSERT_LE(std::fabs(values[i] - result.decoded[i]), bound) << bits << " bits, element " << i;
            }
        }
    }
}

TEST(IntegerFamily, FloatZeroPointsOfExtremeValuesStayFinite) {
    for (const ScaleType scale : {ScaleType::kF16, ScaleType::kBF16, ScaleType::kF32, ScaleType::kNested}) {
        for (const float magnitude : {1e-44f, 1e-30f, 1e7f, 3e38f}) {
            std::vector<float> values = test::gaussian(128, 1.0f, 4);
            for (float& value : values) value = std::clamp(value * 0.3f, -1.0f, 1.0f) * magnitude;
            for (size_t i = 64; i < 128; ++i) values[i] = std::fabs(values[i]);
            IntegerFormat integer = floatZero(4);
            integer.scale = scale;
            for (const float value : roundTrip(integer, values).decoded) {
                ASSERT_TRUE(std::isfinite(value)) << magnitude;
                EXPECT_LE(std::fabs(value), 2 * magnitude + 0x1p-24f * 16) << magnitude;
            }
        }
    }
}

TEST(IntegerFamily, TensorGranularitySharesOneScale) {
    const Format format = Format::of(make(8, true, Granularity::kTensor));
    const PackedLayout layout = PackedLayout::of(format, 4);
    const std::vector<float> values{0.5f, 0.25f, 0, 0, -1.0f, 0, 0, 0};
    std::vector<std::byte> packed(static_cast<size_t>(2 * layout.rowBytes));
    HT_ASSERT_OK(encodeRows(layout, values, 2, {.importance = {}, .tensorMin = -1.0f, .tensorMax = 0.5f}, packed));
    const auto* bytes = reinterpret_cast<const uint8_t*>(packed.data());
    EXPECT_EQ(loadIntegerGrid(layout, bytes, 0).scale, 1.0f / 128);
    EXPECT_EQ(loadIntegerGrid(layout, bytes + layout.rowBytes, 0).scale, 1.0f / 128);
    std::vector<float> decoded(8);
    HT_ASSERT_OK(decodeRows(layout, packed, 2, decoded));
    EXPECT_EQ(decoded, values);
}

TEST(IntegerFamily, PaddingIsZero) {
    const PackedLayout layout = PackedLayout::of(Format::of(make(3, false, Granularity::kGroup, 16)), 17);
    std::vector<std::byte> packed(static_cast<size_t>(layout.rowBytes), std::byte{0xFF});
    HT_ASSERT_OK(encodeRows(layout, test::gaussian(17, 1, 1), 1, {}, packed));
    EXPECT_EQ(packed[7], std::byte{0});  // 51 bits of codes: 7 bytes, one of padding
    EXPECT_EQ(std::to_integer<int>(packed[6]) >> 3, 0);
    EXPECT_EQ(packed[static_cast<size_t>(layout.zeroOffset) + 2], std::byte{0});
}

}  // namespace
}  // namespace halftone
