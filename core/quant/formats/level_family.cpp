// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quant/formats/level_family.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>

#include <fmt/format.h>

#include "core/quant/formats/code_stream.h"
#include "core/quant/formats/group_description.h"
#include "core/quant/formats/row_codec.h"

namespace halftone {
namespace {

constexpr float kLargestFloat = 0x1.fffffcp127f;  ///< with room for one rounding

int floorLog2(float value) {
    return static_cast<int>((std::bit_cast<uint32_t>(value) >> 23) & 0xFFu) - 127;
}

/// The sum of `count` magnitudes / count in 16 interleaved sums.
float meanMagnitude(std::span<const float> values) {
    std::array<float, 16> sums{};
    size_t i = 0;
    for (; i + 16 <= values.size(); i += 16) {
        for (size_t lane = 0; lane < 16; ++lane) sums[lane] += std::fabs(values[i + lane]);
    }
    for (; i < values.size(); ++i) sums[i % 16] += std::fabs(values[i]);
    double total = 0;
    for (const float sum : sums) total += static_cast<double>(sum);
    return static_cast<float>(std::min(total / static_cast<double>(values.size()), double(kLargestFloat)));
}

float largestMagnitude(std::span<const float> values) {
    float largest = 0;
    for (const float value : values) largest = std::max(largest, std::fabs(value));
    return largest;
}

void levelCodes(const LevelTableInfo& table, float scale, std::span<const float> values, uint8_t* out) {
    for (size_t i = 0; i < values.size(); ++i) out[i] = static_cast<uint8_t>(levelCode(table, scale, values[i]));
}

void decodeLevelRow(const PackedLayout& layout, const LevelTableInfo& table, const uint8_t* row, float* out) {
    for (int64_t group = 0; group < layout.groupsPerRow; ++group) {
        const float scale = levelFactor(layout, row, group);
        const int64_t end = std::min(layout.cols, (group + 1) * layout.groupSize);
        for (int64_t i = group * layout.groupSize; i < end; ++i) {
            out[i] = table.byCode[static_cast<size_t>(codeAt(row, i, table.bits))] * scale;
        }
    }
}

/// Encodes rows with one set of kernels.
class LevelEncoder {
  public:
    LevelEncoder(const PackedLayout& layout, const EncodeOptions& options, const LevelKernels& kernels)
        : m_layout(layout),
          m_format(layout.format.level()),
          m_table(levelTable(m_format.table)),
          m_kernels(kernels),
          m_tensorLargest(std::max(std::fabs(options.tensorMin), std::fabs(options.tensorMax))),
          m_statistics(static_cast<size_t>(layout.groupsPerRow)),
          m_codes(static_cast<size_t>(layout.cols)) {
        m_scales.groups.resize(m_statistics.size());
    }

    void run(const float* values, int64_t rows, uint8_t* packed) {
        const int64_t band = m_format.granularity == Granularity::kBlock ? kBlockSide : 1;
        for (int64_t first = 0; first < rows; first += band) {
            const int64_t end = std::min(rows, first + band);
            std::ranges::fill(m_statistics, 0.0f);
            for (int64_t row = first; row < end; ++row) addStatistics(values + row * m_layout.cols);
            for (size_t group = 0; group < m_statistics.size(); ++group)
                m_scales.groups[group] = levelScale(m_format, m_statistics[group]);
            settleScales(m_format, m_scales);
            for (int64_t row = first; row < end; ++row)
                encodeRow(values + row * m_layout.cols, packed + row * m_layout.rowBytes);
        }
    }

  private:
    [[nodiscard]] std::span<const float> groupOf(const float* row, int64_t group) const {
        const int64_t begin = group * m_layout.groupSize;
        const int64_t end = std::min(m_layout.cols, begin + m_layout.groupSize);
        return {row + begin, static_cast<size_t>(end - begin)};
    }

