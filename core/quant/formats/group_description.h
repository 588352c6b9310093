// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/base/error.h"
#include "core/quant/formats/packed_layout.h"

namespace halftone {

/// Values of a group that share one scale: a sub-block of the block types that have them, else the whole group.
struct GroupPart {
    int64_t firstColumn = 0;  ///< within the group
    int64_t columns = 0;
    std::optional<int> scaleCode;    ///< what is stored for the scale where that is no 16- or 32-bit float
    float scale = 1;                 ///< what codes, or what they stand for in the table, are multiplied by
    std::optional<int> minimumCode;  ///< what is stored for the minimum where that is no float
    std::optional<float> offset;     ///< added after scaling: Q4_1's m, minus the minimum of a K-quant
    std::optional<int> zeroPoint;    ///< stored code that means 0
};

/// What the stored bytes of one group say, field by field: for looking at, not for speed. A group is a block of the
/// block types, and what shares a scale within a row in the parametric families (the whole row where channels or the
/// tensor share it; codebooks, too).
struct GroupDescription {
    int64_t firstColumn = 0;  ///< of the row
    int64_t columns = 0;
    std::optional<float> blockScale;    ///< unit of the scales of the parts: "d" of the K-quants
    std::optional<float> blockMinimum;  ///< unit of their minimums: "dmin"
    int codeOffset = 0;                 ///< taken off every stored code
    int firstCode = 0, lastCode = 0;    ///< that a value can have
    std::vector<float> table;           ///< what the codes stand for before scaling; empty: the code, less its offset
    std::vector<GroupPart> parts;
    std::vector<int> codes;     ///< as stored, one per value; empty for types whose codes are not told apart here
    std::vector<float> values;  ///< decoded

    /// The part of a column of the group; null where there are no parts.
    [[nodiscard]] const GroupPart* partOf(int64_t column) const;
    /// What a code of a part decodes to: the operations of the decoder, in binary32.
    [[nodiscard]] float valueOf(const GroupPart& part, int code) const;
    /// The values that a part can take, ascending, each once; empty where there are no codes.
    [[nodiscard]] std::vector<float> levelsOf(const GroupPart& part) const;
};

/// The part of a group that has one scale throughout. For codecs.
[[nodiscard]] GroupPart wholeGroup(const GroupDescription& group, float scale);

/// Groups of a row; 0 for plain types, which store each value by itself.
[[nodiscard]] int64_t groupCount(const PackedLayout& layout);

/// Group `group` of a packed row. kInvalidArgument for a group that the row does not have or a row that is too short,
/// kUnsupported for types that this program does not decode. Reads damaged rows as they are.
Result<GroupDescription> describeGroup(const PackedLayout& layout, std::span<const std::byte> packedRow, int64_t group);

}  // namespace halftone
