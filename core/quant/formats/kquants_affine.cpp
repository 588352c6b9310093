// SPDX-License-Identifier: GPL-3.0-or-later
// K-quants with scale and minimum per sub-block: Q2_K, Q4_K, Q5_K. A block holds 256 values.
//
// Layout     Q2_K  scales[16] (scale low nibble, minimum high nibble), qs[64], d F16, dmin F16; sub-blocks of 16
//            Q4_K  d F16, dmin F16, scales[12] (8 scales and 8 minimums of 6 bits), qs[128]; sub-blocks of 32
//            Q5_K  as Q4_K with qh[32] (fifth bits) before qs
// Values     (d * scale) * q - dmin * minimum
// Encoders   affine search per sub-block, then scales and minimums quantized against the super-block's d and dmin, then
//            codes recomputed with the stored scales.
// Source: the reference page on ggml blocks, sections 3 to 5. docs/formats/k_quants.md.
#include <algorithm>
#include <array>
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
constexpr int kBatch = 4;  // super-blocks searched at once: fills the lanes of every instruction set
constexpr int kMaxSubBlocks = 16;

template <typename Block>
struct Traits;
template <>
struct Traits<BlockQ2_K> {
    static constexpr int kSize = 16;
    static constexpr int kMaxCode = 3;
    static constexpr int kMaxScale = 15;
    static constexpr AffineGrid kGrid{.maxCode = 3, .rmin = -0.5f, .rdelta = 0.1f, .steps = 15, .absoluteError = true};
};
template <>
struct Traits<BlockQ4_K> {
    static constexpr int kSize = 32;
    static constexpr int kMaxCode = 15;
    static constexpr int kMaxScale = 63;
    static constexpr AffineGrid kGrid{.maxCode = 15, .rmin = -1.0f, .rdelta = 0.1f, .steps = 20};
};
template <>
struct Traits<BlockQ5_K> {
    static constexpr int kSize = 32;
    static constexpr int kMaxCode = 31;
    static constexpr int kMaxScale = 63;
    static constexpr AffineGrid kGrid{.maxCode = 31, .rmin = -0.5f, .rdelta = 0.1f, .steps = 15};
};

template <typename Block>
constexpr int kSubBlocks = kSuperBlock / Traits<Block>::kSize;

template <typename Block>
ScaleAndMin scaleAndMin(const Block& block, int index) {
    if constexpr (std::is_same_v<Block, BlockQ2_K>) {
        return {static_cast<uint8_t>(block.scales[index] & 15), static_cast<uint8_t>(block.scales[index] >> 4)};
    } else {
        return unpackScaleAndMin(block.scales, index);
    }
}

int codeAt(const BlockQ2_K& block, int i) {
    return (block.qs[32 * (i / 128) + i % 32] >> (2 * (i % 128 / 32))) & 3;
}
int codeAt(const BlockQ4_K& block, int i) {
    const uint8_t byte = block.qs[32 * (i / 64) + i % 32];
    return i % 64 < 32 ? byte & 15 : byte >> 4;
}
int codeAt(const BlockQ5_K& block, int i) {
    const uint8_t byte = block.qs[32 * (i / 64) + i % 32];
    const int fifth = (block.qh[i % 32] >> (i / 32)) & 1;
    return (i % 64 < 32 ? byte & 15 : byte >> 4) | (fifth << 4);
}

template <typename Block>
void decodeBlock(const Block& block, float* out) {
    const float d = loadHalf(block.d);
    const float dmin = loadHalf(block.dmin);
    for (int b = 0; b < kSubBlocks<Block>; ++b) {
        const ScaleAndMin sub = scaleAndMin(block, b);
        const float scale = d * static_cast<float>(sub.scale);
        const float minimum = dmin * static_cast<float>(sub.minimum);
        for (int i = b * Traits<Block>::kSize; i < (b + 1) * Traits<Block>::kSize; ++i) {
            out[i] = scale * static_cast<float>(codeAt(block, i)) - minimum;
        }
    }
}

using SubCodes = std::array<uint8_t, kMaxSubBlocks>;

void storeScales(const SubCodes& scales, const SubCodes& minimums, BlockQ2_K& block) {
    for (size_t b = 0; b < 16; ++b) block.scales[b] = static_cast<uint8_t>(scales[b] | (minimums[b] << 4));
}

