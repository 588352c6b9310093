// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/quant/formats/codec.h"

namespace halftone {

struct GroupDescription;

/// Everything this program knows about a parametric family, whose rows are codes with scales behind them: the
/// counterpart of BlockCodec. One instance per family; stateless, thread-safe.
struct RowCodec {
    using Decode = void (*)(const PackedLayout& layout, const uint8_t* packed, int64_t rows, float* out);
    using Encode = void (*)(const PackedLayout& layout, std::span<const float> values, int64_t rows,
                            const EncodeOptions& options, uint8_t* packed);
    Decode decode;      ///< scalar; defines the values
    Encode encode;      ///< scalar; defines the bytes
    Decode fastDecode;  ///< same values, vectorized
    Encode fastEncode;  ///< same bytes, vectorized
    /// Why a group of a row is not valid ("its scale is not finite"), or empty.
    std::string (*fault)(const PackedLayout& layout, const uint8_t* row, int64_t group);
    /// The values that the group of column `col` can take, in any order.
    std::vector<float> (*levels)(const PackedLayout& layout, const uint8_t* row, int64_t col);
    /// Fills in what a group stores: one part, table and codes. Its columns are there already.
    void (*describe)(const PackedLayout& layout, const uint8_t* row, int64_t index, GroupDescription& group);
};

extern const RowCodec kIntegerRowCodec;
extern const RowCodec kLevelRowCodec;
extern const RowCodec kCodebookRowCodec;

/// The codec of a format's family; null for storage types, which have block codecs.
[[nodiscard]] const RowCodec* findRowCodec(const Format& format);

}  // namespace halftone
