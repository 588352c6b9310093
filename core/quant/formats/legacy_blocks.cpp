// SPDX-License-Identifier: GPL-3.0-or-later
// Blocks of 32 values with one scale: Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q8_1.
//
// Layout     d F16 [m F16 | s F16] [qh 4 bytes: fifth bits, bit index = element] qs
//            4- and 5-bit codes: byte j of qs holds element j (low nibble) and j + 16 (high nibble); 8-bit codes in
//            order.
// Values     _0: (q - offset) * d       _1: q * d + m       Q8: q * d
// Encoders   round to the block's extreme value; with importance weights the searches of search_kernels.h.
//            Q8_1 is an activation type: s = d * sum of codes is for dot products and not decoded.
// Source: the reference page on ggml blocks, sections 3 to 5. docs/formats/legacy_blocks.md.
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#include "core/quant/formats/block_codec.h"
#include "core/quant/formats/block_layouts.h"
#include "core/quant/formats/codecs.h"
#include "core/quant/formats/group_description.h"
#include "core/quant/formats/rounding.h"
#include "core/quant/formats/search_kernels.h"
#include "core/quant/formats/vector_codecs.h"

namespace halftone {
namespace {

constexpr int kSize = 32;
using Codes = std::array<uint8_t, kSize>;

template <typename Block>
constexpr bool kHasFifthBit = requires(Block b) {
    b.qh;
};
template <typename Block>
constexpr bool kHasMinimum = requires(Block b) {
    b.m;
};
/// Codes of the symmetric types carry this offset, which is also the number of negative levels.
template <typename Block>
constexpr int kOffset = kHasFifthBit<Block> ? 16 : 8;
template <typename Block>
constexpr int kMaxCode = kHasFifthBit<Block> ? 31 : 15;

template <typename Block>
int codeAt(const Block& block, int i) {
    const int nibble = i < 16 ? block.qs[i] & 15 : block.qs[i - 16] >> 4;
    if constexpr (kHasFifthBit<Block>) return nibble | static_cast<int>(((loadU32(block.qh) >> i) & 1u) << 4);
    return nibble;
}

template <typename Block>
void storeCodes(const Codes& codes, Block& block) {
    for (size_t i = 0; i < 16; ++i) block.qs[i] = static_cast<uint8_t>((codes[i] & 15) | ((codes[i + 16] & 15) << 4));
    if constexpr (kHasFifthBit<Block>) {
        uint32_t high = 0;
        for (size_t i = 0; i < kSize; ++i) high |= static_cast<uint32_t>((codes[i] >> 4) & 1) << i;
        storeU32(high, block.qh);
    }
}

template <typename Block>
void decodeBlock(const Block& block, float* out) {
    const float d = loadHalf(block.d);
    for (int i = 0; i < kSize; ++i) {
        const int q = codeAt(block, i);
        if constexpr (kHasMinimum<Block>) {
            out[i] = static_cast<float>(q) * d + loadHalf(block.m);
        } else {
            out[i] = static_cast<float>(q - kOffset<Block>) * d;
        }
    }
}

template <typename Block>
void encodeBlock(const float* x, Block& block) {
    Codes codes;
    if constexpr (kHasMinimum<Block>) {
        const float minimum = *std::min_element(x, x + kSize);
        const float d = (*std::max_element(x, x + kSize) - minimum) / static_cast<float>(kMaxCode<Block>);
        const float inverse = d != 0 ? 1 / d : 0.0f;
        storeHalf(d, block.d);
        storeHalf(minimum, block.m);
        for (size_t i = 0; i < kSize; ++i) {
            const int q = truncateToCode((x[i] - minimum) * inverse + 0.5f);
            codes[i] = static_cast<uint8_t>(clampInt(q, 0, kMaxCode<Block>));
        }
    } else {
        float extreme = 0;
        for (int i = 0; i < kSize; ++i) extreme = std::fabs(x[i]) > std::fabs(extreme) ? x[i] : extreme;
        const float d = extreme / static_cast<float>(-kOffset<Block>);
        const float inverse = d != 0 ? 1 / d : 0.0f;
        storeHalf(d, block.d);
        for (size_t i = 0; i < kSize; ++i) {
            const int q = truncateToCode(x[i] * inverse + (static_cast<float>(kOffset<Block>) + 0.5f));
            codes[i] = static_cast<uint8_t>(clampInt(q, 0, kMaxCode<Block>));
        }
    }
    storeCodes(codes, block);
}

constexpr int kBatch = 32;  // blocks searched at once

template <typename Block>
void storeSearched(const SearchResult& found, int index, Block& block) {
    Codes codes;
    std::copy_n(found.codes + index * kSize, kSize, codes.begin());
    storeHalf(found.scales[index], block.d);
    if constexpr (kHasMinimum<Block>) storeHalf(-found.minimums[index], block.m);
    storeCodes(codes, block);
}

/// The weighted search over one row; the variance is that of the whole row.
template <typename Block>
void encodeWeightedRow(std::span<const float> row, const float* importance, uint8_t* packed,
                       const SearchKernels& kernels) {
    float squares = 0;
    for (const float x : row) squares += x * x;
    const float variance = squares / static_cast<float>(row.size());
    std::array<float, kBatch * kSize> weights;
    std::array<uint8_t, kBatch * kSize> codes;
    std::array<float, kBatch> scales;
    std::array<float, kBatch> minimums;
    const SearchResult found{scales.data(), minimums.data(), codes.data()};
    auto* blocks = reinterpret_cast<Block*>(packed);
    const size_t total = row.size() / kSize;
    for (size_t first = 0; first < total; first += kBatch) {
        const int count = static_cast<int>(std::min<size_t>(kBatch, total - first));
        const float* x = row.data() + first * kSize;
        kernels.importanceWeights(x, importance + first * kSize, variance, count * kSize, weights.data());
        const SearchBatch batch{x, weights.data(), count, kSize};
        if constexpr (kHasMinimum<Block>) {
            kernels.affine(batch, {.maxCode = kMaxCode<Block>, .rmin = -0.9f, .rdelta = 0.05f, .steps = 36}, found);
        } else {
            kernels.symmetric(batch, kOffset<Block>, found);
        }
        for (int b = 0; b < count; ++b) storeSearched(found, b, blocks[first + static_cast<size_t>(b)]);
    }
}

template <typename Block>
void encodeScalar(std::span<const float> values, const float* importance, uint8_t* packed) {
    if (importance) {
        encodeWeightedRow<Block>(values, importance, packed, scalarSearchKernels());
    } else {
        encodeEach<Block, encodeBlock<Block>>(values, packed);
    }
}

template <typename Block, EncodeBlocks kUnweighted>
void encodeVector(std::span<const float> values, const float* importance, uint8_t* packed) {
    if (importance) {
        encodeWeightedRow<Block>(values, importance, packed, vectorSearchKernels());
    } else {
        kUnweighted(values, nullptr, packed);
    }
}

template <typename Block>
void decodeQ8(const Block& block, float* out) {
    const float d = loadHalf(block.d);
    for (int i = 0; i < kSize; ++i) out[i] = static_cast<float>(block.qs[i]) * d;
}

template <typename Block>
void encodeQ8(const float* x, Block& block) {
    float largest = 0;
    for (int i = 0; i < kSize; ++i) largest = std::max(largest, std::fabs(x[i]));
    const float d = largest / 127.0f;
    const float inverse = d != 0 ? 1 / d : 0.0f;
    storeHalf(d, block.d);
    int sum = 0;
    for (int i = 0; i < kSize; ++i) {
        block.qs[i] = static_cast<int8_t>(clampInt(roundAwayFromZero(x[i] * inverse), -128, 127));
        sum += block.qs[i];
    }
    if constexpr (requires { block.s; }) storeHalf(static_cast<float>(sum) * d, block.s);
}

template <typename Block>
std::string_view faultOf(const uint8_t* bytes) {
    const auto& block = *reinterpret_cast<const Block*>(bytes);
    if (!isFiniteHalf(block.d)) return "the scale is not finite";
    if constexpr (kHasMinimum<Block>) {
        if (!isFiniteHalf(block.m)) return "the minimum is not finite";
    }
    if constexpr (requires { block.s; }) {
        if (!isFiniteHalf(block.s)) return "the sum is not finite";
    }
    return {};
}

template <typename Block>
void levelsOf(const uint8_t* bytes, int /*element*/, std::vector<float>& levels) {
    const auto& block = *reinterpret_cast<const Block*>(bytes);
    const float d = loadHalf(block.d);
    for (int q = 0; q <= kMaxCode<Block>; ++q) {
        if constexpr (kHasMinimum<Block>) {
            levels.push_back(static_cast<float>(q) * d + loadHalf(block.m));
        } else {
            levels.push_back(static_cast<float>(q - kOffset<Block>) * d);
        }
    }
}

template <typename Block>
void levelsOfQ8(const uint8_t* bytes, int /*element*/, std::vector<float>& levels) {
    const float d = loadHalf(reinterpret_cast<const Block*>(bytes)->d);
    for (int q = -128; q <= 127; ++q) levels.push_back(static_cast<float>(q) * d);
}

template <typename Block>
void describe(const uint8_t* bytes, GroupDescription& group) {
    const auto& block = *reinterpret_cast<const Block*>(bytes);
    group.parts.push_back(wholeGroup(group, loadHalf(block.d)));
    if constexpr (kHasMinimum<Block>) {
        group.parts.back().offset = loadHalf(block.m);
    } else {
        group.codeOffset = kOffset<Block>;
    }
    group.lastCode = kMaxCode<Block>;
    for (int i = 0; i < kSize; ++i) group.codes.push_back(codeAt(block, i));
}

template <typename Block>
void describeQ8(const uint8_t* bytes, GroupDescription& group) {
    const auto& block = *reinterpret_cast<const Block*>(bytes);
    group.parts.push_back(wholeGroup(group, loadHalf(block.d)));
    group.firstCode = -128;
    group.lastCode = 127;
    group.codes.assign(std::begin(block.qs), std::end(block.qs));
}

template <typename Block, DecodeBlocks kFastDecode, EncodeBlocks kFastEncode>
constexpr BlockCodec makeCodec(DType type) {
    return {.type = type,
            .decode = decodeEach<Block, decodeBlock<Block>>,
            .encode = encodeScalar<Block>,
            .faults = BlockFaults::from<faultOf<Block>, sizeof(Block)>(),
            .levels = levelsOf<Block>,
            .usesImportance = true,
            .fastDecode = kFastDecode,
            .fastEncode = encodeVector<Block, kFastEncode>,
            .describe = describe<Block>};
}

}  // namespace

const BlockCodec kQ4_0Codec = makeCodec<BlockQ4_0, decodeQ4_0Vector, encodeQ4_0Vector>(DType::kQ4_0);
const BlockCodec kQ4_1Codec = makeCodec<BlockQ4_1, decodeQ4_1Vector, encodeQ4_1Vector>(DType::kQ4_1);
const BlockCodec kQ5_0Codec = makeCodec<BlockQ5_0, decodeQ5_0Vector, encodeQ5_0Vector>(DType::kQ5_0);
const BlockCodec kQ5_1Codec = makeCodec<BlockQ5_1, decodeQ5_1Vector, encodeQ5_1Vector>(DType::kQ5_1);

const BlockCodec kQ8_0Codec{.type = DType::kQ8_0,
                            .decode = decodeEach<BlockQ8_0, decodeQ8<BlockQ8_0>>,
                            .encode = encodeEachUnweighted<BlockQ8_0, encodeQ8<BlockQ8_0>>,
                            .faults = BlockFaults::from<faultOf<BlockQ8_0>, sizeof(BlockQ8_0)>(),
                            .levels = levelsOfQ8<BlockQ8_0>,
                            .fastDecode = decodeQ8_0Vector,
                            .fastEncode = encodeQ8_0Vector,
                            .describe = describeQ8<BlockQ8_0>};

const BlockCodec kQ8_1Codec{.type = DType::kQ8_1,
                            .decode = decodeEach<BlockQ8_1, decodeQ8<BlockQ8_1>>,
                            .encode = encodeEachUnweighted<BlockQ8_1, encodeQ8<BlockQ8_1>>,
                            .faults = BlockFaults::from<faultOf<BlockQ8_1>, sizeof(BlockQ8_1)>(),
                            .levels = levelsOfQ8<BlockQ8_1>,
                            .describe = describeQ8<BlockQ8_1>};

}  // namespace halftone
