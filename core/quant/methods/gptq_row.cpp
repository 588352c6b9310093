// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quant/methods/gptq_row.h"

#include <algorithm>
#include <cmath>

#include "core/quant/formats/codec.h"
#include "core/quant/formats/rounding.h"
#include "core/quant/methods/integer_fit.h"
#include "core/quant/methods/level_fit.h"
#include "core/tensor/dtype.h"
#include "core/tensor/float16.h"

namespace halftone {
namespace {

constexpr float kScaleLimit = 60000;  ///< an F16 with room for the largest code

}  // namespace

GptqUnits GptqUnits::of(const PackedLayout& layout) {
    if (!layout.format.isStorage()) return {layout.groupSize, layout.groupSize, layout.groupsPerRow};
    if (layout.format.isPlain()) return {layout.cols, layout.cols, 1};
    const DType type = layout.format.storage();
    const int64_t elements = dtypeInfo(type).blockElements;
    return {elements, blockGridSize(type), layout.cols / elements};
}

GptqRow::FittedGrid GptqRow::fittedFrom(const LevelGrid& levels, int zeroCode) {
    return {levels, levels.scale != 0 ? 1.0f / levels.scale : 0.0f, static_cast<uint8_t>(zeroCode)};
}

GptqRow::GptqRow(const PackedLayout& layout, const GptqUnits& units, const GptqSettings& settings, const float* weights,
                 uint8_t* packed)
    : m_layout(layout), m_units(units), m_settings(settings), m_weights(weights), m_packed(packed) {
    if (layout.format.isPlain()) {
        m_plain.resize(static_cast<size_t>(layout.cols));
        return;
    }
    m_codes.resize(static_cast<size_t>(layout.cols));
    m_grids.resize(static_cast<size_t>((layout.cols + units.gridSize - 1) / units.gridSize));
    if (layout.format.isInteger()) m_integer.groups.resize(m_grids.size());
    if (layout.format.isLevel()) m_table = &levelTable(layout.format.level().table);
    m_scales.groups.assign(m_grids.size(), {0, 1.0f});
}

Status GptqRow::fit(int64_t unit, std::span<const float> values) {
    if (m_layout.format.isPlain()) return {};
    if (m_layout.format.isStorage()) return fitBlock(unit, values);
    if (m_layout.format.isInteger()) fitInteger(unit, values);
    if (m_layout.format.isLevel()) fitLevels(unit, values);
    if (m_layout.format.isCodebook()) learnCodebook(values);
    return {};
}

void GptqRow::settle() {
    if (m_layout.format.isStorage() || m_layout.format.scaleType() != ScaleType::kNested) return;
    m_hasSecondLevel = true;
    if (m_layout.format.isLevel()) return settleScales(m_layout.format.level(), m_scales);
    settleGrids(m_layout.format.integer(), m_integer);
    for (size_t at = 0; at < m_grids.size(); ++at) useGrid(at);
}

bool GptqRow::canAdopt() const {
    const Format& format = m_layout.format;
    if (format.isPlain()) return false;
    return format.isStorage() || format.isCodebook() || format.scaleType() != ScaleType::kNested;
}

void GptqRow::adopt() {
    if (m_layout.format.isStorage()) return readBlockGrids();
    if (m_layout.format.isCodebook()) {
        m_learned = std::make_unique<LearnedTable>(m_layout.format.codebook().bits, loadCodebook(m_layout, m_packed));
        m_table = &m_learned->info();
        return;
    }
    for (size_t unit = 0; unit < m_grids.size(); ++unit) {
        const auto at = static_cast<int64_t>(unit);
        if (m_layout.format.isLevel()) {
            m_scales.groups[unit] = loadLevelScale(m_layout, m_packed, at);
            continue;
        }
        m_integer.groups[unit] = loadIntegerGrid(m_layout, m_packed, at);
        useGrid(unit);
    }
}

float GptqRow::choose(int64_t column, float value) {
    if (!m_plain.empty()) return choosePlain(column, value);
    const auto at = static_cast<size_t>(column / m_units.gridSize);
    const FittedGrid& grid = m_grids[at];
    uint8_t& code = m_codes[static_cast<size_t>(column)];
    if (m_table) {
        const float scale = m_scales.groups[at].value;
        code = static_cast<uint8_t>(levelCode(*m_table, scale, value));
        return m_table->byCode[code] * scale;
    }
    if (grid.inverse == 0) {
        code = grid.zeroCode;
        return grid.levels.offset + grid.levels.scale * static_cast<float>(code);
    }
    code = static_cast<uint8_t>(roundToCode((value - grid.levels.offset) * grid.inverse, 0, grid.levels.maxCode));
    return static_cast<float>(code) * grid.levels.scale + grid.levels.offset;
}

float GptqRow::spacing(int64_t column, float value) const {
    const auto at = static_cast<size_t>(column / m_units.gridSize);
    if (!m_table) return std::abs(m_grids[at].levels.scale);
    const float scale = m_scales.groups[at].value;
    const std::span<const float> levels = m_table->levels;
    if (scale == 0 || levels.size() < 2) return 0;
    const auto above = std::ranges::upper_bound(levels, value / scale) - levels.begin();
    const auto upper = static_cast<size_t>(std::clamp<int64_t>(above, 1, std::ssize(levels) - 1));
    return std::abs((levels[upper] - levels[upper - 1]) * scale);
}

float GptqRow::freeScale(int64_t unit) const {
    const Format& format = m_layout.format;
    if (format.isStorage() || format.isCodebook()) return 0;
    if (format.scaleType() == ScaleType::kNested || format.scaleType() == ScaleType::kE8M0) return 0;
    if (format.isLevel()) return m_scales.groups[static_cast<size_t>(unit)].value;
    return format.integer().floatZero ? 0 : m_integer.groups[static_cast<size_t>(unit)].scale;
}

float GptqRow::rescale(int64_t unit, float scale) {
    const auto at = static_cast<size_t>(unit);
    const float limit = std::max(kScaleLimit, std::abs(freeScale(unit)));
    const GroupScale rounded = roundScale(m_layout.format.scaleType(), scale, limit);
    if (m_layout.format.isLevel()) {
        m_scales.groups[at] = rounded;
        return rounded.value;
    }
    m_integer.groups[at].scaleBits = rounded.bits;
    m_integer.groups[at].scale = rounded.value;
    useGrid(at);
    return rounded.value;
}

float GptqRow::choosePlain(int64_t column, float value) {
    switch (m_layout.format.storage()) {
        case DType::kF16:
            value = halfToFloat(floatToHalf(value));
            break;
        case DType::kBF16:
            value = bfloatToFloat(floatToBfloat(value));
            break;
        default:
            break;
    }
    return m_plain[static_cast<size_t>(column)] = value;
}

Status GptqRow::pack() {
    if (m_layout.format.isPlain()) {
        return encodeRows(m_layout, m_plain, 1, {},
                          {reinterpret_cast<std::byte*>(m_packed), static_cast<size_t>(m_layout.rowBytes)});
    }
    if (m_layout.format.isLevel()) packLevelRow(m_layout, m_codes, m_scales, m_packed);
    if (m_layout.format.isCodebook()) packCodebookRow(m_layout, m_codes, m_table->levels, m_packed);
    if (m_layout.format.isInteger()) packIntegerRow(m_layout, m_codes, m_integer, m_packed);
    if (m_layout.format.isStorage()) packBlocks();
    return {};
}

void GptqRow::packBlocks() {
    const DType type = m_layout.format.storage();
    const int64_t bytes = dtypeInfo(type).blockBytes();
    for (int64_t unit = 0; unit < m_units.count; ++unit) {
        writeBlockCodes(type, m_codes.data() + unit * m_units.columns, m_packed + unit * bytes);
    }
}

void GptqRow::fitInteger(int64_t unit, std::span<const float> values) {
    const IntegerFormat& format = m_layout.format.integer();
    const float* weights = m_weights + unit * m_units.columns;
    const auto [lowest, highest] = std::ranges::minmax(values);
    const IntegerGrid grid = m_settings.searchRanges ? searchGrid(format, values, weights, MseSettings{})
                                                     : integerGrid(format, {lowest, highest});
    m_integer.groups[static_cast<size_t>(unit)] = grid;
    if (m_hasSecondLevel) settleGrid(format, unit, m_integer);
    useGrid(static_cast<size_t>(unit));
}

void GptqRow::useGrid(size_t at) {
    const IntegerFormat& format = m_layout.format.integer();
    const IntegerGrid& grid = m_integer.groups[at];
    m_grids[at] = fittedFrom({grid.scale, integerValue(format, grid, 0), (1 << format.bits) - 1}, grid.zero);
}

void GptqRow::fitLevels(int64_t unit, std::span<const float> values) {
    const LevelFormat& format = m_layout.format.level();
    m_scales.groups[static_cast<size_t>(unit)] =
        m_settings.searchRanges ? searchLevelScale(format, values, m_weights + unit * m_units.columns, MseSettings{})
                                : levelScale(format, levelStatistic(*m_table, values));
    if (m_hasSecondLevel) settleScale(format, unit, m_scales);
}

void GptqRow::learnCodebook(std::span<const float> values) {
    const int bits = m_layout.format.codebook().bits;
    const std::span<const float> weights(m_weights, values.size());
    m_learned = std::make_unique<LearnedTable>(bits, learnLevels(values, weights, 1 << bits));
    m_table = &m_learned->info();
}

void GptqRow::readBlockGrids() {
    for (int64_t unit = 0; unit < m_units.count; ++unit) readBlockGrids(unit);
}

void GptqRow::readBlockGrids(int64_t unit) {
    const DType type = m_layout.format.storage();
    const uint8_t* block = m_packed + unit * dtypeInfo(type).blockBytes();
    const int64_t grids = m_units.columns / m_units.gridSize;
    for (int64_t i = 0; i < grids; ++i) {
        const LevelGrid levels = readBlockGrid(type, block, static_cast<int>(i));
        m_grids[static_cast<size_t>(unit * grids + i)] = fittedFrom(levels, 0);
    }
}

Status GptqRow::fitBlock(int64_t unit, std::span<const float> values) {
    const DType type = m_layout.format.storage();
    const int64_t bytes = dtypeInfo(type).blockBytes();
    uint8_t* block = m_packed + unit * bytes;
    const PackedLayout alone = PackedLayout::of(m_layout.format, m_units.columns);
    const EncodeOptions options{
        .importance = {m_weights + unit * m_units.columns, static_cast<size_t>(m_units.columns)}};
    HT_TRY(encodeRows(alone, values, 1, options, {reinterpret_cast<std::byte*>(block), static_cast<size_t>(bytes)}));
    readBlockGrids(unit);
    return {};
}

}  // namespace halftone
