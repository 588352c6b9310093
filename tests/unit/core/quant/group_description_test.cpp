// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quant/formats/group_description.h"

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "core/quant/formats/block_layouts.h"
#include "core/quant/formats/codec.h"
#include "core/quant/formats/integer_family.h"
#include "tests/support/test_paths.h"
#include "tests/unit/core/quant/test_data.h"

namespace halftone {
namespace {

constexpr int64_t kCols = 512;

struct PackedRow {
    PackedLayout layout;
    std::vector<std::byte> bytes;
    std::vector<float> decoded;
};

PackedRow packRow(const Format& format, const std::vector<float>& values) {
    PackedRow row{PackedLayout::of(format, static_cast<int64_t>(values.size())), {}, {}};
    row.bytes.resize(static_cast<size_t>(row.layout.rowBytes));
    row.decoded.resize(values.size());
    const auto [low, high] = std::ranges::minmax(values);
    EXPECT_TRUE(encodeRows(row.layout, values, 1, {.importance = {}, .tensorMin = low, .tensorMax = high}, row.bytes)
                    .has_value());
    EXPECT_TRUE(decodeRows(row.layout, row.bytes, 1, row.decoded).has_value());
    return row;
}

/// Types that store an index into a table of whole vectors, or a sign apart: they have no code per value.
bool hasNoCodes(const Format& format) {
    return format.isStorage() && format.name().starts_with("iq") && !format.name().starts_with("iq4");
}

TEST(DescribeGroup, EveryFormatsFieldsGiveItsValues) {
    const std::vector<float> values = test::gaussian(kCols, 0.03f, 7);
    for (const Format& format : test::encodableFormats()) {
        const PackedRow row = packRow(format, values);
        ASSERT_EQ(groupCount(row.layout) == 0, format.isPlain()) << format.name();
        int64_t column = 0;
        for (int64_t index = 0; index < groupCount(row.layout); ++index) {
            const auto group = describeGroup(row.layout, row.bytes, index);
            HT_ASSERT_OK(group);
            ASSERT_EQ(group->firstColumn, column) << format.name();
            column += group->columns;
            ASSERT_EQ(int64_t(group->values.size()), group->columns) << format.name();
            ASSERT_TRUE(std::equal(group->values.begin(), group->values.end(),
                                   row.decoded.begin() + std::ptrdiff_t(group->firstColumn)))
                << format.name();
            if (group->codes.empty()) {
                ASSERT_TRUE(hasNoCodes(format)) << format.name();
                continue;
            }
            ASSERT_EQ(group->codes.size(), group->values.size()) << format.name();
            ASSERT_EQ(group->levelsOf(*group->partOf(0)), groupLevels(row.layout, row.bytes, group->firstColumn))
                << format.name();
            for (int64_t i = 0; i < group->columns; ++i) {
                const GroupPart* part = group->partOf(i);
                ASSERT_TRUE(part) << format.name() << " " << i;
                ASSERT_EQ(group->valueOf(*part, group->codes[size_t(i)]), group->values[size_t(i)])
                    << format.name() << " column " << i;
            }
        }
        if (!format.isPlain()) {
            EXPECT_EQ(column, kCols) << format.name();
        }
    }
}

TEST(DescribeGroup, RandomBytesAreReadAsTheDecoderReadsThem) {
    for (const Format& format : test::encodableFormats()) {
        if (format.isPlain()) continue;
        const PackedLayout layout = PackedLayout::of(format, kCols);
        const auto bytes = test::randomBytes(size_t(layout.rowBytes), 11);
        std::vector<float> decoded(kCols);
        HT_ASSERT_OK(decodeRowsReference(layout, bytes, 1, decoded));
        for (int64_t index = 0; index < groupCount(layout); ++index) {
            const auto group = describeGroup(layout, bytes, index);
            HT_ASSERT_OK(group);
            for (int64_t i = 0; i < int64_t(group->codes.size()); ++i) {
                const float value = group->valueOf(*group->partOf(i), group->codes[size_t(i)]);
                const float expected = decoded[size_t(group->firstColumn + i)];
                ASSERT_TRUE(value == expected || (std::isnan(value) && std::isnan(expected)))
                    << format.name() << " group " << index << " column " << i;
            }
        }
    }
}

TEST(DescribeGroup, KQuantsTellScaleAndMinimumOfEachSubBlock) {
    const PackedRow row = packRow(Format::of(DType::kQ4_K), test::gaussian(kCols, 1.0f, 3));
    const auto group = describeGroup(row.layout, row.bytes, 1);
    HT_ASSERT_OK(group);
    const auto& block = reinterpret_cast<const BlockQ4_K*>(row.bytes.data())[1];
    ASSERT_EQ(group->parts.size(), 8u);
    EXPECT_EQ(group->blockScale, loadHalf(block.d));
    EXPECT_EQ(group->blockMinimum, loadHalf(block.dmin));
    for (int b = 0; b < 8; ++b) {
        const ScaleAndMin stored = unpackScaleAndMin(block.scales, b);
        const GroupPart& part = group->parts[size_t(b)];
        EXPECT_EQ(part.firstColumn, 32 * b);
        EXPECT_EQ(part.columns, 32);
        EXPECT_EQ(part.scaleCode, int(stored.scale));
        EXPECT_EQ(part.minimumCode, int(stored.minimum));
        EXPECT_EQ(part.scale, loadHalf(block.d) * float(stored.scale));
        EXPECT_EQ(part.offset, -(loadHalf(block.dmin) * float(stored.minimum)));
    }
    const auto six = packRow(Format::of(DType::kQ6_K), test::gaussian(kCols, 1.0f, 3));
    const auto signedGroup = describeGroup(six.layout, six.bytes, 0);
    HT_ASSERT_OK(signedGroup);
    EXPECT_EQ(signedGroup->parts.size(), 16u);
    EXPECT_EQ(signedGroup->codeOffset, 32);
    EXPECT_FALSE(signedGroup->blockMinimum);
}

TEST(DescribeGroup, AsymmetricIntegersHaveTheStoredZeroPoint) {
    std::vector<float> values = test::gaussian(200, 0.1f, 5);
    for (float& value : values) value += 0.2f;
    const Format format = Format::parse("int4_g64_asym").value();
    const PackedRow row = packRow(format, values);
    ASSERT_EQ(groupCount(row.layout), 4);
    for (int64_t index = 0; index < 4; ++index) {
        const auto group = describeGroup(row.layout, row.bytes, index);
        HT_ASSERT_OK(group);
        const IntegerGrid grid = loadIntegerGrid(row.layout, reinterpret_cast<const uint8_t*>(row.bytes.data()), index);
        EXPECT_EQ(group->columns, index < 3 ? 64 : 8) << "the last group is shorter";
        ASSERT_EQ(group->parts.size(), 1u);
        EXPECT_EQ(group->parts[0].zeroPoint, grid.zero);
        EXPECT_EQ(group->parts[0].scale, grid.scale);
        EXPECT_EQ(group->codeOffset, 0);
    }
}

TEST(DescribeGroup, CodebooksHaveTheRowsLevelsAsTable) {
    const PackedRow row = packRow(Format::parse("kmeans3_channel").value(), test::gaussian(kCols, 1.0f, 9));
    ASSERT_EQ(groupCount(row.layout), 1);
    const auto group = describeGroup(row.layout, row.bytes, 0);
    HT_ASSERT_OK(group);
    EXPECT_EQ(group->columns, kCols);
    EXPECT_EQ(group->table.size(), 8u);
    EXPECT_TRUE(std::ranges::is_sorted(group->table));
}

TEST(DescribeGroup, RefusesWhatIsNotThere) {
    const PackedRow row = packRow(Format::of(DType::kQ4_0), test::gaussian(64, 1.0f, 1));
    EXPECT_EQ(describeGroup(row.layout, row.bytes, 2).error().code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(describeGroup(row.layout, row.bytes, -1).error().code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(describeGroup(row.layout, std::span(row.bytes).first(35), 0).error().code, ErrorCode::kInvalidArgument);
    const PackedLayout plain = PackedLayout::of(Format::of(DType::kF16), 64);
    EXPECT_EQ(describeGroup(plain, row.bytes, 0).error().code, ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace halftone
