// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quant/formats/nested_scale.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include <gtest/gtest.h>

#include "core/quant/formats/codec.h"
#include "core/quant/formats/integer_family.h"
#include "core/quant/formats/level_family.h"
#include "core/quant/formats/level_tables.h"
#include "tests/support/test_paths.h"
#include "tests/unit/core/quant/method_support.h"
#include "tests/unit/core/quant/test_data.h"

namespace halftone::test {
namespace {

/// The map as bitsandbytes builds it: decade by decade, both signs, then sorted.
std::vector<float> mapByItsDefinition() {
    std::vector<float> map{0.0f, 1.0f};
    for (int decade = 0; decade <= 6; ++decade) {
        const int parts = 1 << decade;
        std::vector<double> bounds;
        for (int i = 0; i <= parts; ++i) bounds.push_back(0.1 + 0.9 * i / parts);
        for (int i = 0; i < parts; ++i) {
            const auto value =
                static_cast<float>(0.5 * (bounds[size_t(i)] + bounds[size_t(i) + 1]) / std::pow(10, 6 - decade));
            map.push_back(value);
            map.push_back(-value);
        }
    }
    std::ranges::sort(map);
    return map;
}

TEST(DynamicMap, HasTheValuesOfItsDefinition) {
    const std::vector<float> expected = mapByItsDefinition();
    ASSERT_EQ(expected.size(), 256u);
    for (size_t i = 0; i < 256; ++i) EXPECT_FLOAT_EQ(dynamicMap()[i], expected[i]) << i;
    EXPECT_TRUE(std::ranges::is_sorted(dynamicMap()));
    EXPECT_EQ(dynamicMap()[127], 0.0f);
    EXPECT_EQ(dynamicMap()[255], 1.0f);
    EXPECT_FLOAT_EQ(dynamicMap()[128], 0.55e-6f);
    EXPECT_FLOAT_EQ(dynamicMap()[0], -0.99296875f);
}

TEST(NestedScale, TakesTheNearestOfAllItsValues) {
    std::vector<float> scales = gaussian(700, 0.01f, 5);
    for (float& scale : scales) scale += 0.05f;
    const SecondLevel level = secondLevelOf(scales);
    EXPECT_NEAR(level.offset, std::accumulate(scales.begin(), scales.end(), 0.0) / 700, 1e-8);
    ASSERT_EQ(level.largest.size(), 3u);
    for (int64_t group = 0; group < 700; ++group) {
        const float scale = scales[static_cast<size_t>(group)];
        const float largest = level.largest[static_cast<size_t>(group / 256)];
        EXPECT_GE(largest * 1.000001f, std::fabs(scale - level.offset));
        const GroupScale nested = nestedScale(level, group, scale);
        double best = INFINITY;
        for (const float value : dynamicMap())
            best = std::min(best, std::fabs(double(value) * double(largest) + double(level.offset) - double(scale)));
        EXPECT_NEAR(std::fabs(double(nested.value) - double(scale)), best, 1e-8) << group;
    }
    EXPECT_EQ(nestedScale({.offset = 2.0f, .largest = {0.0f}}, 0, 2.0f).value, 2.0f) << "scales that are all equal";
}

TEST(NestedScale, IsStoredBehindTheBytesOfARow) {
    const std::vector<float> scales = gaussian(259, 1.0f, 6);
    const SecondLevel level = secondLevelOf(scales);
    std::vector<uint8_t> section(static_cast<size_t>(scaleSectionBytes(ScaleType::kNested, 259)), 0xAB);
    EXPECT_EQ(section.size(), 260u + 4 + 8);
    storeSecondLevel(level, 259, section.data());
    for (int64_t group = 0; group < 259; ++group) {
        const GroupScale scale = nestedScale(level, group, scales[static_cast<size_t>(group)]);
        storeScale(ScaleType::kNested, scale.bits, section.data(), group);
        EXPECT_EQ(loadScale(ScaleType::kNested, section.data(), 259, group).value, scale.value);
    }
    EXPECT_EQ(section[259], 0xAB) << "padding is the packer's";
}

/// NF4 with double quantization as bitsandbytes stores a flattened tensor (reference page on Hugging Face exports,
/// section 4), but for codes, which come from the scale as it is stored.
std::vector<float> bitsandbytesRoundTrip(const std::vector<float>& values) {
    constexpr size_t kBlock = 64;
    std::vector<float> largest(values.size() / kBlock);
    for (size_t i = 0; i < values.size(); ++i)
        largest[i / kBlock] = std::max(largest[i / kBlock], std::fabs(values[i]));
    double mean = 0;
    for (const float value : largest) mean += double(value) / double(largest.size());
    const std::vector<float> map = mapByItsDefinition();
    const auto levels = levelTable(LevelTable::kNf4).levels;
    const auto nearest = [](std::span<const float> table, double value) {
        return *std::ranges::min_element(table, {}, [&](float entry) { return std::fabs(double(entry) - value); });
    };
    std::vector<float> decoded(values.size());
    for (size_t i = 0; i < values.size(); ++i) {
        const size_t block = i / kBlock, first = block / 256 * 256;
        double nested = 0;
        for (size_t b = first; b < std::min(first + 256, largest.size()); ++b)
            nested = std::max(nested, std::fabs(double(largest[b]) - mean));
        const double scale = double(nearest(map, (double(largest[block]) - mean) / nested)) * nested + mean;
        decoded[i] = static_cast<float>(double(nearest(levels, double(values[i]) / scale)) * scale);
    }
    return decoded;
}

TEST(NestedScale, OfATensorOfOneRowIsTheDoubleQuantizationOfQlora) {
    constexpr int64_t kCols = 64 * 300;
    std::vector<float> values = gaussian(kCols, 0.02f, 8);
    for (size_t i = 0; i < values.size(); ++i) values[i] *= 1.0f + 0.5f * std::sin(static_cast<float>(i) * 1e-3f);
    const PackedLayout layout = PackedLayout::of(Format::parse("nf4_g64_dq").value(), kCols);
    std::vector<std::byte> packed(static_cast<size_t>(layout.rowBytes));
    HT_ASSERT_OK(encodeRows(layout, values, 1, {}, packed));
    HT_ASSERT_OK(validateRows(layout, packed, 1));
    std::vector<float> decoded(values.size());
    HT_ASSERT_OK(decodeRows(layout, packed, 1, decoded));
    const std::vector<float> expected = bitsandbytesRoundTrip(values);
    size_t differing = 0;
    for (size_t i = 0; i < values.size(); ++i) differing += std::fabs(decoded[i] - expected[i]) > 1e-7f ? 1 : 0;
    EXPECT_LE(differing, 3u) << "values within rounding error of the middle of two levels";
}

TEST(NestedScale, CostsLittleErrorInEveryFormat) {
    constexpr int64_t kRows = 16, kCols = 2048;
    const MatrixRows source(kRows, kCols, gaussian(kRows * kCols, 0.03f, 9));
    for (const char* name : {"int4_g64_sym", "int4_g64_asym", "int4_g64_fzero_f32", "int3_g32_asym", "int8_g64_sym",
                             "nf4_g64", "fp4_bnb_g64", "fp4_e2m1_g32", "fp8_e4m3_g64"}) {
        const std::string plain(name);
        const std::string nested = plain.substr(0, plain.find("_f32")) + "_dq";
        const double before = quantizeBy(source, plain, "nearest").value().tensor.distortion.relativeMse();
        const double after = quantizeBy(source, nested, "nearest").value().tensor.distortion.relativeMse();
        // Codes follow the stored scale, so what is lost is mostly the ends of the range.
        EXPECT_LT(after, (plain.starts_with("int8") || plain.starts_with("fp8") ? 1.25 : 1.03) * before) << name;
        EXPECT_GT(after, 0.97 * before) << name;
    }
}

TEST(NestedScale, GroupsOfZerosStayZeroWhereTheFormatHasAZero) {
    std::vector<float> values = gaussian(512, 1.0f, 10);
    std::fill_n(values.begin() + 64, 64, 0.0f);
    for (const char* name : {"int4_g64_sym_dq", "int4_g64_asym_dq", "nf4_g64_dq", "fp4_bnb_g64_dq"}) {
        const PackedLayout layout = PackedLayout::of(Format::parse(name).value(), 512);
        std::vector<std::byte> packed(static_cast<size_t>(layout.rowBytes));
        HT_ASSERT_OK(encodeRows(layout, values, 1, {}, packed));
        std::vector<float> decoded(512);
        HT_ASSERT_OK(decodeRows(layout, packed, 1, decoded));
        for (size_t i = 64; i < 128; ++i) EXPECT_EQ(decoded[i], 0.0f) << name;
    }
}

TEST(NestedScale, ThatIsNotFiniteIsRefused) {
    for (const char* name : {"int4_g16_fzero_dq", "nf4_g16_dq"}) {
        const PackedLayout layout = PackedLayout::of(Format::parse(name).value(), 64);
        std::vector<std::byte> packed(static_cast<size_t>(layout.rowBytes));
        HT_ASSERT_OK(encodeRows(layout, gaussian(64, 1.0f, 11), 1, {}, packed));
        HT_EXPECT_OK(validateRows(layout, packed, 1));
        for (const int64_t at : {layout.scaleOffset + 4, layout.rowBytes - 4}) {  // a mean, a scale of the second level
            std::vector<std::byte> damaged = packed;
            damaged[static_cast<size_t>(at) + 2] = std::byte{0x80};
            damaged[static_cast<size_t>(at) + 3] = std::byte{0x7F};
            EXPECT_FALSE(validateRows(layout, damaged, 1).has_value()) << name << " at " << at;
        }
    }
}

}  // namespace
}  // namespace halftone::test
