// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tensor/dtype.h"

#include <algorithm>
#include <cctype>

#include "core/base/checked.h"

namespace halftone {
namespace {

using enum DType;

constexpr std::array<DTypeInfo, static_cast<size_t>(kCount)> kTable{{
    {kF32, "F32", "F32", 0, 1, 32, true},
    {kF16, "F16", "F16", 1, 1, 16, true},
    {kBF16, "BF16", "BF16", 30, 1, 16, true},
    {kF64, "F64", "F64", 28, 1, 64, true},
    {kI8, "I8", "I8", 24, 1, 8, true},
    {kI16, "I16", "I16", 25, 1, 16, true},
    {kI32, "I32", "I32", 26, 1, 32, true},
    {kI64, "I64", "I64", 27, 1, 64, true},
    {kU8, "U8", "U8", -1, 1, 8, true},
    {kU16, "U16", "U16", -1, 1, 16, true},
    {kU32, "U32", "U32", -1, 1, 32, true},
    {kU64, "U64", "U64", -1, 1, 64, true},
    {kBool, "BOOL", "BOOL", -1, 1, 8, true},
    {kF8E4M3, "F8_E4M3", "F8_E4M3", -1, 1, 8, true},
    {kF8E5M2, "F8_E5M2", "F8_E5M2", -1, 1, 8, true},
    {kF8E8M0, "F8_E8M0", "F8_E8M0", -1, 1, 8, true},
    {kF8E4M3FNUZ, "F8_E4M3FNUZ", "F8_E4M3FNUZ", -1, 1, 8, false},
    {kF8E5M2FNUZ, "F8_E5M2FNUZ", "F8_E5M2FNUZ", -1, 1, 8, false},
    {kF6E2M3, "F6_E2M3", "F6_E2M3", -1, 1, 6, false},
    {kF6E3M2, "F6_E3M2", "F6_E3M2", -1, 1, 6, false},
    {kF4, "F4", "F4", -1, 1, 4, false},
    {kC64, "C64", "C64", -1, 1, 64, false},
    {kQ4_0, "Q4_0", "", 2, 32, 18 * 8, true},
    {kQ4_1, "Q4_1", "", 3, 32, 20 * 8, true},
    {kQ5_0, "Q5_0", "", 6, 32, 22 * 8, true},
    {kQ5_1, "Q5_1", "", 7, 32, 24 * 8, true},
    {kQ8_0, "Q8_0", "", 8, 32, 34 * 8, true},
    {kQ8_1, "Q8_1", "", 9, 32, 36 * 8, true},
    {kQ2_K, "Q2_K", "", 10, 256, 84 * 8, true},
    {kQ3_K, "Q3_K", "", 11, 256, 110 * 8, true},
    {kQ4_K, "Q4_K", "", 12, 256, 144 * 8, true},
    {kQ5_K, "Q5_K", "", 13, 256, 176 * 8, true},
    {kQ6_K, "Q6_K", "", 14, 256, 210 * 8, true},
    {kQ8_K, "Q8_K", "", 15, 256, 292 * 8, true},
    {kIQ2_XXS, "IQ2_XXS", "", 16, 256, 66 * 8, false},
    {kIQ2_XS, "IQ2_XS", "", 17, 256, 74 * 8, false},
    {kIQ2_S, "IQ2_S", "", 22, 256, 82 * 8, false},
    {kIQ3_XXS, "IQ3_XXS", "", 18, 256, 98 * 8, false},
    {kIQ3_S, "IQ3_S", "", 21, 256, 110 * 8, false},
    {kIQ1_S, "IQ1_S", "", 19, 256, 50 * 8, false},
    {kIQ1_M, "IQ1_M", "", 29, 256, 56 * 8, false},
    {kIQ4_NL, "IQ4_NL", "", 20, 32, 18 * 8, true},
    {kIQ4_XS, "IQ4_XS", "", 23, 256, 136 * 8, true},
    {kTQ1_0, "TQ1_0", "", 34, 256, 54 * 8, true},
    {kTQ2_0, "TQ2_0", "", 35, 256, 66 * 8, true},
    {kMXFP4, "MXFP4", "", 39, 32, 17 * 8, true},
    {kNVFP4, "NVFP4", "", 40, 64, 36 * 8, true},
    {kQ1_0, "Q1_0", "", 41, 128, 18 * 8, true},
    {kQ2_0, "Q2_0", "", 42, 64, 18 * 8, true},
}};

constexpr bool tableIsInOrder() {
    for (size_t i = 0; i < kTable.size(); ++i) {
        if (static_cast<size_t>(kTable[i].type) != i) return false;
    }
    return true;
}
static_assert(tableIsInOrder(), "the table is indexed by DType");

bool equalIgnoringCase(std::string_view a, std::string_view b) {
    return std::ranges::equal(a, b, [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

}  // namespace

const DTypeInfo& dtypeInfo(DType type) { return kTable[static_cast<size_t>(type)]; }

std::optional<DType> dtypeFromGgml(int64_t ggmlId) {
    for (const DTypeInfo& info : kTable) {
        if (info.ggmlId >= 0 && info.ggmlId == ggmlId) return info.type;
    }
    return std::nullopt;
}

std::optional<DType> dtypeFromSafetensors(std::string_view name) {
    for (const DTypeInfo& info : kTable) {
        if (!name.empty() && info.safetensorsName == name) return info.type;
    }
    return std::nullopt;
}

std::optional<DType> dtypeFromName(std::string_view name) {
    for (const DTypeInfo& info : kTable) {
        if (equalIgnoringCase(info.name, name)) return info.type;
    }
    return std::nullopt;
}

std::optional<uint64_t> dtypeBytes(DType type, uint64_t count) {
    const DTypeInfo& info = dtypeInfo(type);
    const auto blockElements = static_cast<uint64_t>(info.blockElements);
    if (count % blockElements != 0) return std::nullopt;
    const auto bits = checkedMul(count / blockElements, static_cast<uint64_t>(info.blockBits));
    if (!bits || *bits % 8 != 0) return std::nullopt;
    return *bits / 8;
}

}  // namespace halftone
