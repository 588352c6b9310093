// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quant/methods/clipping.h"

#include <array>
#include <vector>

#include <gtest/gtest.h>

#include "core/quant/formats/codec.h"
#include "tests/support/test_paths.h"
#include "tests/unit/core/quant/test_data.h"

namespace halftone {
namespace {

PackedLayout layoutOf(const char* format, int64_t cols) {
    return PackedLayout::of(Format::parse(format).value(), cols);
}

std::vector<std::byte> encoded(const PackedLayout& layout, const std::vector<float>& values) {
    std::vector<std::byte> packed(static_cast<size_t>(layout.rowBytes));
    EXPECT_TRUE(encodeRows(layout, values, 1, {}, packed).has_value());
    return packed;
}

/// The row's values against codes that were made of others.
Clipping clippingOf(const PackedLayout& layout, const std::vector<float>& values,
                    const std::vector<std::byte>& packed) {
    std::vector<float> decoded(values.size());
    EXPECT_TRUE(decodeRows(layout, packed, 1, decoded).has_value());
    Clipping clipping;
    clipping.addRow(layout, packed, values, decoded);
    return clipping;
}

TEST(Clipping, IsHalfAStepBeyondTheOutermostLevels) {
    const std::array<float, 4> levels{-2, -1, 0, 3};
    const auto limits = ClipLimits::of(levels);
    EXPECT_EQ(limits.low, -2.5f);
    EXPECT_EQ(limits.high, 4.5f);
    EXPECT_FALSE(limits.clips(-2.5f));
    EXPECT_TRUE(limits.clips(4.6f));
    const std::array<float, 1> one{2};
    EXPECT_TRUE(ClipLimits::of(one).clips(2.1f));
}

TEST(Clipping, ARangeThatReachesTheExtremesCutsNothing) {
    for (const char* format : {"int4_g32_asym", "q8_0"}) {
        const auto layout = layoutOf(format, 256);
        const auto values = test::gaussian(256, 0.02f, 5);
        const auto clipping = clippingOf(layout, values, encoded(layout, values));
        EXPECT_EQ(clipping.values(), 0) << format;
        EXPECT_EQ(clipping.high.bounds.total(), 0u) << format;
    }
}

/// Two groups with ranges of 1 and 4, met by values that reach further in both.
TEST(Clipping, TellsTheBoundsOfTheGroupsThatCut) {
    const auto layout = layoutOf("int4_g32_sym", 64);
    std::vector<float> narrow(64, 0.0f);
    for (size_t i = 0; i < 64; ++i) narrow[i] = (i < 32 ? 1.0f : 4.0f) * (float(i % 16) - 8) / 8;
    const auto packed = encoded(layout, narrow);
    const float firstTop = groupLevels(layout, packed, 0).back(), secondTop = groupLevels(layout, packed, 32).back();
    auto wide = narrow;
    wide[3] = 5.0f;
    wide[4] = 2.0f;
    wide[40] = 9.0f;
    wide[41] = -9.0f;
    const auto clipping = clippingOf(layout, wide, packed);
    EXPECT_EQ(clipping.values(), 4);
    EXPECT_EQ(clipping.high.values, 3);
    EXPECT_EQ(clipping.high.least, firstTop);
    EXPECT_EQ(clipping.high.most, secondTop);
    EXPECT_EQ(clipping.high.bounds.total(), 2u) << "once for each group";
    EXPECT_EQ(clipping.low.values, 1);
    EXPECT_EQ(clipping.low.least, clipping.low.most);
    EXPECT_EQ(clipping.low.least, groupLevels(layout, packed, 32).front());
    Clipping sum;
    sum.merge(clipping);
    sum.merge(clipping);
    EXPECT_EQ(sum.high.values, 6);
    EXPECT_EQ(sum.high.least, firstTop);
    EXPECT_EQ(sum.low.bounds.total(), 2u);
}

}  // namespace
}  // namespace halftone
