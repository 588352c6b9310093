// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quant/formats/codebook_family.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include <fmt/format.h>

#include "core/quant/formats/block_layouts.h"
#include "core/quant/formats/code_stream.h"
#include "core/quant/formats/group_description.h"
#include "core/quant/formats/row_codec.h"

namespace halftone {
namespace {

int levelCount(const PackedLayout& layout) {
    return 1 << layout.format.codebook().bits;
}

template <const LevelKernels& (*kKernels)()>
void decodeCodebookRows(const PackedLayout& layout, const uint8_t* packed, int64_t rows, float* out) {
    for (int64_t r = 0; r < rows; ++r) {
        const uint8_t* row = packed + r * layout.rowBytes;
        const LearnedTable table(layout.format.codebook().bits, loadCodebook(layout, row));
        kKernels().decodeRow(layout, table.info(), row, out + r * layout.cols);
    }
}

/// One weight per column for `rows` rows of values, or none.
std::vector<float> repeated(std::span<const float> importance, int64_t rows) {
    std::vector<float> weights;
    for (int64_t r = 0; r < rows && !importance.empty(); ++r)
        weights.insert(weights.end(), importance.begin(), importance.end());
    return weights;
}

template <const LevelKernels& (*kKernels)()>
void encodeCodebookRows(const PackedLayout& layout, std::span<const float> values, int64_t rows,
                        const EncodeOptions& options, uint8_t* packed) {
    const CodebookFormat& format = layout.format.codebook();
    const auto cols = static_cast<size_t>(layout.cols);
    std::vector<float> levels(options.codebook.begin(), options.codebook.end());
    const bool isShared = format.granularity == Granularity::kTensor;
    if (rows > 0 && isShared && levels.empty())
        levels = learnLevels(values.first(static_cast<size_t>(rows) * cols), repeated(options.importance, rows),
                             levelCount(layout));
    std::vector<uint8_t> codes(cols);
    for (int64_t r = 0; r < rows; ++r) {
        const auto row = values.subspan(static_cast<size_t>(r) * cols, cols);
        if (!isShared) levels = learnLevels(row, options.importance, levelCount(layout));
        const LearnedTable table(format.bits, levels);
        kKernels().codes(table.info(), 1.0f, row, codes.data());
        packCodebookRow(layout, codes, levels, packed + r * layout.rowBytes);
    }
}

std::string codebookFault(const PackedLayout& layout, const uint8_t* row, int64_t /*group*/) {
    const std::vector<float> levels = loadCodebook(layout, row);
    for (size_t i = 0; i < levels.size(); ++i) {
        if (!std::isfinite(levels[i])) return fmt::format("level {} of its codebook is not finite", i);
        if (i > 0 && levels[i] < levels[i - 1]) return fmt::format("level {} of its codebook is out of order", i);
    }
    return {};
}

std::vector<float> levelsOfRow(const PackedLayout& layout, const uint8_t* row, int64_t /*col*/) {
    return loadCodebook(layout, row);
}

void describeCodebook(const PackedLayout& layout, const uint8_t* row, int64_t /*index*/, GroupDescription& group) {
    group.table = loadCodebook(layout, row);
    group.parts.push_back(wholeGroup(group, 1.0f));
    for (int64_t i = 0; i < group.columns; ++i)
        group.codes.push_back(codeAt(row, group.firstColumn + i, layout.format.codebook().bits));
}

}  // namespace

LearnedTable::LearnedTable(int bits, std::span<const float> levels) {
    std::ranges::copy(levels, m_levels.begin());
    for (size_t i = 0; i + 1 < levels.size(); ++i)
        m_thresholds[i] = std::nextafter(0.5f * (m_levels[i] + m_levels[i + 1]), INFINITY);
    m_info.bits = static_cast<uint8_t>(bits);
    m_info.levels = std::span<const float>(m_levels).first(levels.size());
    m_info.thresholds = std::span<const float>(m_thresholds).first(levels.size() - 1);
    m_info.byCode = m_info.levels;
}

std::vector<float> loadCodebook(const PackedLayout& layout, const uint8_t* row) {
    std::vector<float> levels;
    for (int i = 0; i < levelCount(layout); ++i)
        levels.push_back(halfToFloat(loadU16(row + layout.scaleOffset + 2 * i)));
    return levels;
}

void packCodebookRow(const PackedLayout& layout, std::span<const uint8_t> codes, std::span<const float> levels,
                     uint8_t* row) {
    std::memset(row, 0, static_cast<size_t>(layout.rowBytes));
    packCodes(codes.data(), layout.cols, layout.format.codebook().bits, row);
    for (size_t i = 0; i < levels.size(); ++i)
        storeU16(floatToHalf(levels[i]), row + layout.scaleOffset + 2 * int64_t(i));
}

const RowCodec kCodebookRowCodec{.decode = decodeCodebookRows<scalarLevelKernels>,
                                 .encode = encodeCodebookRows<scalarLevelKernels>,
                                 .fastDecode = decodeCodebookRows<vectorLevelKernels>,
                                 .fastEncode = encodeCodebookRows<vectorLevelKernels>,
                                 .fault = codebookFault,
                                 .levels = levelsOfRow,
                                 .describe = describeCodebook};

}  // namespace halftone
