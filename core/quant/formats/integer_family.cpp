// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quant/formats/integer_family.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include <fmt/format.h>

#include "core/quant/formats/code_stream.h"
#include "core/quant/formats/group_description.h"
#include "core/quant/formats/rounding.h"
#include "core/quant/formats/row_codec.h"

namespace halftone {
namespace {

constexpr float kLargestFloat = 0x1.fffffcp127f;  ///< with room for one rounding
constexpr float kHalfRange = 0x1p126f;            ///< scale times code and minimum, so that their sum is finite

/// Largest scale of which no multiple by a code overflows; nested ones move by up to half when they settle.
float scaleLimit(const IntegerFormat& format) {
    const float limit = (format.floatZero ? kHalfRange : kLargestFloat) / static_cast<float>(1 << format.bits);
    return format.scale == ScaleType::kNested ? 0.25f * limit : limit;
}
float minimumLimit(const IntegerFormat& format) {
    return format.scale == ScaleType::kNested ? 0.25f * kHalfRange : kHalfRange;
}

int halfRange(const IntegerFormat& format) {
    return 1 << (format.bits - 1);
}
int maxCode(const IntegerFormat& format) {
    return (1 << format.bits) - 1;
}

int wholeZero(const IntegerFormat& format, const IntegerGrid& grid) {
    return grid.scale != 0 ? roundToCode(-grid.minimum / grid.scale, 0, maxCode(format)) : 0;
}

IntegerGrid symmetricGrid(const IntegerFormat& format, ValueRange range) {
    IntegerGrid grid;
    const float extreme = range.maximum > -range.minimum ? range.maximum : range.minimum;
    const GroupScale scale =
        roundScale(format.scale, -extreme / static_cast<float>(halfRange(format)), scaleLimit(format));
    grid.scaleBits = scale.bits;
    grid.scale = scale.value;
    grid.zero = halfRange(format);
    return grid;
}

/// The second level of one member of the grids.
SecondLevel secondLevelOfMember(const std::vector<IntegerGrid>& groups, float IntegerGrid::*member) {
    std::vector<float> values;
    values.reserve(groups.size());
    for (const IntegerGrid& grid : groups) values.push_back(grid.*member);
    return secondLevelOf(values);
}

}  // namespace

IntegerGrid floatZeroGrid(const IntegerFormat& format, float scale, float minimum) {
    IntegerGrid grid;
    const GroupScale offset = roundMinimum(format.scale, minimum, minimumLimit(format));
    grid.minimumBits = offset.bits;
    grid.minimum = offset.value;
    const GroupScale step = roundScale(format.scale, scale, scaleLimit(format));
    grid.scaleBits = step.bits;
    grid.scale = step.value;
    return grid;
}

IntegerGrid integerGrid(const IntegerFormat& format, ValueRange range) {
    if (format.symmetric) return symmetricGrid(format, range);
    const auto steps = static_cast<float>(maxCode(format));
    if (format.floatZero) {
        const float from = roundMinimum(format.scale, range.minimum, minimumLimit(format)).value;
        return floatZeroGrid(format, std::max(0.0f, (range.maximum - from) / steps), range.minimum);
    }
    const float maximum = std::max(0.0f, range.maximum);
    IntegerGrid grid;
    grid.minimum = std::min(0.0f, range.minimum);
    const GroupScale scale = roundScale(format.scale, (maximum - grid.minimum) / steps, scaleLimit(format));
    grid.scaleBits = scale.bits;
    grid.scale = scale.value;
    grid.zero = wholeZero(format, grid);
    return grid;
}

int integerCode(const IntegerFormat& format, const IntegerGrid& grid, float value) {
    if (grid.scale == 0) return grid.zero;
    if (format.floatZero) return roundToCode((value - grid.minimum) / grid.scale, 0, maxCode(format));
    return roundToCode(value / grid.scale, -grid.zero, maxCode(format) - grid.zero) + grid.zero;
}

float integerValue(const IntegerFormat& format, const IntegerGrid& grid, int code) {
    if (format.floatZero) return static_cast<float>(code) * grid.scale + grid.minimum;
    return static_cast<float>(code - grid.zero) * grid.scale;
}

void settleGrid(const IntegerFormat& format, int64_t group, IntegerGrids& grids) {
    if (format.scale != ScaleType::kNested) return;
    IntegerGrid& grid = grids.groups[static_cast<size_t>(group)];
    const GroupScale scale = nestedScale(grids.scales, group, grid.scale);
    grid.scaleBits = scale.bits;
    grid.scale = scale.value;
    if (format.floatZero) {
        const GroupScale minimum = nestedScale(grids.minima, group, grid.minimum);
        grid.minimumBits = minimum.bits;
        grid.minimum = minimum.value;
    } else if (!format.symmetric) {
        grid.zero = wholeZero(format, grid);
    }
}

void settleGrids(const IntegerFormat& format, IntegerGrids& grids) {
    if (format.scale != ScaleType::kNested) return;
    grids.scales = secondLevelOfMember(grids.groups, &IntegerGrid::scale);
    if (format.floatZero) grids.minima = secondLevelOfMember(grids.groups, &IntegerGrid::minimum);
    for (size_t group = 0; group < grids.groups.size(); ++group) settleGrid(format, static_cast<int64_t>(group), grids);
}

IntegerGrid loadIntegerGrid(const PackedLayout& layout, const uint8_t* row, int64_t group) {
    const IntegerFormat& format = layout.format.integer();
    IntegerGrid grid;
    const GroupScale scale = loadScale(format.scale, row + layout.scaleOffset, layout.groupsPerRow, group);
    grid.scaleBits = scale.bits;
    grid.scale = scale.value;
    if (format.floatZero) {
        const GroupScale minimum = loadScale(format.scale, row + layout.zeroOffset, layout.groupsPerRow, group);
        grid.minimumBits = minimum.bits;
        grid.minimum = minimum.value;
        return grid;
    }
    grid.zero = format.symmetric ? halfRange(format) : row[layout.zeroOffset + group];
    return grid;
}

void packIntegerRow(const PackedLayout& layout, std::span<const uint8_t> codes, const IntegerGrids& grids,
                    uint8_t* row) {
    const IntegerFormat& format = layout.format.integer();
    uint8_t* scales = row + layout.scaleOffset;
    uint8_t* zeros = row + layout.zeroOffset;
    std::memset(row, 0, static_cast<size_t>(layout.rowBytes));
    packCodes(codes.data(), layout.cols, format.bits, row);
    for (size_t i = 0; i < grids.groups.size(); ++i) {
        const IntegerGrid& grid = grids.groups[i];
        const auto group = static_cast<int64_t>(i);
        storeScale(format.scale, grid.scaleBits, scales, group);
        if (format.floatZero) {
            storeScale(format.scale, grid.minimumBits, zeros, group);
        } else if (!format.symmetric) {
            zeros[i] = static_cast<uint8_t>(grid.zero);
        }
    }
    if (format.scale != ScaleType::kNested) return;
    storeSecondLevel(grids.scales, layout.groupsPerRow, scales);
    if (format.floatZero) storeSecondLevel(grids.minima, layout.groupsPerRow, zeros);
}

namespace {

void decodeRow(const PackedLayout& layout, const uint8_t* row, float* out) {
    const IntegerFormat& format = layout.format.integer();
    for (int64_t group = 0; group < layout.groupsPerRow; ++group) {
        const IntegerGrid grid = loadIntegerGrid(layout, row, group);
        const int64_t end = std::min(layout.cols, (group + 1) * layout.groupSize);
        for (int64_t i = group * layout.groupSize; i < end; ++i)
            out[i] = integerValue(format, grid, codeAt(row, i, format.bits));
    }
}

ValueRange rangeOf(std::span<const float> values) {
    const auto [lowest, highest] = std::ranges::minmax(values);
    return {lowest, highest};
}

void integerCodes(const IntegerFormat& format, const IntegerGrid& grid, std::span<const float> values, uint8_t* out) {
    for (size_t i = 0; i < values.size(); ++i) out[i] = static_cast<uint8_t>(integerCode(format, grid, values[i]));
}

template <const IntegerKernels& (*kKernels)()>
void decodeIntegerRows(const PackedLayout& layout, const uint8_t* packed, int64_t rows, float* out) {
    for (int64_t r = 0; r < rows; ++r)
        kKernels().decodeRow(layout, packed + r * layout.rowBytes, out + r * layout.cols);
}

template <const IntegerKernels& (*kKernels)()>
void encodeIntegerRows(const PackedLayout& layout, std::span<const float> values, int64_t rows,
                       const EncodeOptions& options, uint8_t* packed) {
    const IntegerFormat& format = layout.format.integer();
    const bool wholeTensor = format.granularity == Granularity::kTensor;
    IntegerGrids grids;
    grids.groups.resize(static_cast<size_t>(layout.groupsPerRow));
    std::vector<uint8_t> codes(static_cast<size_t>(layout.cols));
    for (int64_t r = 0; r < rows; ++r) {
        const auto row = values.subspan(static_cast<size_t>(r * layout.cols), codes.size());
        const auto valuesOf = [&](size_t group) {
            const auto size = static_cast<size_t>(layout.groupSize);
            return row.subspan(group * size, std::min(size, row.size() - group * size));
        };
        for (size_t group = 0; group < grids.groups.size(); ++group) {
            grids.groups[group] = integerGrid(format, wholeTensor ? ValueRange{options.tensorMin, options.tensorMax}
                                                                  : kKernels().rangeOf(valuesOf(group)));
        }
        settleGrids(format, grids);
        for (size_t group = 0; group < grids.groups.size(); ++group)
            kKernels().codes(format, grids.groups[group], valuesOf(group),
                             codes.data() + group * static_cast<size_t>(layout.groupSize));
        packIntegerRow(layout, codes, grids, packed + r * layout.rowBytes);
    }
}

std::string integerFault(const PackedLayout& layout, const uint8_t* row, int64_t group) {
    const IntegerFormat& format = layout.format.integer();
    const int largest = maxCode(format);
    const IntegerGrid grid = loadIntegerGrid(layout, row, group);
    if (!std::isfinite(grid.scale)) return "its scale is not finite";
    if (!std::isfinite(grid.minimum)) return "its minimum is not finite";
    if (!std::isfinite(integerValue(format, grid, largest))) return "its largest value is not finite";
    if (grid.zero > largest) return fmt::format("its zero point is {}; codes end at {}", grid.zero, largest);
    return {};
}

std::vector<float> integerLevels(const PackedLayout& layout, const uint8_t* row, int64_t col) {
    const IntegerFormat& format = layout.format.integer();
    const IntegerGrid grid = loadIntegerGrid(layout, row, col / layout.groupSize);
    std::vector<float> levels;
    for (int code = 0; code <= maxCode(format); ++code) levels.push_back(integerValue(format, grid, code));
    return levels;
}

void describeIntegers(const PackedLayout& layout, const uint8_t* row, int64_t index, GroupDescription& group) {
    const IntegerFormat& format = layout.format.integer();
    const IntegerGrid grid = loadIntegerGrid(layout, row, index);
    group.parts.push_back(wholeGroup(group, grid.scale));
    GroupPart& part = group.parts.back();
    if (format.scale == ScaleType::kNested) part.scaleCode = static_cast<int>(grid.scaleBits);
    if (format.symmetric) {
        group.codeOffset = grid.zero;
    } else if (format.floatZero) {
        part.offset = grid.minimum;
        if (format.scale == ScaleType::kNested) part.minimumCode = static_cast<int>(grid.minimumBits);
    } else {
        part.zeroPoint = grid.zero;
    }
    for (int64_t i = 0; i < group.columns; ++i) group.codes.push_back(codeAt(row, group.firstColumn + i, format.bits));
}

}  // namespace

const IntegerKernels& scalarIntegerKernels() {
    static constexpr IntegerKernels kKernels{decodeRow, rangeOf, integerCodes};
    return kKernels;
}

const RowCodec kIntegerRowCodec{.decode = decodeIntegerRows<scalarIntegerKernels>,
                                .encode = encodeIntegerRows<scalarIntegerKernels>,
                                .fastDecode = decodeIntegerRows<vectorIntegerKernels>,
                                .fastEncode = encodeIntegerRows<vectorIntegerKernels>,
                                .fault = integerFault,
                                .levels = integerLevels,
                                .describe = describeIntegers};

}  // namespace halftone
