// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quant/formats/integer_family.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/quant/formats/block_layouts.h"
#include "core/quant/formats/rounding.h"

namespace halftone {
namespace {

constexpr uint16_t kHalfSign = 0x8000;
constexpr uint16_t kHalfMagnitude = 0x7FFF;
constexpr uint16_t kHalfLargest = 0x7BFF;   // 65504
constexpr uint16_t kHalfSmallest = 0x0001;  // 2^-24

/// F16 bits of a scale that must neither become infinite nor, unless it is zero, vanish.
uint16_t scaleBitsOf(float scale) {
    if (scale == 0) return 0;
    const uint16_t bits = floatToHalf(scale);
    const auto magnitude = static_cast<uint16_t>(bits & kHalfMagnitude);
    return static_cast<uint16_t>((bits & kHalfSign) | std::clamp(magnitude, kHalfSmallest, kHalfLargest));
}

int halfRange(const IntegerFormat& format) {
    return 1 << (format.bits - 1);
}
int maxCode(const IntegerFormat& format) {
    return (1 << format.bits) - 1;
}

int codeAt(const uint8_t* row, int64_t index, int bits) {
    const int64_t firstBit = index * bits;
    const int shift = static_cast<int>(firstBit % 8);
    int window = row[firstBit / 8];
    if (shift + bits > 8) window |= row[firstBit / 8 + 1] << 8;
    return (window >> shift) & ((1 << bits) - 1);
}

/// ORs a code into a cleared bit stream.
void putCode(int code, int64_t index, int bits, uint8_t* row) {
    const int64_t firstBit = index * bits;
    const int shifted = code << (firstBit % 8);
    uint8_t* byte = row + firstBit / 8;
    byte[0] = static_cast<uint8_t>(byte[0] | (shifted & 0xFF));
    if (shifted > 0xFF) byte[1] = static_cast<uint8_t>(byte[1] | (shifted >> 8));
}

}  // namespace

IntegerGrid integerGrid(const IntegerFormat& format, ValueRange range) {
    IntegerGrid grid;
    if (format.symmetric) {
        const float extreme = range.maximum > -range.minimum ? range.maximum : range.minimum;
        grid.scaleBits = scaleBitsOf(-extreme / static_cast<float>(halfRange(format)));
        grid.scale = halfToFloat(grid.scaleBits);
        grid.zero = halfRange(format);
        return grid;
    }
    const float minimum = std::min(0.0f, range.minimum);
    const float maximum = std::max(0.0f, range.maximum);
    grid.scaleBits = scaleBitsOf((maximum - minimum) / static_cast<float>(maxCode(format)));
    grid.scale = halfToFloat(grid.scaleBits);
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
    grid.scaleBits = loadU16(row + layout.scaleOffset + 2 * group);
    grid.scale = halfToFloat(grid.scaleBits);
    grid.zero = format.symmetric ? halfRange(format) : row[layout.zeroOffset + group];
    return grid;
}

void storeIntegerGrid(const PackedLayout& layout, const IntegerGrid& grid, int64_t group, uint8_t* row) {
    storeU16(grid.scaleBits, row + layout.scaleOffset + 2 * group);
    if (!layout.format.integer().symmetric) row[layout.zeroOffset + group] = static_cast<uint8_t>(grid.zero);
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

}  // namespace halftone