    void addStatistics(const float* row) {
        for (int64_t group = 0; group < m_layout.groupsPerRow; ++group) {
            float& statistic = m_statistics[static_cast<size_t>(group)];
            if (m_format.granularity == Granularity::kTensor) {
                statistic = m_tensorLargest;
            } else if (m_table.rule == ScaleRule::kMeanMagnitude) {
                statistic = meanMagnitude(groupOf(row, group));
            } else {
                statistic = std::max(statistic, m_kernels.largestMagnitude(groupOf(row, group)));
            }
        }
    }

    void encodeRow(const float* row, uint8_t* packed) {
        for (int64_t group = 0; group < m_layout.groupsPerRow; ++group) {
            m_kernels.codes(m_table, m_scales.groups[static_cast<size_t>(group)].value, groupOf(row, group),
                            m_codes.data() + group * m_layout.groupSize);
        }
        packLevelRow(m_layout, m_codes, m_scales, packed);
    }

    const PackedLayout& m_layout;
    const LevelFormat& m_format;
    const LevelTableInfo& m_table;
    const LevelKernels& m_kernels;
    float m_tensorLargest;
    std::vector<float> m_statistics;
    LevelScales m_scales;
    std::vector<uint8_t> m_codes;
};

template <const LevelKernels& (*kKernels)()>
void decodeLevelRows(const PackedLayout& layout, const uint8_t* packed, int64_t rows, float* out) {
    const LevelTableInfo& table = levelTable(layout.format.level().table);
    for (int64_t r = 0; r < rows; ++r)
        kKernels().decodeRow(layout, table, packed + r * layout.rowBytes, out + r * layout.cols);
}

template <const LevelKernels& (*kKernels)()>
void encodeLevelRows(const PackedLayout& layout, std::span<const float> values, int64_t rows,
                     const EncodeOptions& options, uint8_t* packed) {
    LevelEncoder(layout, options, kKernels()).run(values.data(), rows, packed);
}

/// Largest code of the columns [begin, end), which start at a whole byte.
int largestCode(const uint8_t* row, int64_t begin, int64_t end, int bits) {
    uint8_t largest = 0;
    if (bits == 8) {
        for (int64_t i = begin; i < end; ++i) largest = std::max(largest, row[i]);
    } else if (bits == 4) {
        // The upper half of a last byte that is half full is padding, which is zero or at worst refused.
        for (int64_t i = begin / 2; i < (end + 1) / 2; ++i)
            largest = std::max(largest, std::max<uint8_t>(row[i] & 15, row[i] >> 4));
    } else {
        for (int64_t i = begin; i < end; ++i) largest = std::max(largest, static_cast<uint8_t>(codeAt(row, i, bits)));
    }
    return largest;
}

std::string levelFault(const PackedLayout& layout, const uint8_t* row, int64_t group) {
    const LevelTableInfo& table = levelTable(layout.format.level().table);
    const float scale = loadLevelScale(layout, row, group).value;
    if (!std::isfinite(scale)) return "its scale is not finite";
    if (!std::isfinite(scale * table.largest())) return "its largest value is not finite";
    if (table.levels.size() == size_t{1} << table.bits) return {};
    const int64_t begin = group * layout.groupSize, end = std::min(layout.cols, begin + layout.groupSize);
    const int code = largestCode(row, begin, end, table.bits), last = static_cast<int>(table.levels.size()) - 1;
    return code <= last ? std::string() : fmt::format("it has the code {}; codes end at {}", code, last);
}

std::vector<float> levelsOfGroup(const PackedLayout& layout, const uint8_t* row, int64_t col) {
    const LevelTableInfo& table = levelTable(layout.format.level().table);
    const float scale = loadLevelScale(layout, row, col / layout.groupSize).value;
    std::vector<float> levels;
    for (const float level : table.levels) levels.push_back(level * scale);
    return levels;
}

void describeLevels(const PackedLayout& layout, const uint8_t* row, int64_t index, GroupDescription& group) {
    const LevelTableInfo& table = levelTable(layout.format.level().table);
    const GroupScale scale = loadLevelScale(layout, row, index);
    group.table.assign(table.byCode.begin(), table.byCode.end());
    group.parts.push_back(wholeGroup(group, scale.value));
    if (scaleBytes(layout.format.level().scale) == 1) group.parts.back().scaleCode = static_cast<int>(scale.bits);
    for (int64_t i = 0; i < group.columns; ++i) group.codes.push_back(codeAt(row, group.firstColumn + i, table.bits));
}

}  // namespace

float levelStatistic(const LevelTableInfo& table, std::span<const float> values) {
    return table.rule == ScaleRule::kMeanMagnitude ? meanMagnitude(values)
                                                   : vectorLevelKernels().largestMagnitude(values);
}

GroupScale levelScale(const LevelFormat& format, float statistic) {
    const LevelTableInfo& table = levelTable(format.table);
    // Nested scales move by up to half when they settle.
    const float limit = (format.scale == ScaleType::kNested ? 0.25f : 1.0f) * kLargestFloat / table.largest();
    if (format.scale != ScaleType::kE8M0) {
        float scale = statistic / table.largest();
        if (scale == 0 && statistic > 0) scale = std::bit_cast<float>(1u);
        return roundScale(format.scale, scale, limit);
    }
    if (table.fields.mantissaBits > 0)
        return roundScale(format.scale, std::ldexp(statistic, -floorLog2(table.largest())), limit);
    GroupScale scale = roundScale(format.scale, statistic / table.largest(), limit);
    if (scale.value * table.largest() < statistic) scale = roundScale(format.scale, 2.0f * scale.value, limit);
    return scale;
}

int levelCode(const LevelTableInfo& table, float scale, float value) {
    return scale == 0 ? table.zeroCode : nearestLevelCode(table, value / scale);
}

GroupScale loadLevelScale(const PackedLayout& layout, const uint8_t* row, int64_t group) {
    return loadScale(layout.format.level().scale, row + layout.scaleOffset, layout.groupsPerRow, group);
}

float levelFactor(const PackedLayout& layout, const uint8_t* row, int64_t group) {
    return layout.format.isLevel() ? loadLevelScale(layout, row, group).value : 1.0f;
}

void settleScale(const LevelFormat& format, int64_t group, LevelScales& scales) {
    if (format.scale != ScaleType::kNested) return;
    GroupScale& scale = scales.groups[static_cast<size_t>(group)];
    scale = nestedScale(scales.second, group, scale.value);
}

void settleScales(const LevelFormat& format, LevelScales& scales) {
    if (format.scale != ScaleType::kNested) return;
    std::vector<float> values;
    values.reserve(scales.groups.size());
    for (const GroupScale& scale : scales.groups) values.push_back(scale.value);
    scales.second = secondLevelOf(values);
    for (size_t group = 0; group < values.size(); ++group) settleScale(format, static_cast<int64_t>(group), scales);
}

void packLevelRow(const PackedLayout& layout, std::span<const uint8_t> codes, const LevelScales& scales, uint8_t* row) {
    const LevelFormat& format = layout.format.level();
    uint8_t* section = row + layout.scaleOffset;
    std::memset(row, 0, static_cast<size_t>(layout.rowBytes));
    packCodes(codes.data(), layout.cols, levelTable(format.table).bits, row);
    for (size_t group = 0; group < scales.groups.size(); ++group)
        storeScale(format.scale, scales.groups[group].bits, section, static_cast<int64_t>(group));
    if (format.scale == ScaleType::kNested) storeSecondLevel(scales.second, layout.groupsPerRow, section);
}

const LevelKernels& scalarLevelKernels() {
    static constexpr LevelKernels kKernels{decodeLevelRow, largestMagnitude, levelCodes};
    return kKernels;
}

const RowCodec kLevelRowCodec{.decode = decodeLevelRows<scalarLevelKernels>,
                              .encode = encodeLevelRows<scalarLevelKernels>,
                              .fastDecode = decodeLevelRows<vectorLevelKernels>,
                              .fastEncode = encodeLevelRows<vectorLevelKernels>,
                              .fault = levelFault,
                              .levels = levelsOfGroup,
                              .describe = describeLevels};

}  // namespace halftone
