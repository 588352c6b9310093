// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/quant/formats/packed_layout.h"
#include "core/stats/float_histogram.h"

namespace halftone {

/// Columns of a row that share their levels, or part of them.
[[nodiscard]] int64_t levelColumns(const PackedLayout& layout);

/// Between which values a group rounds; what lies further out is clipped. That is half a step beyond the outermost
/// levels: so far away any value may be from the level that stands for it.
struct ClipLimits {
    float low = 0, high = 0;
    /// `levels`: of the group, ascending, at least one.
    static ClipLimits of(std::span<const float> levels);
    [[nodiscard]] bool clips(float value) const { return value < low || value > high; }
};

/// What is cut off at one end of a matrix.
struct ClippedEnd {
    int64_t values = 0;         ///< that are clipped
    float least = 0, most = 0;  ///< outermost level at this end, over the groups with such values
    FloatHistogram bounds;      ///< those levels, each once for a group
    void add(float bound, int64_t clippedValues);
    void merge(const ClippedEnd& other);
};

/// The values that a quantized matrix clips, and where: each group has bounds of its own. Groups that clip nothing say
/// nothing: their levels end where their values do. Mergeable in any order.
struct Clipping {
    ClippedEnd low, high;
    /// A row: its packed bytes, the values that were encoded (without outliers that are kept apart), all finite, and
    /// what the codes decode to.
    void addRow(const PackedLayout& layout, std::span<const std::byte> packed, std::span<const float> values,
                std::span<const float> decoded);
    void merge(const Clipping& other);
    [[nodiscard]] int64_t values() const { return low.values + high.values; }
};

}  // namespace halftone
