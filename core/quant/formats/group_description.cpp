// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quant/formats/group_description.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "core/base/checked.h"
#include "core/quant/formats/block_codec.h"
#include "core/quant/formats/row_codec.h"

namespace halftone {
namespace {

void describeBlockOf(const BlockCodec& codec, const uint8_t* block, GroupDescription& group) {
    group.values.resize(static_cast<size_t>(group.columns));
    codec.decode(block, 1, group.values.data());
    if (codec.describe) codec.describe(block, group);
    if (!group.table.empty()) group.lastCode = static_cast<int>(group.table.size()) - 1;
}

/// The parametric families decode value by value, so a description tells the values as well.
void describeRowGroup(const RowCodec& codec, const PackedLayout& layout, const uint8_t* row, int64_t index,
                      GroupDescription& group) {
    codec.describe(layout, row, index, group);
    group.lastCode = (1 << layout.format.codeBits()) - 1;
    group.values.reserve(group.codes.size());
    for (const int code : group.codes) group.values.push_back(group.valueOf(group.parts.front(), code));
}

}  // namespace

const GroupPart* GroupDescription::partOf(int64_t column) const {
    const auto found = std::ranges::find_if(parts, [&](const GroupPart& part) {
        return column >= part.firstColumn && column < part.firstColumn + part.columns;
    });
    return found == parts.end() ? nullptr : &*found;
}

float GroupDescription::valueOf(const GroupPart& part, int code) const {
    const float base =
        table.empty() ? static_cast<float>(code - codeOffset - part.zeroPoint.value_or(0)) : table[size_t(code)];
    const float scaled = base * part.scale;
    return part.offset ? scaled + *part.offset : scaled;
}

std::vector<float> GroupDescription::levelsOf(const GroupPart& part) const {
    std::vector<float> levels;
    if (codes.empty()) return levels;
    for (int code = firstCode; code <= lastCode; ++code) levels.push_back(valueOf(part, code));
    std::erase_if(levels, [](float level) { return !std::isfinite(level); });
    std::ranges::sort(levels);
    levels.erase(std::unique(levels.begin(), levels.end()), levels.end());
    return levels;
}

GroupPart wholeGroup(const GroupDescription& group, float scale) {
    GroupPart part;
    part.columns = group.columns;
    part.scale = scale;
    return part;
}

int64_t groupCount(const PackedLayout& layout) {
    return layout.groupSize > 1 ? ceilDiv(layout.cols, layout.groupSize) : 0;
}

Result<GroupDescription> describeGroup(const PackedLayout& layout, std::span<const std::byte> packedRow,
                                       int64_t group) {
    if (group < 0 || group >= groupCount(layout)) {
        return makeError(ErrorCode::kInvalidArgument, fmt::format("A row of {} {} values has no group {}.", layout.cols,
                                                                  layout.format.displayName(), group));
    }
    if (packedRow.size() < static_cast<size_t>(layout.rowBytes)) {
        return makeError(ErrorCode::kInvalidArgument,
                         fmt::format("A packed row has {} bytes instead of {}.", packedRow.size(), layout.rowBytes));
    }
    const auto* row = reinterpret_cast<const uint8_t*>(packedRow.data());
    GroupDescription description;
    description.firstColumn = group * layout.groupSize;
    description.columns = std::min(layout.groupSize, layout.cols - description.firstColumn);
    if (const RowCodec* codec = findRowCodec(layout.format)) {
        describeRowGroup(*codec, layout, row, group, description);
        return description;
    }
    const BlockCodec* codec = findBlockCodec(layout.format.storage());
    if (!codec) {
        return makeError(ErrorCode::kUnsupported,
                         fmt::format("This program does not decode {} tensors.", layout.format.displayName()));
    }
    describeBlockOf(*codec, row + group * dtypeInfo(codec->type).blockBytes(), description);
    return description;
}

}  // namespace halftone
