// SPDX-License-Identifier: GPL-3.0-or-later
// Every golden vector of the reference library: all bytes equal, all decoded values bit-equal.
#include <bit>
#include <cmath>
#include <map>

#include <gtest/gtest.h>

#include "core/quant/formats/codec.h"
#include "tests/support/test_paths.h"
#include "tests/unit/core/quant/golden_data.h"

namespace halftone {
namespace {

using test::GoldenVector;

/// Bit-equal; NaN is compared as a class.
bool sameFloat(float a, float b) {
    return std::bit_cast<uint32_t>(a) == std::bit_cast<uint32_t>(b) || (std::isnan(a) && std::isnan(b));
}

void checkDecoded(const GoldenVector& golden, const std::vector<float>& decoded) {
    for (size_t i = 0; i < decoded.size(); ++i) {
        ASSERT_TRUE(sameFloat(decoded[i], golden.decoded[i]))
            << golden.name << " element " << i << ": " << decoded[i] << " instead of " << golden.decoded[i];
    }
}

void checkPacked(const GoldenVector& golden, const std::vector<std::byte>& packed) {
    ASSERT_EQ(packed.size(), golden.packed.size()) << golden.name;
    for (size_t i = 0; i < packed.size(); ++i) {
        ASSERT_EQ(std::to_integer<int>(packed[i]), std::to_integer<int>(golden.packed[i]))
            << golden.name << " byte " << i;
    }
}

void checkVector(const GoldenVector& golden) {
    const PackedLayout layout = PackedLayout::of(Format::of(golden.type), golden.cols);
    std::vector<float> decoded(golden.values.size());
    HT_ASSERT_OK(decodeRows(layout, golden.packed, golden.rows, decoded));
    checkDecoded(golden, decoded);
    HT_ASSERT_OK(decodeRowsReference(layout, golden.packed, golden.rows, decoded));
    checkDecoded(golden, decoded);

    std::vector<std::byte> packed(golden.packed.size());
    const EncodeOptions options{.importance = golden.importance};
    HT_ASSERT_OK(encodeRowsReference(layout, golden.values, golden.rows, options, packed));
    if (!golden.undefinedUpstream) checkPacked(golden, packed);
    const std::vector<std::byte> scalar = packed;
    HT_ASSERT_OK(encodeRows(layout, golden.values, golden.rows, options, packed));
    EXPECT_EQ(packed, scalar) << golden.name << ": the vectorized encoder writes other bytes";
}

TEST(Golden, EncodesAndDecodesLikeTheReferenceLibrary) {
    HT_SHARED_OR_SKIP(folder, "golden/ggml");
    std::map<DType, int> checked;
    for (const GoldenVector& golden : test::loadGoldenVectors(folder)) {
        const Format format = Format::of(golden.type);
        if (!canDecode(format)) continue;
        EXPECT_TRUE(canEncode(format)) << golden.name;
        ++checked[golden.type];
        checkVector(golden);
        if (testing::Test::HasFatalFailure()) return;
    }
    EXPECT_EQ(checked.size(), 22u);
    int total = 0;
    for (const auto& [type, count] : checked) total += count;
    EXPECT_GE(total, 550);
}

TEST(Golden, ValidationAgreesWithTheReferenceLibrary) {
    HT_SHARED_OR_SKIP(folder, "golden/ggml");
    for (const GoldenVector& golden : test::loadGoldenVectors(folder)) {
        // The reference refuses Q8_1 as a type, whatever it holds.
        if (!canDecode(Format::of(golden.type)) || golden.type == DType::kQ8_1) continue;
        const PackedLayout layout = PackedLayout::of(Format::of(golden.type), golden.cols);
        EXPECT_EQ(!validateRows(layout, golden.packed, golden.rows).has_value(), golden.failsValidation) << golden.name;
    }
}

}  // namespace
}  // namespace halftone
