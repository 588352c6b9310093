// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quant/methods/clipping.h"

#include <algorithm>
#include <vector>

#include "core/quant/formats/codec.h"
#include "core/quant/methods/block_grid.h"

namespace halftone {

int64_t levelColumns(const PackedLayout& layout) {
    if (!layout.format.isStorage()) return layout.groupSize;
    const DType type = layout.format.storage();
    return hasBlockGrid(type) ? blockGridSize(type) : 16;  // which divides the sub-blocks of every block type
}

ClipLimits ClipLimits::of(std::span<const float> levels) {
    const size_t count = levels.size();
    const float low = levels.front(), high = levels.back();
    if (count < 2) return {low, high};
    return {low - 0.5f * (levels[1] - low), high + 0.5f * (high - levels[count - 2])};
}

void ClippedEnd::add(float bound, int64_t clippedValues) {
    if (clippedValues == 0) return;
    least = values == 0 ? bound : std::min(least, bound);
    most = values == 0 ? bound : std::max(most, bound);
    values += clippedValues;
    bounds.add(bound, 1);
}

void ClippedEnd::merge(const ClippedEnd& other) {
    if (other.values == 0) return;
    least = values == 0 ? other.least : std::min(least, other.least);
    most = values == 0 ? other.most : std::max(most, other.most);
    values += other.values;
    bounds.merge(other.bounds);
}

void Clipping::addRow(const PackedLayout& layout, std::span<const std::byte> packed, std::span<const float> values,
                      std::span<const float> decoded) {
    const int64_t step = levelColumns(layout);
    for (int64_t col = 0; col < layout.cols; col += step) {
        const auto at = static_cast<size_t>(col), count = static_cast<size_t>(std::min(step, layout.cols - col));
        const auto group = values.subspan(at, count);
        const auto [least, most] = std::ranges::minmax(group);
        const auto [leastDecoded, mostDecoded] = std::ranges::minmax(decoded.subspan(at, count));
        // No level lies further out than what was decoded where something is clipped: most groups are done here.
        if (least >= leastDecoded && most <= mostDecoded) continue;
        const std::vector<float> levels = groupLevels(layout, packed, col);
        if (levels.empty()) return;
        const ClipLimits limits = ClipLimits::of(levels);
        low.add(levels.front(), std::ranges::count_if(group, [&](float value) { return value < limits.low; }));
        high.add(levels.back(), std::ranges::count_if(group, [&](float value) { return value > limits.high; }));
    }
}

void Clipping::merge(const Clipping& other) {
    low.merge(other.low);
    high.merge(other.high);
}

}  // namespace halftone
