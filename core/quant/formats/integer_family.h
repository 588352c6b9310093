// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <vector>

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
    uint32_t scaleBits = 0;    ///< as stored
    float scale = 0;           ///< what scaleBits decodes to; the codes are computed with it
    int zero = 0;              ///< stored code of the value 0; 0 where the zero point is a float
    uint32_t minimumBits = 0;  ///< float zero points: as stored
    float minimum = 0;         ///< float zero points: value of code 0; else what asymmetric grids were fitted to
};

/// Symmetric: scale = -m / 2^(bits-1), m the value of largest magnitude (the negative one if two are equally large).
/// Asymmetric: scale = (maximum - minimum) / (2^bits - 1) over a range that includes 0; zero point rounded to even.
/// Float zero point: the range as it is; its minimum is rounded first, the scale reaches from there to the maximum.
/// The scale is rounded to its stored type, kept off infinity and, unless the granule is all zero, off zero. Nested
/// scales and minima are F32 here; settleGrids() brings them to what the row stores.
[[nodiscard]] IntegerGrid integerGrid(const IntegerFormat& format, ValueRange range);
/// A grid of this scale and, for float zero points, this minimum, both rounded in the same way.
[[nodiscard]] IntegerGrid floatZeroGrid(const IntegerFormat& format, float scale, float minimum);

/// Stored code of `value`, and the value of a stored code.
[[nodiscard]] int integerCode(const IntegerFormat& format, const IntegerGrid& grid, float value);
[[nodiscard]] float integerValue(const IntegerFormat& format, const IntegerGrid& grid, int code);

/// The grids of a row. The second levels are empty unless scales are nested.
struct IntegerGrids {
    std::vector<IntegerGrid> groups;
    SecondLevel scales, minima;
};
/// Nested scales: finds the second levels and rounds all grids to what they allow. Otherwise grids are as they will be.
void settleGrids(const IntegerFormat& format, IntegerGrids& grids);
/// The same for one grid, with the second levels as they are.
void settleGrid(const IntegerFormat& format, int64_t group, IntegerGrids& grids);

/// Grid of group `group` of a packed row.
[[nodiscard]] IntegerGrid loadIntegerGrid(const PackedLayout& layout, const uint8_t* row, int64_t group);

/// Writes codes (one byte each) and settled grids (one per group) as a packed row.
void packIntegerRow(const PackedLayout& layout, std::span<const uint8_t> codes, const IntegerGrids& grids,
                    uint8_t* row);

/// The inner loops of the codec, once scalar (they define the values) and once vectorized with run-time dispatch.
struct IntegerKernels {
    void (*decodeRow)(const PackedLayout& layout, const uint8_t* row, float* out);
    ValueRange (*rangeOf)(std::span<const float> values);
    void (*codes)(const IntegerFormat& format, const IntegerGrid& grid, std::span<const float> values, uint8_t* out);
};
[[nodiscard]] const IntegerKernels& scalarIntegerKernels();
[[nodiscard]] const IntegerKernels& vectorIntegerKernels();

}  // namespace halftone
