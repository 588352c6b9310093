// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tensor/dtype.h"

#include <gtest/gtest.h>

#include <cstring>
#include <limits>
#include <set>

#include "tests/support/test_paths.h"

namespace halftone {
namespace {

struct GgmlRow {
    int id;
    const char* name;
    int elements;
    int bytes;
};

// The type table of the ggml reference page, section 2, copied row by row.
constexpr GgmlRow kGgmlTable[] = {
    {0, "F32", 1, 4},         {1, "F16", 1, 2},         {2, "Q4_0", 32, 18},      {3, "Q4_1", 32, 20},
    {6, "Q5_0", 32, 22},      {7, "Q5_1", 32, 24},      {8, "Q8_0", 32, 34},      {9, "Q8_1", 32, 36},
    {10, "Q2_K", 256, 84},    {11, "Q3_K", 256, 110},   {12, "Q4_K", 256, 144},   {13, "Q5_K", 256, 176},
    {14, "Q6_K", 256, 210},   {15, "Q8_K", 256, 292},   {16, "IQ2_XXS", 256, 66}, {17, "IQ2_XS", 256, 74},
    {18, "IQ3_XXS", 256, 98}, {19, "IQ1_S", 256, 50},   {20, "IQ4_NL", 32, 18},   {21, "IQ3_S", 256, 110},
    {22, "IQ2_S", 256, 82},   {23, "IQ4_XS", 256, 136}, {24, "I8", 1, 1},         {25, "I16", 1, 2},
    {26, "I32", 1, 4},        {27, "I64", 1, 8},        {28, "F64", 1, 8},        {29, "IQ1_M", 256, 56},
    {30, "BF16", 1, 2},       {34, "TQ1_0", 256, 54},   {35, "TQ2_0", 256, 66},   {39, "MXFP4", 32, 17},
    {40, "NVFP4", 64, 36},    {41, "Q1_0", 128, 18},    {42, "Q2_0", 64, 18},
};

TEST(DType, AgreesWithTheGgmlTable) {
    std::set<int> known;
    for (const GgmlRow& row : kGgmlTable) {
        known.insert(row.id);
        const auto type = dtypeFromGgml(row.id);
        ASSERT_TRUE(type.has_value()) << row.name;
        const DTypeInfo& info = dtypeInfo(*type);
        EXPECT_EQ(info.name, row.name);
        EXPECT_EQ(info.blockElements, row.elements) << row.name;
        EXPECT_EQ(info.blockBytes(), row.bytes) << row.name;
        EXPECT_EQ(dtypeBytes(*type, static_cast<uint64_t>(row.elements) * 3), static_cast<uint64_t>(row.bytes) * 3);
        const bool isCodebook = std::strncmp(row.name, "IQ1", 3) == 0 || std::strncmp(row.name, "IQ2", 3) == 0 ||
                                std::strncmp(row.name, "IQ3", 3) == 0;
        EXPECT_EQ(info.decodable, !isCodebook) << row.name;
    }
    for (int id = -3; id < 100; ++id) EXPECT_EQ(dtypeFromGgml(id).has_value(), known.contains(id)) << id;
}

struct SafetensorsRow {
    const char* name;
    int bits;
};

// The dtypes of the safetensors reference page.
constexpr SafetensorsRow kSafetensorsTable[] = {
    {"BOOL", 8}, {"U8", 8},      {"I8", 8},          {"F4", 4},          {"F6_E2M3", 6}, {"F6_E3M2", 6},
    {"I16", 16}, {"U16", 16},    {"F16", 16},        {"BF16", 16},       {"I32", 32},    {"U32", 32},
    {"F32", 32}, {"F64", 64},    {"I64", 64},        {"U64", 64},        {"F8_E5M2", 8}, {"F8_E4M3", 8},
    {"C64", 64}, {"F8_E8M0", 8}, {"F8_E4M3FNUZ", 8}, {"F8_E5M2FNUZ", 8},
};

TEST(DType, AgreesWithTheSafetensorsTable) {
    for (const SafetensorsRow& row : kSafetensorsTable) {
        const auto type = dtypeFromSafetensors(row.name);
        ASSERT_TRUE(type.has_value()) << row.name;
        EXPECT_EQ(dtypeInfo(*type).blockBits, row.bits) << row.name;
        EXPECT_EQ(dtypeInfo(*type).blockElements, 1) << row.name;
    }
    EXPECT_FALSE(dtypeFromSafetensors("").has_value()) << "block types have no name there";
    EXPECT_FALSE(dtypeFromSafetensors("f32").has_value()) << "names are case-sensitive in the format";
    EXPECT_FALSE(dtypeFromSafetensors("Q4_0").has_value());
}

TEST(DType, NamesAreFoundInAnyCase) {
    std::set<std::string_view> names;
    for (int i = 0; i < static_cast<int>(DType::kCount); ++i) {
        const DTypeInfo& info = dtypeInfo(static_cast<DType>(i));
        EXPECT_TRUE(names.insert(info.name).second) << info.name;
        EXPECT_EQ(dtypeFromName(info.name), info.type);
        EXPECT_EQ(info.blockBits % 8 == 0 || !info.decodable, true) << info.name;
    }
    EXPECT_EQ(dtypeFromName("q4_k"), DType::kQ4_K);
    EXPECT_EQ(dtypeFromName("Bf16"), DType::kBF16);
    EXPECT_EQ(dtypeFromName("q9_9"), std::nullopt);
    EXPECT_EQ(dtypeFromName(""), std::nullopt);
}

TEST(DType, SizesAreCheckedForOverflowAndWholeBlocks) {
    EXPECT_EQ(dtypeBytes(DType::kQ4_K, 256 * 10), 1440u);
    EXPECT_EQ(dtypeBytes(DType::kQ4_K, 255), std::nullopt);
    EXPECT_EQ(dtypeBytes(DType::kF4, 3), std::nullopt) << "half a byte";
    EXPECT_EQ(dtypeBytes(DType::kF4, 4), 2u);
    EXPECT_EQ(dtypeBytes(DType::kF6E2M3, 4), 3u);
    EXPECT_EQ(dtypeBytes(DType::kF32, 0), 0u);
    EXPECT_EQ(dtypeBytes(DType::kF64, std::numeric_limits<uint64_t>::max()), std::nullopt);
    EXPECT_EQ(dtypeBytes(DType::kU8, std::numeric_limits<uint64_t>::max()), std::nullopt);
    EXPECT_NEAR(dtypeInfo(DType::kQ6_K).bitsPerElement(), 6.5625, 1e-12);
}

}  // namespace
}  // namespace halftone
