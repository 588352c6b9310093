// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "core/tensor/dtype.h"

namespace halftone {

struct GroupDescription;

/// Decodes `blocks` consecutive blocks.
using DecodeBlocks = void (*)(const uint8_t* packed, int64_t blocks, float* out);

/// Encodes whole blocks. `importance` is null, or holds one weight per value; `values` is then exactly one row, because
/// some types derive a variance from the row.
using EncodeBlocks = void (*)(std::span<const float> values, const float* importance, uint8_t* packed);

/// Why a block is not valid ("the scale is not finite"), or empty.
using BlockFault = std::string_view (*)(const uint8_t* block);

/// What is asked of blocks that somebody else made: of one why it is not valid, of many which is the first.
struct BlockFaults {
    BlockFault of = nullptr;                                           ///< null: every bit pattern is legal
    int64_t (*first)(const uint8_t* blocks, int64_t count) = nullptr;  ///< `count` if all are valid

    /// A loop of its own for each type, so that a million blocks cost no million calls.
    template <BlockFault kFault, size_t kBlockBytes>
    static constexpr BlockFaults from() {
        return {.of = kFault, .first = [](const uint8_t* blocks, int64_t count) {
                    int64_t block = 0;
                    while (block < count && kFault(blocks + static_cast<size_t>(block) * kBlockBytes).empty()) ++block;
                    return block;
                }};
    }
};

/// Appends the values that the group of element `element` of the block can take, in any order.
using BlockLevels = void (*)(const uint8_t* block, int element, std::vector<float>& levels);

/// Fills in what one block stores: scales, parts, table and codes. Its columns and values are there already.
using DescribeBlock = void (*)(const uint8_t* block, GroupDescription& group);

/// Everything this program knows about one storage type. One instance per type, defined in its family's file and listed
/// in codec_table.cpp. Stateless; thread-safe.
struct BlockCodec {
    DType type;
    DecodeBlocks decode = nullptr;  ///< scalar; defines the values
    EncodeBlocks encode = nullptr;  ///< scalar; defines the bytes. Null: this program does not write the type
    BlockFaults faults{};
    BlockLevels levels = nullptr;  ///< null: plain type, no groups
    bool usesImportance = false;
    DecodeBlocks fastDecode = nullptr;  ///< same values, vectorized; null: `decode` is used
    EncodeBlocks fastEncode = nullptr;  ///< same bytes, vectorized; null: `encode` is used
    DescribeBlock describe = nullptr;   ///< null: plain type, or one whose codes are not told apart
};

/// The codec of `type`, or null where this program cannot decode it.
[[nodiscard]] const BlockCodec* findBlockCodec(DType type);

/// Turns a function over one block into one over many.
template <typename Block, void (*kDecode)(const Block&, float*)>
void decodeEach(const uint8_t* packed, int64_t blocks, float* out) {
    const auto* block = reinterpret_cast<const Block*>(packed);
    for (int64_t i = 0; i < blocks; ++i) kDecode(block[i], out + i * Block::kElements);
}

template <typename Block, void (*kEncode)(const float*, Block&)>
void encodeEach(std::span<const float> values, uint8_t* packed) {
    auto* block = reinterpret_cast<Block*>(packed);
    const auto blocks = static_cast<int64_t>(values.size()) / Block::kElements;
    for (int64_t i = 0; i < blocks; ++i) kEncode(values.data() + i * Block::kElements, block[i]);
}

/// The same for types that have no use for importance weights.
template <typename Block, void (*kEncode)(const float*, Block&)>
void encodeEachUnweighted(std::span<const float> values, const float* /*importance*/, uint8_t* packed) {
    encodeEach<Block, kEncode>(values, packed);
}

}  // namespace halftone