/// Six-bit packing: see unpackScaleAndMin().
template <typename Block>
void storeScales(const SubCodes& scales, const SubCodes& minimums, Block& block) {
    for (size_t b = 0; b < 4; ++b) {
        block.scales[b] = static_cast<uint8_t>(scales[b] | ((scales[b + 4] >> 4) << 6));
        block.scales[b + 4] = static_cast<uint8_t>(minimums[b] | ((minimums[b + 4] >> 4) << 6));
        block.scales[b + 8] = static_cast<uint8_t>((scales[b + 4] & 15) | ((minimums[b + 4] & 15) << 4));
    }
}

void storeCodes(const uint8_t* codes, BlockQ2_K& block) {
    for (int half = 0; half < 2; ++half) packCodeParts<4>(codes + 128 * half, 32, 0, block.qs + 32 * half);
}

template <typename Block>
void storeCodes(const uint8_t* codes, Block& block) {
    for (int pair = 0; pair < 4; ++pair) packCodeParts<2>(codes + 64 * pair, 32, 0, block.qs + 32 * pair);
    if constexpr (requires { block.qh; }) packCodeParts<8>(codes, 32, 4, block.qh);
}

/// Quantizes the scales (or minimums) of a super-block to 0..limit against their maximum; returns the unit.
float quantizeToMaximum(const float* values, int count, int limit, SubCodes& codes) {
    const float maximum = std::max(0.0f, *std::max_element(values, values + count));
    const float inverse = maximum > 0 ? static_cast<float>(limit) / maximum : 0.0f;
    for (int b = 0; b < count; ++b) {
        codes[static_cast<size_t>(b)] = static_cast<uint8_t>(roundToCode(inverse * values[b], 0, limit));
    }
    return maximum > 0 ? maximum / static_cast<float>(limit) : 0.0f;
}

/// What the searches found for one super-block, and what they worked on.
struct SuperBlock {
    const float* values;
    const float* weights;  ///< null: scales are quantized without weights
    const float* scales;
    const float* minimums;
    uint8_t* codes;
};

template <typename Block>
void storeSuperBlock(const SuperBlock& found, const SearchKernels& kernels, Block& block) {
    constexpr int kSize = Traits<Block>::kSize;
    constexpr int kCount = kSubBlocks<Block>;
    constexpr int kLimit = Traits<Block>::kMaxScale;
    SubCodes scaleCodes{};
    SubCodes minimumCodes{};
    float d = 0;
    float dmin = 0;
    if (found.weights) {
        std::array<float, kMaxSubBlocks> sums{};
        for (int i = 0; i < kSuperBlock; ++i) sums[static_cast<size_t>(i / kSize)] += found.weights[i];
        d = searchPositive(found.scales, sums.data(), kCount, kLimit, scaleCodes.data());
        dmin = searchPositive(found.minimums, sums.data(), kCount, kLimit, minimumCodes.data());
    } else {
        d = quantizeToMaximum(found.scales, kCount, kLimit, scaleCodes);
        dmin = quantizeToMaximum(found.minimums, kCount, kLimit, minimumCodes);
    }
    d = storeHalf(d, block.d);
    dmin = storeHalf(dmin, block.dmin);
    storeScales(scaleCodes, minimumCodes, block);
    for (int b = 0; b < kCount; ++b) {
        const float scale = d * static_cast<float>(scaleCodes[static_cast<size_t>(b)]);
        if (scale == 0) continue;
        const float offset = dmin * static_cast<float>(minimumCodes[static_cast<size_t>(b)]);
        kernels.requantizeAffine(found.values + b * kSize, kSize, scale, offset, Traits<Block>::kMaxCode,
                                 found.codes + b * kSize);
    }
    storeCodes(found.codes, block);
}

/// Weights of the search over `blocks` super-blocks.
template <typename Block>
void fillWeights(const float* x, const float* importance, int blocks, const SearchKernels& kernels, float* weights) {
    constexpr int kSize = Traits<Block>::kSize;
    if (!importance) {
        if constexpr (std::is_same_v<Block, BlockQ2_K>) {
            for (int i = 0; i < blocks * kSuperBlock; ++i) weights[i] = std::fabs(x[i]);
        } else {
            kernels.magnitudeWeights(x, blocks * kSubBlocks<Block>, kSize, weights);
        }
        return;
    }
    for (int s = 0; s < blocks; ++s) {
        const int first = s * kSuperBlock;
        float squares = 0;
        for (int i = first; i < first + kSuperBlock; ++i) squares += x[i] * x[i];
        const float variance =
            (std::is_same_v<Block, BlockQ2_K> ? squares : 2 * squares) / static_cast<float>(kSuperBlock);
        kernels.importanceWeights(x + first, importance + first, variance, kSuperBlock, weights + first);
    }
}

