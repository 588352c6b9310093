// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quant/formats/integer_family.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include <fmt/format.h>

#include "core/quant/formats/code_stream.h"
#include "core/quant/formats/rounding.h"
#include "core/quant/formats/row_codec.h"
#include "core/quant/formats/vector_codecs.h"

namespace halftone {
namespace {

/// A scale of which no multiple by a code overflows, in the format's type.
GroupScale scaleOf(const IntegerFormat& format, float scale) {
    return roundScale(format.scale, scale, 0x1.fffffcp127f / static_cast<float>(1 << format.bits));
}

int halfRange(const IntegerFormat& format) {
    return 1 << (format.bits - 1);
}
int maxCode(const IntegerFormat& format) {
    return (1 << format.bits) - 1;
}

}  // namespace

IntegerGrid integerGrid(const IntegerFormat& format, ValueRange range) {
    IntegerGrid grid;
    if (format.symmetric) {
        const float extreme = range.maximum > -range.minimum ? range.maximum : range.minimum;
        const GroupScale scale = scaleOf(format, -extreme / static_cast<float>(halfRange(format)));
        grid.scaleBits = scale.bits;
        grid.scale = scale.value;
        grid.zero = halfRange(format);
        return grid;
    }
    const float minimum = std::min(0.0f, range.minimum);
    const float maximum = std::max(0.0f, range.maximum);
    const GroupScale scale = scaleOf(format, (maximum - minimum) / static_cast<float>(maxCode(format)));
    grid.scaleBits = scale.bits;
    grid.scale = scale.value;
    if (grid.scale != 0) grid.zero = roundToCode(-minimum / grid.scale, 0, maxCode(format));
    return grid;
}

int integerCode(const IntegerFormat& format, const IntegerGrid& grid, float value) {
    if (grid.scale == 0) return grid.zero;
    return roundToCode(value / grid.scale, -grid.zero, maxCode(format) - grid.zero) + grid.zero;
}

IntegerGrid loadIntegerGrid(const PackedLayout& layout, const uint8_t* row, int64_t group) {
    const IntegerFormat& format = layout.format.integer();
    IntegerGrid grid;
    const GroupScale scale = loadScale(format.scale, row + layout.scaleOffset + scaleBytes(format.scale) * group);
    grid.scaleBits = scale.bits;
    grid.scale = scale.value;
    grid.zero = format.symmetric ? halfRange(format) : row[layout.zeroOffset + group];
    return grid;
}

void storeIntegerGrid(const PackedLayout& layout, const IntegerGrid& grid, int64_t group, uint8_t* row) {
    const IntegerFormat& format = layout.format.integer();
    storeScale(format.scale, grid.scaleBits, row + layout.scaleOffset + scaleBytes(format.scale) * group);
    if (!format.symmetric) row[layout.zeroOffset + group] = static_cast<uint8_t>(grid.zero);
}

void decodeIntegerRow(const PackedLayout& layout, const uint8_t* row, float* out) {
    const int bits = layout.format.integer().bits;
    for (int64_t group = 0; group < layout.groupsPerRow; ++group) {
        const IntegerGrid grid = loadIntegerGrid(layout, row, group);
        const int64_t end = std::min(layout.cols, (group + 1) * layout.groupSize);
        for (int64_t i = group * layout.groupSize; i < end; ++i) {
            out[i] = static_cast<float>(codeAt(row, i, bits) - grid.zero) * grid.scale;
        }
    }
}

void encodeIntegerRow(const PackedLayout& layout, const float* values, ValueRange tensorRange, uint8_t* row) {
    const IntegerFormat& format = layout.format.integer();
    std::memset(row, 0, static_cast<size_t>(layout.rowBytes));
    for (int64_t group = 0; group < layout.groupsPerRow; ++group) {
        const int64_t begin = group * layout.groupSize;
        const int64_t end = std::min(layout.cols, begin + layout.groupSize);
        const auto [lowest, highest] = std::minmax_element(values + begin, values + end);
        const bool wholeTensor = format.granularity == Granularity::kTensor;
        const IntegerGrid grid = integerGrid(format, wholeTensor ? tensorRange : ValueRange{*lowest, *highest});
        storeIntegerGrid(layout, grid, group, row);
        for (int64_t i = begin; i < end; ++i) putCode(integerCode(format, grid, values[i]), i, format.bits, row);
    }
}

namespace {

using EncodeRow = void (*)(const PackedLayout&, const float*, ValueRange, uint8_t*);

template <void (*kDecodeRow)(const PackedLayout&, const uint8_t*, float*)>
void decodeIntegerRows(const PackedLayout& layout, const uint8_t* packed, int64_t rows, float* out) {
    for (int64_t r = 0; r < rows; ++r) kDecodeRow(layout, packed + r * layout.rowBytes, out + r * layout.cols);
}

template <EncodeRow kEncodeRow>
void encodeIntegerRows(const PackedLayout& layout, std::span<const float> values, int64_t rows,
                       const EncodeOptions& options, uint8_t* packed) {
    const ValueRange range{options.tensorMin, options.tensorMax};
    for (int64_t r = 0; r < rows; ++r)
        kEncodeRow(layout, values.data() + r * layout.cols, range, packed + r * layout.rowBytes);
}

std::string integerFault(const PackedLayout& layout, const uint8_t* row, int64_t group) {
    const int largest = maxCode(layout.format.integer());
    const IntegerGrid grid = loadIntegerGrid(layout, row, group);
    if (!std::isfinite(grid.scale)) return "its scale is not finite";
    if (grid.zero > largest) return fmt::format("its zero point is {}; codes end at {}", grid.zero, largest);
    return {};
}

std::vector<float> integerLevels(const PackedLayout& layout, const uint8_t* row, int64_t col) {
    const IntegerGrid grid = loadIntegerGrid(layout, row, col / layout.groupSize);
    std::vector<float> levels;
    for (int code = 0; code <= maxCode(layout.format.integer()); ++code)
        levels.push_back(static_cast<float>(code - grid.zero) * grid.scale);
    return levels;
}

}  // namespace

const RowCodec kIntegerRowCodec{.decode = decodeIntegerRows<decodeIntegerRow>,
                                .encode = encodeIntegerRows<encodeIntegerRow>,
                                .fastDecode = decodeIntegerRows<decodeIntegerRowVector>,
                                .fastEncode = encodeIntegerRows<encodeIntegerRowVector>,
                                .fault = integerFault,
                                .levels = integerLevels};

}  // namespace halftone
