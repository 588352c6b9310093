// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quant/formats/codec.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include <gtest/gtest.h>

#include "core/quant/formats/block_layouts.h"
#include "core/quant/methods/quantize.h"
#include "tests/support/test_paths.h"
#include "tests/unit/core/quant/test_data.h"

namespace halftone {
namespace {

std::vector<std::byte> encodeRow(const Format& format, const std::vector<float>& values,
                                 std::span<const float> importance = {}) {
    const PackedLayout layout = PackedLayout::of(format, static_cast<int64_t>(values.size()));
    const auto [low, high] = std::ranges::minmax(values);
    std::vector<std::byte> packed(static_cast<size_t>(layout.rowBytes));
    const auto status =
        encodeRows(layout, values, 1, {.importance = importance, .tensorMin = low, .tensorMax = high}, packed);
    EXPECT_TRUE(status.has_value()) << format.name();
    return packed;
}

std::vector<float> decodeRow(const Format& format, const std::vector<std::byte>& packed, int64_t cols) {
    std::vector<float> decoded(static_cast<size_t>(cols));
    EXPECT_TRUE(decodeRows(PackedLayout::of(format, cols), packed, 1, decoded).has_value()) << format.name();
    return decoded;
}

double relativeMse(const Format& format, const std::vector<float>& values, std::span<const float> importance = {}) {
    Distortion distortion;
    distortion.add(values,
                   decodeRow(format, encodeRow(format, values, importance), static_cast<int64_t>(values.size())));
    return distortion.relativeMse();
}

struct ErrorBound {
    const char* format;
    double low;
    double high;
};

TEST(Distortion, OfGaussianWeightsLiesWhereTheoryPutsIt) {
    // A step D costs D^2 / 12; bounds are two-sided, so that an encoder that is too good to be true fails as well.
    const std::vector<float> values = test::gaussian(1 << 16, 0.02f, 42);
    for (const auto& [name, low, high] : {
             ErrorBound{"f32", 0, 0},
             ErrorBound{"f16", 2e-8, 6e-8},
             ErrorBound{"bf16", 1.5e-6, 4e-6},
             ErrorBound{"q8_0", 2.0e-5, 3.0e-5},
             ErrorBound{"q6_k", 2e-4, 5e-4},
             ErrorBound{"q5_k", 8e-4, 1.6e-3},
             ErrorBound{"q5_1", 9e-4, 1.9e-3},
             ErrorBound{"q5_0", 1.2e-3, 2.1e-3},
             ErrorBound{"q4_k", 3.5e-3, 6.5e-3},
             ErrorBound{"q4_1", 4e-3, 8e-3},
             ErrorBound{"q4_0", 5.5e-3, 9e-3},
             ErrorBound{"iq4_nl", 4e-3, 7.5e-3},
             ErrorBound{"iq4_xs", 4e-3, 7.5e-3},
             ErrorBound{"mxfp4", 8e-3, 2e-2},
             ErrorBound{"nvfp4", 5e-3, 1.3e-2},
             ErrorBound{"q3_k", 1.8e-2, 3.2e-2},
             ErrorBound{"q2_k", 6e-2, 1.2e-1},
             ErrorBound{"int8_channel_sym", 3e-5, 3e-4},
             ErrorBound{"int8_g128_sym", 2.5e-5, 6e-5},
             ErrorBound{"int8_g128_asym", 2.5e-5, 6e-5},
             ErrorBound{"int4_g128_sym", 8e-3, 1.5e-2},
             ErrorBound{"int4_g128_asym", 8e-3, 1.4e-2},
             ErrorBound{"int4_g32_asym", 4e-3, 8e-3},
             ErrorBound{"int2_g16_asym", 6e-2, 1.5e-1},
         }) {
        const double error = relativeMse(Format::parse(name).value(), values);
        EXPECT_GE(error, low) << name;
        EXPECT_LE(error, high) << name;
    }
}

TEST(Distortion, ImportanceLowersTheWeightedError) {
    const std::vector<float> values = test::gaussian(1024, 0.02f, 7);
    const std::vector<float> importance = test::importanceWeights(1024, 8);
    const auto weightedError = [&](const Format& format, std::span<const float> used) {
        const std::vector<float> decoded = decodeRow(format, encodeRow(format, values, used), 1024);
        double sum = 0;
        for (size_t i = 0; i < 1024; ++i)
            sum += static_cast<double>(importance[i]) * std::pow(values[i] - decoded[i], 2);
        return sum;
    };
    for (const char* name :
         {"q4_0", "q4_1", "q5_0", "q5_1", "q2_k", "q3_k", "q4_k", "q5_k", "q6_k", "iq4_nl", "iq4_xs"}) {
        const Format format = Format::parse(name).value();
        EXPECT_LT(weightedError(format, importance), weightedError(format, {})) << name;
    }
}

TEST(RoundTrip, EncodingDecodedLegacyBlocksChangesNothing) {
    // These encoders put the block's extreme values on grid points, so a decoded block is a fixed point.
    const std::vector<float> values = test::gaussian(4096, 0.02f, 5);
    for (const char* name : {"f16", "bf16", "q8_0", "q4_0", "q5_0", "tq1_0", "tq2_0", "q2_0", "q1_0", "mxfp4"}) {
        const Format format = Format::parse(name).value();
        const std::vector<float> once = decodeRow(format, encodeRow(format, values), 4096);
        const std::vector<float> twice = decodeRow(format, encodeRow(format, once), 4096);
        EXPECT_EQ(once, twice) << name;
    }
}

TEST(RoundTrip, EveryCodeOfTheLegacyTypesIsReached) {
    for (const char* name : {"q4_0", "q4_1", "q5_0", "q5_1", "iq4_nl", "mxfp4"}) {
        const Format format = Format::parse(name).value();
        std::vector<std::byte> packed = encodeRow(format, test::gaussian(32, 1.0f, 1));
        const PackedLayout layout = PackedLayout::of(format, 32);
        const std::vector<float> levels = groupLevels(layout, packed, 0);
        EXPECT_EQ(levels.size(), name == std::string("mxfp4") ? 15u : name[1] == '5' ? 32u : 16u) << name;
        std::vector<float> all(32);
        for (size_t i = 0; i < 32; ++i) all[i] = levels[i % levels.size()];
        EXPECT_EQ(decodeRow(format, encodeRow(format, all), 32).front(), all.front()) << name;
    }
}

TEST(GroupLevels, HoldEveryDecodedValueInOrder) {
    const std::vector<float> values = test::gaussian(512, 0.02f, 11);
    for (const Format& format : offeredFormats()) {
        const std::vector<std::byte> packed = encodeRow(format, values);
        const std::vector<float> decoded = decodeRow(format, packed, 512);
        const PackedLayout layout = PackedLayout::of(format, 512);
        if (format.isPlain()) {
            EXPECT_TRUE(groupLevels(layout, packed, 0).empty()) << format.name();
            continue;
        }
        for (int64_t col = 0; col < 512; ++col) {
            const std::vector<float> levels = groupLevels(layout, packed, col);
            ASSERT_TRUE(std::ranges::is_sorted(levels)) << format.name();
            ASSERT_TRUE(std::ranges::binary_search(levels, decoded[static_cast<size_t>(col)]))
                << format.name() << " column " << col;
        }
    }
}

TEST(GroupLevels, OfABadRequestAreEmpty) {
    const PackedLayout layout = PackedLayout::of(Format::of(DType::kQ4_0), 32);
    const std::vector<std::byte> packed(18);
    EXPECT_TRUE(groupLevels(layout, packed, -1).empty());
    EXPECT_TRUE(groupLevels(layout, packed, 32).empty());
    EXPECT_TRUE(groupLevels(layout, std::span(packed).first(17), 0).empty());
}

template <typename T>
std::vector<std::byte> bytesOf(std::initializer_list<T> values) {
    std::vector<std::byte> bytes(values.size() * sizeof(T));
    std::memcpy(bytes.data(), values.begin(), bytes.size());
    return bytes;
}

TEST(PlainTypes, DecodeToTheirValues) {
    EXPECT_EQ(decodeRow(Format::of(DType::kF64), bytesOf<double>({1.5, -1e300}), 2),
              (std::vector<float>{1.5f, -INFINITY}));
    EXPECT_EQ(decodeRow(Format::of(DType::kI8), bytesOf<int8_t>({-128, 127}), 2), (std::vector<float>{-128, 127}));
    EXPECT_EQ(decodeRow(Format::of(DType::kI16), bytesOf<int16_t>({-32768, 7}), 2), (std::vector<float>{-32768, 7}));
    EXPECT_EQ(decodeRow(Format::of(DType::kI32), bytesOf<int32_t>({-5, 1 << 30}), 2),
              (std::vector<float>{-5, 0x1p30f}));
    EXPECT_EQ(decodeRow(Format::of(DType::kI64), bytesOf<int64_t>({-5, int64_t{1} << 40}), 2),
              (std::vector<float>{-5, 0x1p40f}));
    EXPECT_EQ(decodeRow(Format::of(DType::kU64), bytesOf<uint64_t>({UINT64_MAX}), 1), (std::vector<float>{0x1p64f}));
    EXPECT_EQ(decodeRow(Format::of(DType::kBool), bytesOf<uint8_t>({0, 1, 7}), 3), (std::vector<float>{0, 1, 1}));
    EXPECT_EQ(decodeRow(Format::of(DType::kF8E4M3), bytesOf<uint8_t>({0x00, 0x01, 0x38, 0x7E, 0xFE, 0x80}), 6),
              (std::vector<float>{0, 0x1p-9f, 1, 448, -448, -0.0f}));
    EXPECT_EQ(decodeRow(Format::of(DType::kF8E5M2), bytesOf<uint8_t>({0x01, 0x3C, 0x7B, 0x7C, 0xBC}), 5),
              (std::vector<float>{0x1p-16f, 1, 57344, INFINITY, -1}));
    EXPECT_EQ(decodeRow(Format::of(DType::kF8E8M0), bytesOf<uint8_t>({0, 127, 254}), 3),
              (std::vector<float>{0x1p-127f, 1, 0x1p127f}));
    EXPECT_TRUE(std::isnan(decodeRow(Format::of(DType::kF8E4M3), bytesOf<uint8_t>({0x7F}), 1)[0]));
    EXPECT_TRUE(std::isnan(decodeRow(Format::of(DType::kF8E8M0), bytesOf<uint8_t>({255}), 1)[0]));
}

TEST(Mxfp4, ScalesReachTheSmallestSubnormals) {
    std::vector<std::byte> packed(17, std::byte{0x22});  // code 2 everywhere: F = 2, that is 1.0 at scale 2^(e-127)
    const Format format = Format::of(DType::kMXFP4);
    for (const int e : {0, 1, 2, 127, 254}) {
        packed[0] = static_cast<std::byte>(e);
        EXPECT_EQ(decodeRow(format, packed, 32)[5], std::ldexp(1.0f, e - 127)) << e;
    }
}

TEST(Sizes, BuffersThatAreTooSmallAreRefused) {
    const PackedLayout layout = PackedLayout::of(Format::of(DType::kQ4_K), 256);
    std::vector<std::byte> packed(144 * 2);
    std::vector<float> values(512);
    EXPECT_EQ(decodeRows(layout, packed, 3, values).error().code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(decodeRows(layout, packed, 2, std::span(values).first(511)).error().code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(encodeRows(layout, values, 2, {}, std::span(packed).first(287)).error().code,
              ErrorCode::kInvalidArgument);
    EXPECT_EQ(decodeRows(layout, packed, -1, values).error().code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(decodeRows(layout, packed, std::numeric_limits<int64_t>::max(), values).error().code,
              ErrorCode::kInvalidArgument);
    EXPECT_EQ(encodeRows(layout, values, 2, {.importance = std::span(values).first(255)}, packed).error().code,
              ErrorCode::kInvalidArgument);
    EXPECT_TRUE(decodeRows(layout, packed, 0, {}).has_value());
}

TEST(Support, IsStatedTruthfully) {
    EXPECT_FALSE(canDecode(Format::of(DType::kIQ2_XXS)));
    EXPECT_FALSE(canEncode(Format::of(DType::kI32)));
    EXPECT_TRUE(canDecode(Format::of(DType::kI32)));
    std::vector<std::byte> packed(66);
    std::vector<float> values(256);
    const auto status = decodeRows(PackedLayout::of(Format::of(DType::kIQ2_XXS), 256), packed, 1, values);
    ASSERT_FALSE(status.has_value());
    EXPECT_EQ(status.error().code, ErrorCode::kUnsupported);
    for (int type = 0; type < static_cast<int>(DType::kCount); ++type) {
        const DTypeInfo& info = dtypeInfo(static_cast<DType>(type));
        EXPECT_EQ(canDecode(Format::of(info.type)), info.decodable) << info.name;
    }
}

TEST(Validate, NamesTheFirstBadBlock) {
    const PackedLayout layout = PackedLayout::of(Format::of(DType::kQ4_0), 64);
    std::vector<std::byte> packed(4 * 18);
    HT_EXPECT_OK(validateRows(layout, packed, 2));
    packed[3 * 18 + 1] = std::byte{0x7C};  // infinity
    const auto status = validateRows(layout, packed, 2);
    ASSERT_FALSE(status.has_value());
    EXPECT_EQ(status.error().code, ErrorCode::kInvalidData);
    EXPECT_EQ(status.error().message, "Block 1 of row 1 is not valid Q4_0: the scale is not finite.");
}

TEST(Validate, ChecksEveryKindOfScale) {
    const auto rejects = [](DType type, size_t offset, uint8_t value) {
        const PackedLayout layout = PackedLayout::of(Format::of(type), 256);
        std::vector<std::byte> packed(static_cast<size_t>(layout.rowBytes));
        EXPECT_TRUE(validateRows(layout, packed, 1).has_value()) << dtypeInfo(type).name;
        packed[offset] = static_cast<std::byte>(value);
        return !validateRows(layout, packed, 1).has_value();
    };
    EXPECT_TRUE(rejects(DType::kMXFP4, 0, 255));
    EXPECT_TRUE(rejects(DType::kNVFP4, 2, 0x7F));
    EXPECT_TRUE(rejects(DType::kQ4_1, 3, 0x7E));   // m
    EXPECT_TRUE(rejects(DType::kQ4_K, 3, 0x7C));   // dmin
    EXPECT_TRUE(rejects(DType::kQ2_K, 83, 0x7C));  // dmin
    EXPECT_TRUE(rejects(DType::kQ6_K, 209, 0xFC));
    EXPECT_TRUE(rejects(DType::kF16, 101, 0x7C));
    EXPECT_FALSE(rejects(DType::kQ4_K, 20, 0xFF));  // any code is legal
}

TEST(Validate, IntegerZeroPointsMustBeCodes) {
    const Format format = Format::parse("int4_g32_asym").value();
    const PackedLayout layout = PackedLayout::of(format, 64);
    std::vector<std::byte> packed(static_cast<size_t>(layout.rowBytes));
    HT_EXPECT_OK(validateRows(layout, packed, 1));
    packed[static_cast<size_t>(layout.zeroOffset) + 1] = std::byte{16};
    EXPECT_FALSE(validateRows(layout, packed, 1).has_value());
    packed[static_cast<size_t>(layout.zeroOffset) + 1] = std::byte{15};
    packed[static_cast<size_t>(layout.scaleOffset) + 1] = std::byte{0x7C};
    EXPECT_FALSE(validateRows(layout, packed, 1).has_value());
}

TEST(BadInputs, NeverGiveNonFiniteValuesWhereTheScaleFits) {
    for (const test::NamedValues& input : test::adversarialInputs(512)) {
        if (input.name.find("overflow") != std::string::npos || input.name == "heavy tail") continue;
        for (const Format& format : test::encodableFormats()) {
            const std::vector<float> decoded = decodeRow(format, encodeRow(format, input.values), 512);
            ASSERT_TRUE(std::ranges::all_of(decoded, [](float v) { return std::isfinite(v); }))
                << format.name() << ", " << input.name;
        }
    }
}

}  // namespace
}  // namespace halftone
