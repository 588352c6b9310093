// SPDX-License-Identifier: GPL-3.0-or-later
#include "gpu/kernels/weight_shaders.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#include "core/quant/formats/level_tables.h"
#include "shaders/shader_table.h"

namespace halftone::kernel {
namespace {

using vk::PipelineKey;

/// What all levels of a small table are whole multiples of, at most 127 of it; 0: nothing.
float unitOf(const LevelTableInfo& table) {
    if (table.levels.size() > 16) return 0;
    const auto isWhole = [](float value) { return std::abs(value) <= 127 && std::nearbyint(value) == value; };
    for (float unit = 1; unit >= 0.0078125f; unit /= 2) {
        if (std::ranges::all_of(table.levels, [&](float level) { return isWhole(level / unit); })) return unit;
    }
    return 0;
}

/// The table as whole numbers, one a byte, where it is that.
void addByteConstants(const LevelTableInfo& table, PipelineKey& key) {
    const float unit = unitOf(table);
    if (unit <= 0) return;
    key.constants.emplace_back(32, std::bit_cast<uint32_t>(unit));
    std::array<uint32_t, 4> words{};
    for (size_t code = 0; code < table.byCode.size(); ++code) {
        const auto byte = static_cast<uint8_t>(static_cast<int8_t>(table.byCode[code] / unit));
        words[code / 4] |= uint32_t{byte} << (code % 4 * 8);
    }
    for (uint32_t i = 0; i < words.size(); ++i) key.constants.emplace_back(33 + i, words[i]);
}

/// The levels of a table, or the fields of the float format that they are (shaders/include/decode_level.glsl).
void addTableConstants(const LevelTableInfo& table, PipelineKey& key) {
    const bool isFloat = table.levels.size() > 16;
    key.constants.emplace_back(12, isFloat ? table.fields.mantissaBits : 0u);
    key.constants.emplace_back(13, isFloat ? table.fields.bias : 0u);
    key.constants.emplace_back(14, table.zeroCode);
    if (isFloat) return;
    for (size_t code = 0; code < table.byCode.size(); ++code)
        key.constants.emplace_back(static_cast<uint32_t>(16 + code), std::bit_cast<uint32_t>(table.byCode[code]));
    addByteConstants(table, key);
}

/// What integer codes are counted from: nothing, a whole number, a float (shaders/include/decode_int.glsl).
uint32_t zeroPointKind(const Format& format) {
    if (!format.isInteger() || format.integer().symmetric) return 0;
    return format.integer().floatZero ? 2 : 1;
}

}  // namespace

std::string shaderOption(const Format& format) {
    switch (format.family()) {
        case FormatFamily::kStorage:
            break;
        case FormatFamily::kInteger:
            return "int";
        case FormatFamily::kLevel:
            return "level";
        case FormatFamily::kCodebook:
            return "codebook";
    }
    return format.name();
}

bool hasKernels(const Format& format) {
    const std::string option = shaderOption(format);
    return std::ranges::any_of(
        allShaders(), [&](const ShaderCode& shader) { return shader.family == "matvec" && shader.option == option; });
}

// Asked for every operation of every token, so the table of shaders is not searched.
bool hasIntegerKernels(const Format& format) {
    switch (format.family()) {
        case FormatFamily::kStorage:
            return dtypeInfo(format.storage()).isBlock();
        case FormatFamily::kInteger:
            return true;
        case FormatFamily::kLevel:
            return unitOf(levelTable(format.level().table)) > 0;
        case FormatFamily::kCodebook:
            return false;
    }
    return false;
}

void addFormatConstants(const Format& format, PipelineKey& key) {
    if (format.isStorage()) return;
    const auto groupSize = static_cast<uint32_t>(format.groupSize());
    key.constants.emplace_back(8, static_cast<uint32_t>(format.codeBits()));
    key.constants.emplace_back(9, zeroPointKind(format));
    key.constants.emplace_back(10, groupSize > 0 ? static_cast<uint32_t>(std::countr_zero(groupSize)) : 31u);
    key.constants.emplace_back(11, static_cast<uint32_t>(format.scaleType()));
    if (format.isLevel()) addTableConstants(levelTable(format.level().table), key);
}

}  // namespace halftone::kernel
