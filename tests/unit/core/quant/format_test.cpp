// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quant/formats/format.h"

#include <set>

#include <gtest/gtest.h>

#include "core/quant/formats/codec.h"
#include "core/quant/formats/packed_layout.h"
#include "tests/support/test_paths.h"
#include "tests/unit/core/quant/test_data.h"

namespace halftone {
namespace {

Format integer(int bits, bool symmetric, Granularity granularity, int groupSize = 0) {
    return Format::of(
        IntegerFormat{static_cast<uint8_t>(bits), symmetric, granularity, static_cast<uint16_t>(groupSize)});
}

TEST(FormatName, ParseIsTheInverseOfPrint) {
    std::set<std::string> names;
    for (const Format& format : test::encodableFormats()) {
        const auto parsed = Format::parse(format.name());
        HT_ASSERT_OK(parsed);
        EXPECT_EQ(*parsed, format) << format.name();
        EXPECT_TRUE(names.insert(format.name()).second) << format.name() << " names two formats";
    }
    for (int type = 0; type < static_cast<int>(DType::kCount); ++type) {
        const Format format = Format::of(static_cast<DType>(type));
        EXPECT_EQ(Format::parse(format.name()).value(), format);
    }
}

TEST(FormatName, IsReadableAndCaseInsensitive) {
    EXPECT_EQ(Format::parse("Q4_k").value(), Format::of(DType::kQ4_K));
    EXPECT_EQ(Format::parse("INT4_G128_Asym").value(), integer(4, false, Granularity::kGroup, 128));
    EXPECT_EQ(integer(4, false, Granularity::kGroup, 128).name(), "int4_g128_asym");
    EXPECT_EQ(integer(4, false, Granularity::kGroup, 128).displayName(), "INT4 g128 asym");
    EXPECT_EQ(integer(8, true, Granularity::kChannel).name(), "int8_channel_sym");
    EXPECT_EQ(integer(3, true, Granularity::kTensor).displayName(), "INT3 tensor sym");
    EXPECT_EQ(Format::of(DType::kQ4_K).displayName(), "Q4_K");
}

TEST(FormatName, OfLevelsNamesTableGranuleAndAnUnusualScale) {
    const auto printed = [](const char* name) {
        const Format format = Format::parse(name).value();
        return format.name() + " | " + format.displayName();
    };
    EXPECT_EQ(printed("FP8_e4m3_channel"), "fp8_e4m3_channel | FP8 E4M3 channel");
    EXPECT_EQ(printed("fp8_e4m3_b128x128"), "fp8_e4m3_b128x128 | FP8 E4M3 128x128");
    EXPECT_EQ(printed("fp8_e5m2_tensor_bf16"), "fp8_e5m2_tensor_bf16 | FP8 E5M2 tensor BF16");
    EXPECT_EQ(printed("fp8_e5m2_tensor_f32"), "fp8_e5m2_tensor | FP8 E5M2 tensor");
    EXPECT_EQ(printed("mxfp6_e2m3"), "mxfp6_e2m3 | MXFP6 E2M3");
    EXPECT_EQ(printed("fp8_e4m3_g32_e8m0"), "mxfp8_e4m3 | MXFP8 E4M3");
    EXPECT_EQ(printed("nf4_g64"), "nf4_g64 | NF4 g64");
    EXPECT_EQ(printed("nf4_g64_f16"), "nf4_g64_f16 | NF4 g64 F16");
    EXPECT_EQ(printed("pow2_4bit_g64"), "pow2_4bit_g64 | Pow2 4-bit g64");
    EXPECT_EQ(printed("apot4_g64"), "apot4_g64 | APoT4 g64");
    EXPECT_EQ(printed("apot3_g64"), "pow2_3bit_g64 | Pow2 3-bit g64");
    EXPECT_EQ(printed("kmeans3_channel"), "kmeans3_channel | K-means 3-bit channel");
    EXPECT_EQ(printed("ternary_g128"), "ternary_g128 | Ternary g128");
    EXPECT_EQ(printed("int4_g128_sym_bf16"), "int4_g128_sym_bf16 | INT4 g128 sym BF16");
    EXPECT_EQ(printed("int4_g128_sym_f16"), "int4_g128_sym | INT4 g128 sym");
}

TEST(FormatName, OfFloatZeroPointsAndNestedScales) {
    const auto printed = [](const char* name) {
        const Format format = Format::parse(name).value();
        return format.name() + " | " + format.displayName();
    };
    EXPECT_EQ(printed("INT4_g64_fZero"), "int4_g64_fzero | INT4 g64 fzero");
    EXPECT_EQ(printed("int4_g64_fzero_f16"), "int4_g64_fzero | INT4 g64 fzero");
    EXPECT_EQ(printed("int2_channel_fzero_f32"), "int2_channel_fzero_f32 | INT2 channel fzero F32");
    EXPECT_EQ(printed("int4_g64_fzero_dq"), "int4_g64_fzero_dq | INT4 g64 fzero DQ");
    EXPECT_EQ(printed("int3_g32_sym_dq"), "int3_g32_sym_dq | INT3 g32 sym DQ");
    EXPECT_EQ(printed("nf4_g64_dq"), "nf4_g64_dq | NF4 g64 DQ");
    EXPECT_EQ(printed("fp4_bnb_g128_DQ"), "fp4_bnb_g128_dq | FP4 bnb g128 DQ");
    const IntegerFormat fzero = Format::parse("int4_g64_fzero").value().integer();
    EXPECT_TRUE(fzero.floatZero && !fzero.symmetric);
    EXPECT_EQ(Format::parse("nf4_g64_dq").value().scaleType(), ScaleType::kNested);
}

TEST(FormatName, RefusesWhatIsNoFormatAndListsWhatIs) {
    for (const char* name : {"",
                             "q4",
                             "q9_k",
                             "int1_g128_sym",
                             "int9_g128_sym",
                             "int4_g17_sym",
                             "int4_g128",
                             "int4_g128_",
                             "int_g128_sym",
                             "int4__sym",
                             "int4_g128_sym_e8m0",
                             "int4_g128_sym_fzero",
                             "int4_g128_fzero_asym",
                             "int4_channel_sym_dq",
                             "int4_tensor_fzero_dq",
                             "int4_g64_dq",
                             "nf4_channel_dq",
                             "nf4_dq",
                             "fp8_e4m3_b128x128_dq",
                             "ternary_g64_dq",
                             "kmeans4_channel_dq",
                             "q4_k_dq",
                             "int4_b128x128_sym",
                             "nf4",
                             "nf4_g48",
                             "nf4g64",
                             "nf4_g64_",
                             "nf4_g64_f8",
                             "mxnf4",
                             "mxfp6_e2m3_g32",
                             "binary_tensor",
                             "ternary_b128x128",
                             "binary_g64_e8m0",
                             "fp8_g64",
                             "apot3",
                             "kmeans5_channel",
                             "kmeans4_g64",
                             "kmeans4",
                             "kmeans4_channel_f16",
                             "int4_g128_symm",
                             "int4x_g128_sym",
                             "int4_g_sym",
                             "int4_g-16_sym",
                             "int4_channel_sym_sym"}) {
        const auto parsed = Format::parse(name);
        ASSERT_FALSE(parsed.has_value()) << name;
        EXPECT_EQ(parsed.error().code, ErrorCode::kInvalidArgument);
        EXPECT_NE(parsed.error().message.find("q4_k"), std::string::npos) << parsed.error().message;
        EXPECT_NE(parsed.error().message.find("int4_g128_asym"), std::string::npos);
    }
}

TEST(FormatOffer, EverythingOfferedCanBeWrittenAndReadAndIsListedOnce) {
    std::set<Format> seen;
    for (const Format& format : offeredFormats()) {
        EXPECT_TRUE(canEncode(format)) << format.name();
        EXPECT_TRUE(canDecode(format)) << format.name();
        EXPECT_TRUE(seen.insert(format).second) << format.name();
    }
    for (const char* name : {"f32", "f16", "bf16", "q8_0", "q6_k", "q5_k", "q5_1", "q5_0", "q4_k", "q4_1", "q4_0"}) {
        EXPECT_TRUE(seen.contains(Format::parse(name).value())) << name;
    }
    EXPECT_FALSE(seen.contains(Format::of(DType::kQ8_1))) << "an activation type";
}

TEST(FormatFallback, FollowsTheReferenceQuantizer) {
    const auto fallback = [](const char* name, int64_t cols) {
        return Format::parse(name).value().orFallback(cols).name();
    };
    EXPECT_EQ(fallback("q4_k", 512), "q4_k");
    EXPECT_EQ(fallback("q4_k", 96), "q5_0");
    EXPECT_EQ(fallback("q5_k", 96), "q5_1");
    EXPECT_EQ(fallback("q6_k", 96), "q8_0");
    EXPECT_EQ(fallback("q2_k", 96), "q4_0");
    EXPECT_EQ(fallback("q3_k", 96), "q4_0");
    EXPECT_EQ(fallback("tq1_0", 96), "q4_0");
    EXPECT_EQ(fallback("tq2_0", 96), "q4_0");
    EXPECT_EQ(fallback("q2_0", 96), "q4_0");
    EXPECT_EQ(fallback("iq4_xs", 96), "iq4_nl");
    EXPECT_EQ(fallback("iq2_xxs", 96), "iq4_nl");
    EXPECT_EQ(fallback("q4_k", 100), "f16");
    EXPECT_EQ(fallback("q8_0", 100), "f16");
    EXPECT_EQ(fallback("mxfp4", 100), "f16");
    EXPECT_EQ(fallback("bf16", 100), "bf16");
    EXPECT_EQ(fallback("int4_g128_asym", 100), "int4_g128_asym");
}

TEST(FormatFit, BlocksMustDivideARow) {
    EXPECT_TRUE(Format::of(DType::kQ4_K).fitsRow(256));
    EXPECT_FALSE(Format::of(DType::kQ4_K).fitsRow(257));
    EXPECT_FALSE(Format::of(DType::kQ8_0).fitsRow(0));
    EXPECT_FALSE(Format::of(DType::kF32).fitsRow(-32));
    EXPECT_TRUE(integer(4, true, Granularity::kGroup, 128).fitsRow(1));
    EXPECT_FALSE(integer(4, true, Granularity::kGroup, 128).fitsRow(0));
}

TEST(FormatSize, BitsPerWeightAreThoseOfTheTable) {
    EXPECT_DOUBLE_EQ(Format::of(DType::kQ4_K).bitsPerWeight(), 4.5);
    EXPECT_DOUBLE_EQ(Format::of(DType::kQ6_K).bitsPerWeight(), 6.5625);
    EXPECT_DOUBLE_EQ(Format::of(DType::kTQ1_0).bitsPerWeight(), 1.6875);
    EXPECT_DOUBLE_EQ(integer(4, true, Granularity::kGroup, 128).bitsPerWeight(), 4.125);
    EXPECT_DOUBLE_EQ(integer(4, false, Granularity::kGroup, 128).bitsPerWeight(), 4.15625);
    EXPECT_DOUBLE_EQ(integer(8, true, Granularity::kTensor).bitsPerWeight(), 8.0);
    const auto bits = [](const char* name) { return Format::parse(name).value().bitsPerWeight(); };
    EXPECT_DOUBLE_EQ(bits("int4_g128_sym_f32"), 4.25);
    EXPECT_DOUBLE_EQ(bits("nf4_g64"), 4.5);
    EXPECT_DOUBLE_EQ(bits("mxfp6_e3m2"), 6.25);
    EXPECT_DOUBLE_EQ(bits("fp8_e4m3_b128x128"), 8 + 32.0 / 16384);
    EXPECT_DOUBLE_EQ(bits("ternary_g128"), 2.125);
    EXPECT_DOUBLE_EQ(bits("binary_g64"), 1.25);
    EXPECT_DOUBLE_EQ(bits("int4_g64_fzero"), 4.5);
    EXPECT_DOUBLE_EQ(bits("int4_channel_fzero"), 4);
    // QLoRA's figure: 4 + 8 / 64 + 32 / (64 * 256).
    EXPECT_DOUBLE_EQ(bits("nf4_g64_dq"), 4 + 8.0 / 64 + 32.0 / (64 * 256));
    EXPECT_DOUBLE_EQ(bits("int4_g64_asym_dq"), bits("nf4_g64_dq") + 4.0 / 64);
    EXPECT_DOUBLE_EQ(bits("int4_g64_fzero_dq"), 4 + 2 * (bits("nf4_g64_dq") - 4));
}

TEST(FormatSize, StorageBytesCountCodesScalesAndZeros) {
    EXPECT_EQ(Format::of(DType::kQ4_K).storageBytes(3, 512), 3 * 2 * 144);
    EXPECT_EQ(Format::of(DType::kF16).storageBytes(3, 5), 30);
    EXPECT_EQ(integer(4, true, Granularity::kTensor).storageBytes(3, 5), 3 * 3 + 2);
    EXPECT_EQ(integer(4, true, Granularity::kChannel).storageBytes(3, 5), 3 * 3 + 3 * 2);
    EXPECT_EQ(integer(4, false, Granularity::kGroup, 16).storageBytes(2, 33), 2 * 17 + 6 * 2 + 3);
    const auto bytes = [](const char* name, int64_t rows, int64_t cols) {
        return Format::parse(name).value().storageBytes(rows, cols);
    };
    EXPECT_EQ(bytes("fp8_e4m3_tensor", 3, 5), 15 + 4);
    EXPECT_EQ(bytes("fp8_e4m3_b128x128", 300, 200), 300 * 200 + 3 * 2 * 4);
    EXPECT_EQ(bytes("mxfp6_e2m3", 3, 40), 3 * 30 + 3 * 2);
    EXPECT_EQ(bytes("binary_g16", 2, 33), 2 * 5 + 2 * 3 * 2);
    EXPECT_EQ(bytes("kmeans3_channel", 5, 20), 5 * 8 + 5 * 8 * 2);
    EXPECT_EQ(bytes("kmeans3_tensor", 5, 20), 5 * 8 + 8 * 2);
    EXPECT_EQ(bytes("int4_g16_fzero", 2, 33), 2 * 17 + 2 * 3 * 4);
    EXPECT_EQ(bytes("int4_channel_fzero_f32", 3, 5), 3 * 3 + 3 * 8);
    EXPECT_EQ(bytes("nf4_g16_dq", 2, 33), 2 * 17 + 2 * (3 + 4 + 4));
    EXPECT_EQ(bytes("nf4_g16_dq", 1, 16 * 257), 16 * 257 / 2 + 257 + 4 + 2 * 4);
    EXPECT_EQ(bytes("int4_g16_fzero_dq", 2, 33), 2 * 17 + 2 * 2 * (3 + 4 + 4));
    for (const Format& format : offeredFormats()) {
        const double bits = 8.0 * static_cast<double>(format.storageBytes(256, 4096)) / (256.0 * 4096.0);
        // A codebook of 16 levels is 256 bits a row; a second level of scales begins anew with every row.
        const bool isNested = !format.isStorage() && format.scaleType() == ScaleType::kNested;
        EXPECT_NEAR(bits, format.bitsPerWeight(), format.isCodebook() ? 0.07 : isNested ? 0.03 : 0.01) << format.name();
    }
}

TEST(PackedLayout, BlockRowsAreThoseOfTheFile) {
    const PackedLayout layout = PackedLayout::of(Format::of(DType::kQ6_K), 768);
    EXPECT_EQ(layout.rowBytes, 3 * 210);
    EXPECT_EQ(layout.cols, 768);
}

TEST(PackedLayout, IntegerRowsHaveCodesThenScalesThenZeros) {
    const PackedLayout layout = PackedLayout::of(integer(3, false, Granularity::kGroup, 16), 50);
    EXPECT_EQ(layout.groupSize, 16);
    EXPECT_EQ(layout.groupsPerRow, 4);
    EXPECT_EQ(layout.scaleOffset, 20);  // 150 bits = 19 bytes, padded
    EXPECT_EQ(layout.zeroOffset, 28);
    EXPECT_EQ(layout.rowBytes, 32);
    const PackedLayout floats = PackedLayout::of(Format::parse("int3_g16_fzero").value(), 50);
    EXPECT_EQ(floats.zeroOffset, 28);
    EXPECT_EQ(floats.rowBytes, 36);
    const PackedLayout nested = PackedLayout::of(Format::parse("int3_g16_fzero_dq").value(), 16 * 257);
    EXPECT_EQ(nested.scaleOffset, 1544);  // 257 x 48 bits = 1542 bytes, padded
    EXPECT_EQ(nested.zeroOffset, 1544 + 260 + 4 + 8);
    EXPECT_EQ(nested.rowBytes, nested.zeroOffset + 260 + 4 + 8);
    const PackedLayout channel = PackedLayout::of(integer(8, true, Granularity::kChannel), 50);
    EXPECT_EQ(channel.groupSize, 50);
    EXPECT_EQ(channel.groupsPerRow, 1);
    EXPECT_EQ(channel.rowBytes, 52 + 4);
    const PackedLayout mx = PackedLayout::of(Format::parse("mxfp6_e2m3").value(), 100);
    EXPECT_EQ(mx.groupsPerRow, 4);
    EXPECT_EQ(mx.scaleOffset, 76);
    EXPECT_EQ(mx.rowBytes, 80);
    const PackedLayout block = PackedLayout::of(Format::parse("fp8_e4m3_b128x128").value(), 300);
    EXPECT_EQ(block.groupSize, 128);
    EXPECT_EQ(block.rowBytes, 300 + 3 * 4);
}

}  // namespace
}  // namespace halftone
