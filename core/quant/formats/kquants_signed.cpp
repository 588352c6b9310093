// SPDX-License-Identifier: GPL-3.0-or-later
// K-quants with signed codes and one scale per sub-block of 16, and Q8_K. A block holds 256 values.
//
// Layout     Q3_K  hmask[32] (third bits), qs[64] (low two bits), scales[12] (16 of 6 bits, offset 32), d F16
//            Q6_K  ql[128] (low nibbles), qh[64] (high two bits), scales i8[16], d F16
//            Q8_K  d F32, qs i8[256], bsums i16[16] (sums of 16 codes, for dot products): an activation type
// Values     (d * scale) * (q - offset); Q8_K: d * q
// Encoders   signed search per sub-block, scales quantized against the super-block's d, codes recomputed.
// Source: the reference page on ggml blocks, sections 3 to 5. docs/formats/k_quants.md.
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#include "core/quant/formats/block_codec.h"
#include "core/quant/formats/block_layouts.h"
#include "core/quant/formats/code_packing.h"
#include "core/quant/formats/codecs.h"
#include "core/quant/formats/group_description.h"
#include "core/quant/formats/rounding.h"
#include "core/quant/formats/search_kernels.h"
#include "core/quant/formats/vector_codecs.h"

namespace halftone {
namespace {

constexpr int kSuperBlock = 256;
constexpr int kSize = 16;
constexpr int kSubBlocks = 16;
constexpr int kBatch = 4;  // super-blocks searched at once

int codeAt(const BlockQ3_K& block, int i) {
    const int low = (block.qs[32 * (i / 128) + i % 32] >> (2 * (i % 128 / 32))) & 3;
    return low | (((block.hmask[i % 32] >> (i / 32)) & 1) << 2);
}
int codeAt(const BlockQ6_K& block, int i) {
    const int half = i / 128;
    const int l = i % 32;
    const int quarter = i % 128 / 32;
    const uint8_t byte = block.ql[64 * half + l + 32 * (quarter % 2)];
    const int low = quarter < 2 ? byte & 15 : byte >> 4;
    return low | (((block.qh[32 * half + l] >> (2 * quarter)) & 3) << 4);
}
int scaleAt(const BlockQ3_K& block, int index) {
    return unpackQ3Scale(block.scales, index);
}
int scaleAt(const BlockQ6_K& block, int index) {
    return block.scales[index];
}

template <typename Block>
constexpr int kLevels = std::is_same_v<Block, BlockQ3_K> ? 4 : 32;

template <typename Block>
void decodeBlock(const Block& block, float* out) {
    const float d = loadHalf(block.d);
    for (int i = 0; i < kSuperBlock; ++i) {
        const float scale = d * static_cast<float>(scaleAt(block, i / kSize));
        out[i] = scale * static_cast<float>(codeAt(block, i) - kLevels<Block>);
    }
}

void storeCodes(const uint8_t* codes, BlockQ3_K& block) {
    for (int half = 0; half < 2; ++half) packCodeParts<4>(codes + 128 * half, 32, 0, block.qs + 32 * half);
    packCodeParts<8>(codes, 32, 2, block.hmask);
}

void storeCodes(const uint8_t* codes, BlockQ6_K& block) {
    for (int half = 0; half < 2; ++half) {
        const uint8_t* c = codes + 128 * half;
        packCodeParts<2>(c, 64, 0, block.ql + 64 * half);
        packCodeParts<2>(c + 32, 64, 0, block.ql + 64 * half + 32);
        packCodeParts<4>(c, 32, 4, block.qh + 32 * half);
    }
}

/// What the searches found for one super-block, and what they worked on.
struct SuperBlock {
    const float* values;
    const float* weights;
    const float* scales;
    uint8_t* codes;
    bool weighted;  ///< importance weights were given
};

template <typename Block>
void requantize(const SuperBlock& found, float d, const SearchKernels& kernels, Block& block) {
    for (int b = 0; b < kSubBlocks; ++b) {
        const float scale = d * static_cast<float>(scaleAt(block, b));
        if (scale == 0) continue;
        kernels.requantizeSigned(found.values + b * kSize, kSize, scale, kLevels<Block>, found.codes + b * kSize);
    }
    storeCodes(found.codes, block);
}

/// First scale of largest magnitude, with its sign.
float signedMaximum(const float* scales) {
    float best = 0;
    for (int b = 0; b < kSubBlocks; ++b) best = std::fabs(scales[b]) > std::fabs(best) ? scales[b] : best;
    return best;
}

void storeQ3Scales(const std::array<uint8_t, kSubBlocks>& codes, BlockQ3_K& block) {
    for (size_t b = 0; b < 8; ++b) block.scales[b] = static_cast<uint8_t>((codes[b] & 15) | ((codes[b + 8] & 15) << 4));
    for (size_t b = 0; b < 4; ++b) {
        block.scales[8 + b] = static_cast<uint8_t>((codes[b] >> 4) | ((codes[b + 4] >> 4) << 2) |
                                                   ((codes[b + 8] >> 4) << 4) | ((codes[b + 12] >> 4) << 6));
    }
}

void storeSuperBlock(const SuperBlock& found, const SearchKernels& kernels, BlockQ3_K& block) {
    std::array<uint8_t, kSubBlocks> codes{};
    float d = 0;
    if (found.weighted) {
        std::array<float, kSubBlocks> sums{};
        for (int i = 0; i < kSuperBlock; ++i) sums[static_cast<size_t>(i / kSize)] += found.weights[i];
        scalarSearchKernels().symmetric({found.scales, sums.data(), 1, kSubBlocks}, 32, {&d, nullptr, codes.data()});
    } else if (const float maximum = signedMaximum(found.scales); maximum != 0) {
        const float inverse = -32.0f / maximum;
        for (size_t b = 0; b < kSubBlocks; ++b) {
            codes[b] = static_cast<uint8_t>(roundToCode(inverse * found.scales[b], -32, 31) + 32);
        }
        d = 1 / inverse;
    }
    storeQ3Scales(codes, block);
    requantize(found, storeHalf(d, block.d), kernels, block);
}

void storeSuperBlock(const SuperBlock& found, const SearchKernels& kernels, BlockQ6_K& block) {
    const float maximum = signedMaximum(found.scales);
    if (std::fabs(maximum) < kSearchEpsilon) {
        block = {};
        return;
    }
    const float inverse = -128.0f / maximum;
    for (int b = 0; b < kSubBlocks; ++b) {
        block.scales[b] = static_cast<int8_t>(roundToCode(inverse * found.scales[b], -128, 127));
    }
    requantize(found, storeHalf(1 / inverse, block.d), kernels, block);
}

/// Weights of the search over `blocks` super-blocks. Q3_K without importance needs none.
template <typename Block>
void fillWeights(const float* x, const float* importance, int blocks, const SearchKernels& kernels, float* weights) {
    if (!importance || std::is_same_v<Block, BlockQ6_K>) {
        for (int i = 0; i < blocks * kSuperBlock; ++i) weights[i] = importance ? importance[i] : x[i] * x[i];
        return;
    }
    for (int s = 0; s < blocks; ++s) {
        const int first = s * kSuperBlock;
        float squares = 0;
        for (int i = first; i < first + kSuperBlock; ++i) squares += x[i] * x[i];
        kernels.importanceWeights(x + first, importance + first, 2 * squares / static_cast<float>(kSuperBlock),
                                  kSuperBlock, weights + first);
    }
}

template <typename Block>
void encodeWith(std::span<const float> values, const float* importance, uint8_t* packed, const SearchKernels& kernels) {
    std::array<float, kBatch * kSuperBlock> weights;
    std::array<uint8_t, kBatch * kSuperBlock> codes;
    std::array<float, kBatch * kSubBlocks> scales;
    const SearchResult result{scales.data(), nullptr, codes.data()};
    auto* blocks = reinterpret_cast<Block*>(packed);
    const auto total = static_cast<int64_t>(values.size()) / kSuperBlock;
    for (int64_t first = 0; first < total; first += kBatch) {
        const int batch = static_cast<int>(std::min<int64_t>(kBatch, total - first));
        const float* x = values.data() + first * kSuperBlock;
        fillWeights<Block>(x, importance ? importance + first * kSuperBlock : nullptr, batch, kernels, weights.data());
        const SearchBatch search{x, weights.data(), batch * kSubBlocks, kSize};
        if (std::is_same_v<Block, BlockQ3_K> && !importance) {
            kernels.threeBit(search, result);
        } else {
            kernels.symmetric(search, kLevels<Block>, result);
        }
        for (int s = 0; s < batch; ++s) {
            const SuperBlock found{x + s * kSuperBlock, weights.data() + s * kSuperBlock,
                                   scales.data() + s * kSubBlocks, codes.data() + s * kSuperBlock,
                                   importance != nullptr};
            storeSuperBlock(found, kernels, blocks[first + s]);
        }
    }
}

template <typename Block>
void encodeScalar(std::span<const float> values, const float* importance, uint8_t* packed) {
    encodeWith<Block>(values, importance, packed, scalarSearchKernels());
}

template <typename Block>
void encodeVector(std::span<const float> values, const float* importance, uint8_t* packed) {
    encodeWith<Block>(values, importance, packed, vectorSearchKernels());
}

template <typename Block>
std::string_view faultOf(const uint8_t* bytes) {
    return isFiniteHalf(reinterpret_cast<const Block*>(bytes)->d) ? "" : "the scale is not finite";
}

template <typename Block>
void levelsOf(const uint8_t* bytes, int element, std::vector<float>& levels) {
    const auto& block = *reinterpret_cast<const Block*>(bytes);
    const float scale = loadHalf(block.d) * static_cast<float>(scaleAt(block, element / kSize));
    for (int q = -kLevels<Block>; q < kLevels<Block>; ++q) levels.push_back(scale * static_cast<float>(q));
}

template <typename Block>
void describe(const uint8_t* bytes, GroupDescription& group) {
    const auto& block = *reinterpret_cast<const Block*>(bytes);
    const float d = loadHalf(block.d);
    group.blockScale = d;
    group.codeOffset = kLevels<Block>;
    group.lastCode = 2 * kLevels<Block> - 1;
    for (int b = 0; b < kSubBlocks; ++b) {
        const int code = scaleAt(block, b);
        GroupPart part = wholeGroup(group, d * static_cast<float>(code));
        part.firstColumn = b * kSize;
        part.columns = kSize;
        part.scaleCode = code;
        group.parts.push_back(part);
    }
    for (int i = 0; i < kSuperBlock; ++i) group.codes.push_back(codeAt(block, i));
}

float scaleOf(const BlockQ8_K& block) {
    return std::bit_cast<float>(loadU32(block.d));
}

void decodeQ8_K(const BlockQ8_K& block, float* out) {
    const float d = scaleOf(block);
    for (int i = 0; i < kSuperBlock; ++i) out[i] = d * static_cast<float>(block.qs[i]);
}

void encodeQ8_K(const float* x, BlockQ8_K& block) {
    block = {};
    float extreme = 0;
    for (int i = 0; i < kSuperBlock; ++i) extreme = std::fabs(x[i]) > std::fabs(extreme) ? x[i] : extreme;
    if (extreme == 0) return;
    const float inverse = -127.0f / extreme;
    for (int i = 0; i < kSuperBlock; ++i) {
        block.qs[i] = static_cast<int8_t>(roundToCode(inverse * x[i], -128, 127));
    }
    for (int b = 0; b < kSubBlocks; ++b) {
        int sum = 0;
        for (int i = 0; i < kSize; ++i) sum += block.qs[b * kSize + i];
        storeU16(static_cast<uint16_t>(sum & 0xFFFF), block.bsums + 2 * b);
    }
    storeU32(std::bit_cast<uint32_t>(1 / inverse), block.d);
}

std::string_view faultOfQ8_K(const uint8_t* bytes) {
    return std::isfinite(scaleOf(*reinterpret_cast<const BlockQ8_K*>(bytes))) ? "" : "the scale is not finite";
}

void levelsOfQ8_K(const uint8_t* bytes, int /*element*/, std::vector<float>& levels) {
    const float d = scaleOf(*reinterpret_cast<const BlockQ8_K*>(bytes));
    for (int q = -128; q <= 127; ++q) levels.push_back(d * static_cast<float>(q));
}

void describeQ8_K(const uint8_t* bytes, GroupDescription& group) {
    const auto& block = *reinterpret_cast<const BlockQ8_K*>(bytes);
    group.parts.push_back(wholeGroup(group, scaleOf(block)));
    group.firstCode = -128;
    group.lastCode = 127;
    group.codes.assign(std::begin(block.qs), std::end(block.qs));
}

template <typename Block>
constexpr BlockCodec makeCodec(DType type, DecodeBlocks fastDecode) {
    return {.type = type,
            .decode = decodeEach<Block, decodeBlock<Block>>,
            .encode = encodeScalar<Block>,
            .faults = BlockFaults::from<faultOf<Block>, sizeof(Block)>(),
            .levels = levelsOf<Block>,
            .usesImportance = true,
            .fastDecode = fastDecode,
            .fastEncode = encodeVector<Block>,
            .describe = describe<Block>};
}

}  // namespace

const BlockCodec kQ3_KCodec = makeCodec<BlockQ3_K>(DType::kQ3_K, decodeQ3_KVector);
const BlockCodec kQ6_KCodec = makeCodec<BlockQ6_K>(DType::kQ6_K, decodeQ6_KVector);

const BlockCodec kQ8_KCodec{.type = DType::kQ8_K,
                            .decode = decodeEach<BlockQ8_K, decodeQ8_K>,
                            .encode = encodeEachUnweighted<BlockQ8_K, encodeQ8_K>,
                            .faults = BlockFaults::from<faultOfQ8_K, sizeof(BlockQ8_K)>(),
                            .levels = levelsOfQ8_K,
                            .describe = describeQ8_K};

}  // namespace halftone