template <typename Block>
void encodeWith(std::span<const float> values, const float* importance, uint8_t* packed, const SearchKernels& kernels) {
    constexpr int kCount = kSubBlocks<Block>;
    AffineGrid grid = Traits<Block>::kGrid;
    if (importance) grid = {.maxCode = Traits<Block>::kMaxCode, .rmin = -0.9f, .rdelta = 0.05f, .steps = 36};
    std::array<float, kBatch * kSuperBlock> weights;
    std::array<uint8_t, kBatch * kSuperBlock> codes;
    std::array<float, kBatch * kMaxSubBlocks> scales;
    std::array<float, kBatch * kMaxSubBlocks> minimums;
    auto* blocks = reinterpret_cast<Block*>(packed);
    const auto total = static_cast<int64_t>(values.size()) / kSuperBlock;
    for (int64_t first = 0; first < total; first += kBatch) {
        const int batch = static_cast<int>(std::min<int64_t>(kBatch, total - first));
        const float* x = values.data() + first * kSuperBlock;
        fillWeights<Block>(x, importance ? importance + first * kSuperBlock : nullptr, batch, kernels, weights.data());
        kernels.affine({x, weights.data(), batch * kCount, Traits<Block>::kSize}, grid,
                       {scales.data(), minimums.data(), codes.data()});
        for (int s = 0; s < batch; ++s) {
            const SuperBlock found{x + s * kSuperBlock, importance ? weights.data() + s * kSuperBlock : nullptr,
                                   scales.data() + s * kCount, minimums.data() + s * kCount,
                                   codes.data() + s * kSuperBlock};
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
    const auto& block = *reinterpret_cast<const Block*>(bytes);
    if (!isFiniteHalf(block.d)) return "the scale is not finite";
    if (!isFiniteHalf(block.dmin)) return "the scale of the minimums is not finite";
    return {};
}

template <typename Block>
void levelsOf(const uint8_t* bytes, int element, std::vector<float>& levels) {
    const auto& block = *reinterpret_cast<const Block*>(bytes);
    const ScaleAndMin sub = scaleAndMin(block, element / Traits<Block>::kSize);
    const float scale = loadHalf(block.d) * static_cast<float>(sub.scale);
    const float minimum = loadHalf(block.dmin) * static_cast<float>(sub.minimum);
    for (int q = 0; q <= Traits<Block>::kMaxCode; ++q) levels.push_back(scale * static_cast<float>(q) - minimum);
}

template <typename Block>
void describe(const uint8_t* bytes, GroupDescription& group) {
    const auto& block = *reinterpret_cast<const Block*>(bytes);
    const float d = loadHalf(block.d), dmin = loadHalf(block.dmin);
    group.blockScale = d;
    group.blockMinimum = dmin;
    group.lastCode = Traits<Block>::kMaxCode;
    for (int b = 0; b < kSubBlocks<Block>; ++b) {
        const ScaleAndMin sub = scaleAndMin(block, b);
        GroupPart part;
        part.firstColumn = b * Traits<Block>::kSize;
        part.columns = Traits<Block>::kSize;
        part.scaleCode = sub.scale;
        part.scale = d * static_cast<float>(sub.scale);
        part.minimumCode = sub.minimum;
        part.offset = -(dmin * static_cast<float>(sub.minimum));
        group.parts.push_back(part);
    }
    for (int i = 0; i < kSuperBlock; ++i) group.codes.push_back(codeAt(block, i));
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

const BlockCodec kQ2_KCodec = makeCodec<BlockQ2_K>(DType::kQ2_K, decodeQ2_KVector);
const BlockCodec kQ4_KCodec = makeCodec<BlockQ4_K>(DType::kQ4_K, decodeQ4_KVector);
const BlockCodec kQ5_KCodec = makeCodec<BlockQ5_K>(DType::kQ5_K, decodeQ5_KVector);

}  // namespace halftone
