// SPDX-License-Identifier: GPL-3.0-or-later
// Sources of the tables: the reference pages on Hugging Face exports (sections 4, 7 and 8) and on algorithms (sections
// 7, 17 and 18); APoT: arXiv 1909.13144.
#include "core/quant/formats/level_tables.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>

namespace halftone {
namespace {

/// The float after `value`, which is not an infinity.
constexpr float nextAbove(float value) {
    if (value == 0) return std::bit_cast<float>(1u);
    const auto bits = std::bit_cast<uint32_t>(value);
    return std::bit_cast<float>(value > 0 ? bits + 1 : bits - 1);
}

template <size_t kCount>
constexpr std::array<float, 2 * kCount - 1> mirrored(const std::array<float, kCount>& magnitudes) {
    std::array<float, 2 * kCount - 1> levels{};
    for (size_t i = 0; i < kCount; ++i) {
        levels[kCount - 1 + i] = magnitudes[i];
        levels[kCount - 1 - i] = i == 0 ? 0.0f : -magnitudes[i];
    }
    return levels;
}

/// Magnitudes of the codes 0, 1, 2, ... of a float format: subnormals, then normals, without NaN and infinities.
template <size_t kCount>
constexpr std::array<float, kCount> floatMagnitudes(FloatFields fields) {
    std::array<float, kCount> magnitudes{};
    const auto unit = std::bit_cast<float>((128u - fields.bias - fields.mantissaBits) << 23);
    const size_t normals = size_t{1} << fields.mantissaBits;
    for (size_t code = 0; code < kCount; ++code) {
        if (code < normals) {
            magnitudes[code] = static_cast<float>(code) * unit;
        } else {
            const auto shifted = static_cast<uint32_t>(code << (23 - fields.mantissaBits));
            magnitudes[code] = std::bit_cast<float>(shifted + ((127u - fields.bias) << 23));
        }
    }
    return magnitudes;
}

enum class Ties { kEven, kLower, kUpper };

template <size_t kCount>
constexpr std::array<float, kCount - 1> thresholdsOf(const std::array<float, kCount>& levels, size_t zeroCode,
                                                     Ties ties) {
    std::array<float, kCount - 1> thresholds{};
    for (size_t k = 0; k + 1 < kCount; ++k) {
        const float midpoint = 0.5f * (levels[k] + levels[k + 1]);
        const size_t distance = k + 1 > zeroCode ? k + 1 - zeroCode : zeroCode - k - 1;
        const bool upper = ties == Ties::kUpper || (ties == Ties::kEven && distance % 2 == 0);
        thresholds[k] = upper ? midpoint : nextAbove(midpoint);
    }
    return thresholds;
}

/// Levels with what follows from them.
template <size_t kCount>
struct Table {
    std::array<float, kCount> levels;
    size_t zeroCode;
    std::array<float, kCount - 1> thresholds;
    std::array<float, std::bit_ceil(kCount)> byCode{};
    constexpr Table(const std::array<float, kCount>& values, size_t zero, Ties ties)
        : levels(values), zeroCode(zero), thresholds(thresholdsOf(values, zero, ties)) {
        for (size_t code = 0; code < byCode.size(); ++code) byCode[code] = levels[code < kCount ? code : kCount - 1];
    }
};

template <size_t kMagnitudes>
constexpr Table<2 * kMagnitudes - 1> floatTable(FloatFields fields) {
    return {mirrored(floatMagnitudes<kMagnitudes>(fields)), kMagnitudes - 1, Ties::kEven};
}
template <size_t kMagnitudes>
constexpr Table<2 * kMagnitudes - 1> symmetricTable(const std::array<float, kMagnitudes>& magnitudes, Ties ties) {
    return {mirrored(magnitudes), kMagnitudes - 1, ties};
}

constexpr FloatFields kE4M3{3, 7}, kE5M2{2, 15}, kE2M3{3, 1}, kE3M2{2, 3}, kE2M1{1, 1};

constexpr auto kFp8E4M3Table = floatTable<127>(kE4M3);  // 0x7F is NaN
constexpr auto kFp8E5M2Table = floatTable<124>(kE5M2);  // 0x7C and above are not finite
constexpr auto kFp6E2M3Table = floatTable<32>(kE2M3);
constexpr auto kFp6E3M2Table = floatTable<32>(kE3M2);
constexpr auto kFp4E2M1Table = floatTable<8>(kE2M1);
constexpr Table<16> kNf4Table{
    {-1.0f, -0.6961928009986877f, -0.5250730514526367f, -0.39491748809814453f, -0.28444138169288635f,
     -0.18477343022823334f, -0.09105003625154495f, 0.0f, 0.07958029955625534f, 0.16093020141124725f,
     0.24611230194568634f, 0.33791524171829224f, 0.44070982933044434f, 0.5626170039176941f, 0.7229568362236023f, 1.0f},
    7,
    Ties::kLower};
constexpr auto kFp4BnbTable =
    symmetricTable<8>({0, 0.0625f / 12, 2.0f / 12, 3.0f / 12, 4.0f / 12, 6.0f / 12, 8.0f / 12, 1.0f}, Ties::kLower);
constexpr auto kPow2Bits3Table = symmetricTable<4>({0, 0.25f, 0.5f, 1}, Ties::kEven);
constexpr auto kPow2Bits4Table =
    symmetricTable<8>({0, 0x1p-6f, 0x1p-5f, 0x1p-4f, 0x1p-3f, 0x1p-2f, 0x1p-1f, 1}, Ties::kEven);
constexpr auto kApot4Table = symmetricTable<8>({0, 1, 2, 3, 4, 6, 8, 10}, Ties::kEven);
constexpr auto kTernaryTable = symmetricTable<2>({0, 1}, Ties::kEven);
constexpr Table<2> kBinaryTable{{-1, 1}, 1, Ties::kUpper};

struct Names {
    std::string_view name, displayName;
    uint8_t bits;
};

template <size_t kCount>
constexpr LevelTableInfo infoOf(const Names& names, const Table<kCount>& table, FloatFields fields = {},
                                ScaleRule rule = ScaleRule::kLargest) {
    return {names.name,   names.displayName, names.bits,  rule, fields, static_cast<uint8_t>(table.zeroCode),
            table.levels, table.thresholds,  table.byCode};
}

constexpr std::array<LevelTableInfo, static_cast<size_t>(LevelTable::kCount)> kTables{
    infoOf({"fp8_e4m3", "FP8 E4M3", 8}, kFp8E4M3Table, kE4M3),
    infoOf({"fp8_e5m2", "FP8 E5M2", 8}, kFp8E5M2Table, kE5M2),
    infoOf({"fp6_e2m3", "FP6 E2M3", 6}, kFp6E2M3Table, kE2M3),
    infoOf({"fp6_e3m2", "FP6 E3M2", 6}, kFp6E3M2Table, kE3M2),
    infoOf({"fp4_e2m1", "FP4 E2M1", 4}, kFp4E2M1Table, kE2M1),
    infoOf({"nf4", "NF4", 4}, kNf4Table),
    infoOf({"fp4_bnb", "FP4 bnb", 4}, kFp4BnbTable),
    infoOf({"pow2_3bit", "Pow2 3-bit", 3}, kPow2Bits3Table),
    infoOf({"pow2_4bit", "Pow2 4-bit", 4}, kPow2Bits4Table),
    infoOf({"apot4", "APoT4", 4}, kApot4Table),
    infoOf({"ternary", "Ternary", 2}, kTernaryTable, {}, ScaleRule::kMeanMagnitude),
    infoOf({"binary", "Binary", 1}, kBinaryTable, {}, ScaleRule::kMeanMagnitude),
};

}  // namespace

const LevelTableInfo& levelTable(LevelTable table) {
    return kTables[static_cast<size_t>(table)];
}

int nearestLevelCode(const LevelTableInfo& table, float value) {
    return static_cast<int>(std::ranges::upper_bound(table.thresholds, value) - table.thresholds.begin());
}

}  // namespace halftone
