// SPDX-License-Identifier: GPL-3.0-or-later
// Four-bit codes into a fixed non-linear table: IQ4_NL (blocks of 32) and IQ4_XS (256 = 8 sub-blocks of 32).
//
// Layout     IQ4_NL  d F16, qs[16]: byte j holds element j (low nibble) and j + 16 (high nibble)
//            IQ4_XS  d F16, high scale bits u16, low scale nibbles [4], qs[128]: 16 bytes per sub-block, as IQ4_NL
// Values     d * K[q]; IQ4_XS: (d * (scale - 32)) * K[q]
// Encoders   search_kernels.h (nonlinear); codes are the nearest table entries at the unrounded scale.
// Source: the reference page on ggml blocks, sections 3 to 5. docs/formats/other_blocks.md.
#include <algorithm>
#include <array>
#include <cmath>

#include "core/quant/formats/block_layouts.h"
#include "core/quant/formats/code_tables.h"
#include "core/quant/formats/codecs.h"
#include "core/quant/formats/group_description.h"
#include "core/quant/formats/rounding.h"
#include "core/quant/formats/search_kernels.h"
#include "core/quant/formats/vector_codecs.h"

namespace halftone {
namespace {

constexpr int kSize = 32;
constexpr int kSuperBlock = 256;
constexpr int kSubBlocks = 8;

float tableValue(int code) {
    return static_cast<float>(kIq4Values[static_cast<size_t>(code)]);
}

void decodeNibbles(const uint8_t* qs, float scale, float* out) {
    for (int i = 0; i < 16; ++i) {
        out[i] = scale * tableValue(qs[i] & 15);
        out[i + 16] = scale * tableValue(qs[i] >> 4);
    }
}

void encodeNibbles(const float* x, float scale, const SearchKernels& kernels, uint8_t* qs) {
    std::array<uint8_t, kSize> codes;
    kernels.nonlinearCodes(x, kSize, scale != 0 ? 1 / scale : 0.0f, codes.data());
    for (size_t i = 0; i < 16; ++i) qs[i] = static_cast<uint8_t>(codes[i] | (codes[i + 16] << 4));
}

float varianceOf(const float* x, int count) {
    float squares = 0;
    for (int i = 0; i < count; ++i) squares += x[i] * x[i];
    return squares * (2.0f / static_cast<float>(count));
}

void fillWeights(const float* x, const float* importance, int count, const SearchKernels& kernels, float* weights) {
    if (importance) {
        kernels.importanceWeights(x, importance, varianceOf(x, count), count, weights);
    } else {
        for (int i = 0; i < count; ++i) weights[i] = x[i] * x[i];
    }
}

void decodeNL(const BlockIQ4_NL& block, float* out) {
    decodeNibbles(block.qs, loadHalf(block.d), out);
}

constexpr int kBatch = 32;  // IQ4_NL blocks searched at once

void encodeNL(std::span<const float> values, const float* importance, uint8_t* packed, const SearchKernels& kernels) {
    std::array<float, kBatch * kSize> weights;
    std::array<float, kBatch> scales;
    auto* blocks = reinterpret_cast<BlockIQ4_NL*>(packed);
    const auto total = static_cast<int64_t>(values.size()) / kSize;
    for (int64_t first = 0; first < total; first += kBatch) {
        const int count = static_cast<int>(std::min<int64_t>(kBatch, total - first));
        const float* x = values.data() + first * kSize;
        for (int b = 0; b < count; ++b) {
            const float* blockImportance = importance ? importance + (first + b) * kSize : nullptr;
            fillWeights(x + b * kSize, blockImportance, kSize, kernels, weights.data() + b * kSize);
        }
        kernels.nonlinear({x, weights.data(), count, kSize}, scales.data());
        for (int b = 0; b < count; ++b) {
            const float scale = scales[static_cast<size_t>(b)];
            storeHalf(scale, blocks[first + b].d);
            encodeNibbles(x + b * kSize, scale, kernels, blocks[first + b].qs);
        }
    }
}

void decodeXS(const BlockIQ4_XS& block, float* out) {
    const float d = loadHalf(block.d);
    for (int b = 0; b < kSubBlocks; ++b) {
        decodeNibbles(block.qs + 16 * b, d * static_cast<float>(scaleOfIQ4_XS(block, b)), out + kSize * b);
    }
}

void storeXS(const float* x, const float* scales, const SearchKernels& kernels, BlockIQ4_XS& block) {
    float maximum = 0;
    for (int b = 0; b < kSubBlocks; ++b) maximum = std::fabs(scales[b]) > std::fabs(maximum) ? scales[b] : maximum;
    const float d = -maximum / 32.0f;
    const float inverse = d != 0 ? 1 / d : 0.0f;
    block = {};
    storeHalf(d, block.d);
    int high = 0;
    for (int b = 0; b < kSubBlocks; ++b) {
        const int code = roundToCode(inverse * scales[b], -32, 31);
        encodeNibbles(x + kSize * b, d * static_cast<float>(code), kernels, block.qs + 16 * b);
        const int stored = code + 32;
        block.scalesLow[b / 2] = static_cast<uint8_t>(block.scalesLow[b / 2] | ((stored & 15) << (4 * (b % 2))));
        high |= (stored >> 4) << (2 * b);
    }
    storeU16(static_cast<uint16_t>(high), block.scalesHigh);
}

void encodeXS(std::span<const float> values, const float* importance, uint8_t* packed, const SearchKernels& kernels) {
    constexpr int kSuperBlocks = 4;  // searched at once
    std::array<float, kSuperBlocks * kSuperBlock> weights;
    std::array<float, kSuperBlocks * kSubBlocks> scales;
    auto* blocks = reinterpret_cast<BlockIQ4_XS*>(packed);
    const auto total = static_cast<int64_t>(values.size()) / kSuperBlock;
    for (int64_t first = 0; first < total; first += kSuperBlocks) {
        const int count = static_cast<int>(std::min<int64_t>(kSuperBlocks, total - first));
        const float* x = values.data() + first * kSuperBlock;
        for (int s = 0; s < count; ++s) {
            const float* blockImportance = importance ? importance + (first + s) * kSuperBlock : nullptr;
            fillWeights(x + s * kSuperBlock, blockImportance, kSuperBlock, kernels, weights.data() + s * kSuperBlock);
        }
        kernels.nonlinear({x, weights.data(), count * kSubBlocks, kSize}, scales.data());
        for (int s = 0; s < count; ++s)
            storeXS(x + s * kSuperBlock, scales.data() + s * kSubBlocks, kernels, blocks[first + s]);
    }
}

using EncodeWithKernels = void (*)(std::span<const float>, const float*, uint8_t*, const SearchKernels&);

template <EncodeWithKernels kEncode>
void encodeScalar(std::span<const float> values, const float* importance, uint8_t* packed) {
    kEncode(values, importance, packed, scalarSearchKernels());
}
template <EncodeWithKernels kEncode>
void encodeVector(std::span<const float> values, const float* importance, uint8_t* packed) {
    kEncode(values, importance, packed, vectorSearchKernels());
}

template <typename Block>
std::string_view faultOf(const uint8_t* bytes) {
    return isFiniteHalf(reinterpret_cast<const Block*>(bytes)->d) ? "" : "the scale is not finite";
}

void appendTable(float scale, std::vector<float>& levels) {
    for (int q = 0; q < 16; ++q) levels.push_back(scale * tableValue(q));
}
void levelsNL(const uint8_t* bytes, int /*element*/, std::vector<float>& levels) {
    appendTable(loadHalf(reinterpret_cast<const BlockIQ4_NL*>(bytes)->d), levels);
}
void levelsXS(const uint8_t* bytes, int element, std::vector<float>& levels) {
    const auto& block = *reinterpret_cast<const BlockIQ4_XS*>(bytes);
    appendTable(loadHalf(block.d) * static_cast<float>(scaleOfIQ4_XS(block, element / kSize)), levels);
}

void appendCodes(const uint8_t* qs, std::vector<int>& codes) {
    for (int i = 0; i < 16; ++i) codes.push_back(qs[i] & 15);
    for (int i = 0; i < 16; ++i) codes.push_back(qs[i] >> 4);
}
void describeNL(const uint8_t* bytes, GroupDescription& group) {
    const auto& block = *reinterpret_cast<const BlockIQ4_NL*>(bytes);
    group.table.assign(kIq4Values.begin(), kIq4Values.end());
    group.parts.push_back(wholeGroup(group, loadHalf(block.d)));
    appendCodes(block.qs, group.codes);
}
void describeXS(const uint8_t* bytes, GroupDescription& group) {
    const auto& block = *reinterpret_cast<const BlockIQ4_XS*>(bytes);
    const float d = loadHalf(block.d);
    group.blockScale = d;
    group.table.assign(kIq4Values.begin(), kIq4Values.end());
    for (int b = 0; b < kSubBlocks; ++b) {
        const int code = scaleOfIQ4_XS(block, b);
        GroupPart part = wholeGroup(group, d * static_cast<float>(code));
        part.firstColumn = b * kSize;
        part.columns = kSize;
        part.scaleCode = code;
        group.parts.push_back(part);
        appendCodes(block.qs + 16 * b, group.codes);
    }
}

}  // namespace

const BlockCodec kIQ4_NLCodec{.type = DType::kIQ4_NL,
                              .decode = decodeEach<BlockIQ4_NL, decodeNL>,
                              .encode = encodeScalar<encodeNL>,
                              .faults = BlockFaults::from<faultOf<BlockIQ4_NL>, sizeof(BlockIQ4_NL)>(),
                              .levels = levelsNL,
                              .usesImportance = true,
                              .fastDecode = decodeIQ4_NLVector,
                              .fastEncode = encodeVector<encodeNL>,
                              .describe = describeNL};

const BlockCodec kIQ4_XSCodec{.type = DType::kIQ4_XS,
                              .decode = decodeEach<BlockIQ4_XS, decodeXS>,
                              .encode = encodeScalar<encodeXS>,
                              .faults = BlockFaults::from<faultOf<BlockIQ4_XS>, sizeof(BlockIQ4_XS)>(),
                              .levels = levelsXS,
                              .usesImportance = true,
                              .fastDecode = decodeIQ4_XSVector,
                              .fastEncode = encodeVector<encodeXS>,
                              .describe = describeXS};

}  // namespace halftone
