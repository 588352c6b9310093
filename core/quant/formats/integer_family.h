// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>

#include "core/quant/formats/group_scale.h"
#include "core/quant/formats/packed_layout.h"

namespace halftone {

/// Codec of the parametric integer family, one row at a time. Layout: packed_layout.h. docs/formats/integer_family.md.
/// Source of the value rules: the reference page on algorithms, section 1 (asymmetric; symmetric full range).

/// Smallest and largest value of a granule.
struct ValueRange {
    float minimum = 0;
    float maximum = 0;
};

/// Scale and zero point of a granule.
struct IntegerGrid {
    uint32_t scaleBits = 0;  ///< as stored: F16, BF16 or F32
    float scale = 0;         ///< what scaleBits decodes to; the codes are computed with it
    int zero = 0;            ///< stored code of the value 0
};

/// Symmetric: scale = -m / 2^(bits-1), m the value of largest magnitude (the negative one if two are equally large).
/// Asymmetric: scale = (maximum - minimum) / (2^bits - 1) over a range that includes 0; zero point rounded to even.
/// The scale is rounded to its stored type, kept off infinity and, unless the granule is all zero, off zero.
[[nodiscard]] IntegerGrid integerGrid(const IntegerFormat& format, ValueRange range);

/// Stored code of `value`.
[[nodiscard]] int integerCode(const IntegerFormat& format, const IntegerGrid& grid, float value);

/// Grid of group `group` of a packed row.
[[nodiscard]] IntegerGrid loadIntegerGrid(const PackedLayout& layout, const uint8_t* row, int64_t group);
void storeIntegerGrid(const PackedLayout& layout, const IntegerGrid& grid, int64_t group, uint8_t* row);

/// Scalar codec of a row. `tensorRange` is read for tensor granularity only.
void decodeIntegerRow(const PackedLayout& layout, const uint8_t* row, float* out);
void encodeIntegerRow(const PackedLayout& layout, const float* values, ValueRange tensorRange, uint8_t* row);

}  // namespace halftone
