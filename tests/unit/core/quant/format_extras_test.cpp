// SPDX-License-Identifier: GPL-3.0-or-later
// What composes with formats: names, sizes, what goes together.
#include <gtest/gtest.h>

#include "core/quant/formats/format.h"
#include "core/quant/formats/packed_layout.h"

namespace halftone {
namespace {

Format parsed(std::string_view name) {
    const auto format = Format::parse(name);
    EXPECT_TRUE(format.has_value()) << name << ": " << (format ? "" : format.error().message);
    return format.value_or(Format());
}

TEST(FormatExtras, NamesAreReadBackInOneOrder) {
    for (const char* name : {"int4_g128_sym+2of4", "f16+sparse50", "q4_0+out0.5", "q4_k+rank32", "nf4_g64+out10",
                             "q6_k+1of8+out1+rank1024", "bf16+sparse60+rank8"}) {
        EXPECT_EQ(parsed(name).name(), name);
    }
    EXPECT_EQ(parsed("Q4_0+RANK32+Out0.5+2of4").name(), "q4_0+2of4+out0.5+rank32");
    EXPECT_EQ(parsed("int4_g64_asym+2of4+rank16").displayName(), "INT4 g64 asym, 2:4 sparse + rank 16");
    EXPECT_EQ(parsed("q4_0+out0.5").displayName(), "Q4_0 + 0.5 % F16");
}

TEST(FormatExtras, WhatIsNotAccepted) {
    for (const char* name : {"q4_0+", "q4_0+2of4+", "q4_0++2of4", "q4_0+2of5", "q4_0+4of4", "q4_0+0of4", "q4_0+sparse4",
                             "q4_0+sparse96", "q4_0+2of4+sparse50", "q4_0+out0", "q4_0+out10.1", "q4_0+out0.55",
                             "q4_0+out", "q4_0+rank0", "q4_0+rank1025", "q4_0+rank8+rank8", "q4_0+wings", "+2of4"}) {
        EXPECT_FALSE(Format::parse(name).has_value()) << name;
    }
    EXPECT_NE(Format::parse("q4_0+wings").error().message.find("+sparse50"), std::string::npos);
}

TEST(FormatExtras, WhatDoesNotGoTogetherSaysWhy) {
    EXPECT_EQ(Format::parse("q4_k+2of4").error().message,
              "Q4_K does not store a zero as exactly zero, so that elements cannot be left out of it.");
    for (const char* name : {"binary_g64+2of4", "kmeans4_channel+sparse50", "int4_g64_fzero+2of4", "iq4_nl+2of4"})
        EXPECT_FALSE(Format::parse(name).has_value()) << name;
    EXPECT_EQ(Format::parse("f16+rank8").error().message,
              "F16 stores every value on its own, so that nothing is left to correct.");
}

TEST(FormatExtras, TheBaseHasNone) {
    const Format format = parsed("int4_g128_sym+2of4+out1+rank8");
    EXPECT_EQ(format.base(), parsed("int4_g128_sym"));
    EXPECT_NE(format, format.base());
    EXPECT_TRUE(format.base().extras().isNone());
    EXPECT_EQ(format.extras().sparsity.keep, 2);
    EXPECT_EQ(format.extras().outliersPerMille, 10);
    EXPECT_EQ(format.extras().rank, 8);
    EXPECT_EQ(PackedLayout::of(format, 256).format, format.base());
    EXPECT_EQ(PackedLayout::of(format, 256).rowBytes, PackedLayout::of(format.base(), 256).rowBytes);
}

TEST(FormatExtras, ExtrasFollowAFallbackWhereTheyGoWithIt) {
    EXPECT_EQ(parsed("q6_k+2of4").orFallback(160), parsed("q8_0+2of4"));
    EXPECT_EQ(parsed("q6_k+2of4").orFallback(100), parsed("f16+2of4"));
    EXPECT_EQ(parsed("q4_k+rank8").orFallback(160), parsed("q5_0+rank8"));
    EXPECT_EQ(parsed("q4_k+rank8").orFallback(100), parsed("f16"));  // nothing to correct
}

TEST(FormatExtras, StorageCountsWhatIsStored) {
    constexpr int64_t kRows = 64, kCols = 4096;
    const auto bytes = [&](std::string_view name) { return parsed(name).storageBytes(kRows, kCols); };
    // Of 4 codes of 4 bits 2 stay, each with an index of 2 bits.
    EXPECT_EQ(bytes("int4_g128_sym+2of4"), bytes("int4_g128_sym") - kRows * kCols / 4 + kRows * kCols / 8);
    EXPECT_EQ(bytes("f16+sparse50"), kRows * kCols / 2 * 2 + kRows * kCols / 8);
    EXPECT_EQ(bytes("q4_0+out0.5") - bytes("q4_0"), kRows * kCols * 5 / 1000 * 4 + kRows * 4);
    EXPECT_EQ(bytes("q4_0+rank32") - bytes("q4_0"), 32 * (kRows + kCols) * 2);
    for (const char* name : {"int4_g128_sym+2of4", "f16+sparse50", "int8_channel_sym+4of8", "q3_k+sparse30"}) {
        const Format format = parsed(name);
        EXPECT_NEAR(8.0 * double(format.storageBytes(kRows, kCols)) / double(kRows * kCols), format.bitsPerWeight(),
                    0.01)
            << name;
    }
    // A row that the pattern does not divide keeps its end.
    EXPECT_EQ(keptElements(parsed("f16+2of4").extras().sparsity, 10), 6);
    EXPECT_EQ(keptElements(parsed("f16+sparse50").extras().sparsity, 11), 6);
}

}  // namespace
}  // namespace halftone
