// SPDX-License-Identifier: GPL-3.0-or-later
// One- and two-bit codes with one scale per block: TQ1_0, TQ2_0 (256 values), Q1_0 (128), Q2_0 (64).
//
// Layout     TQ1_0  qs[48] (5 base-3 digits a byte), qh[4] (4 digits a byte), d F16
//            TQ2_0  qs[64], d F16: two bits per code, 32 bytes per half of 128
//            Q1_0   d F16, qs[16]: one bit per value      Q2_0  d F16, qs[16]: two bits per value, in order
// Values     TQ*, Q2_0: (q - 1) * d      Q1_0: bit ? d : -d
// Encoders   d = largest magnitude (Q1_0: mean magnitude); nearest code.
// Source: the reference page on ggml blocks, sections 3 and 4. docs/formats/other_blocks.md.
#include <algorithm>
#include <array>
#include <cmath>

#include "core/quant/formats/block_layouts.h"
#include "core/quant/formats/codecs.h"
#include "core/quant/formats/group_description.h"
#include "core/quant/formats/rounding.h"
#include "core/quant/formats/vector_codecs.h"

namespace halftone {
namespace {

float largestMagnitude(const float* x, int count) {
    float largest = 0;
    for (int i = 0; i < count; ++i) largest = std::max(largest, std::fabs(x[i]));
    return largest;
}

/// Scale of a block of `count` values, stored as F16; returns the inverse of the unrounded scale.
float storeScale(const float* x, int count, uint8_t* d) {
    const float scale = largestMagnitude(x, count);
    storeHalf(scale, d);
    return scale != 0 ? 1 / scale : 0.0f;
}

int ternaryCode(float x, float inverse) {
    return clampInt(roundAwayFromZero(x * inverse), -1, 1) + 1;
}

constexpr std::array<uint8_t, 5> kPowersOfThree{1, 3, 9, 27, 81};

/// Where the digits of a TQ1_0 byte go: digit n of the byte is element first + n * stride.
struct TritRun {
    int first;
    int stride;
    int digits;
};
TritRun tritRun(int byte) {
    if (byte < 32) return {byte, 32, 5};
    if (byte < 48) return {160 + byte - 32, 16, 5};
    return {240 + byte - 48, 4, 4};
}

int tritAt(uint8_t byte, int digit) {
    const auto shifted = static_cast<uint8_t>((byte * kPowersOfThree[static_cast<size_t>(digit)]) & 0xFF);
    return (shifted * 3) >> 8;
}

void decodeTQ1_0(const BlockTQ1_0& block, float* out) {
    const float d = loadHalf(block.d);
    for (int byte = 0; byte < 52; ++byte) {
        const TritRun run = tritRun(byte);
        const uint8_t packed = byte < 48 ? block.qs[byte] : block.qh[byte - 48];
        for (int n = 0; n < run.digits; ++n)
            out[run.first + n * run.stride] = static_cast<float>(tritAt(packed, n) - 1) * d;
    }
}

void encodeTQ1_0(const float* x, BlockTQ1_0& block) {
    const float inverse = storeScale(x, 256, block.d);
    for (int byte = 0; byte < 52; ++byte) {
        const TritRun run = tritRun(byte);
        int value = 0;
        for (int n = 0; n < 5; ++n)
            value = value * 3 + (n < run.digits ? ternaryCode(x[run.first + n * run.stride], inverse) : 0);
        // Scaled so that multiplying by powers of three brings each digit into the top of the byte.
        const auto stored = static_cast<uint8_t>((value * 256 + 242) / 243);
        (byte < 48 ? block.qs[byte] : block.qh[byte - 48]) = stored;
    }
}

int codeAt(const BlockTQ2_0& block, int i) {
    return (block.qs[32 * (i / 128) + i % 32] >> (2 * (i % 128 / 32))) & 3;
}
int codeAt(const BlockQ2_0& block, int i) {
    return (block.qs[i / 4] >> (2 * (i % 4))) & 3;
}
int codeAt(const BlockQ1_0& block, int i) {
    return (block.qs[i / 8] >> (i % 8)) & 1;
}

void decodeTQ2_0(const BlockTQ2_0& block, float* out) {
    const float d = loadHalf(block.d);
    for (int i = 0; i < 256; ++i) out[i] = static_cast<float>(codeAt(block, i) - 1) * d;
}

void encodeTQ2_0(const float* x, BlockTQ2_0& block) {
    const float inverse = storeScale(x, 256, block.d);
    for (int byte = 0; byte < 64; ++byte) {
        int packed = 0;
        for (int l = 0; l < 4; ++l)
            packed |= ternaryCode(x[128 * (byte / 32) + 32 * l + byte % 32], inverse) << (2 * l);
        block.qs[byte] = static_cast<uint8_t>(packed);
    }
}

void decodeQ1_0(const BlockQ1_0& block, float* out) {
    const float d = loadHalf(block.d);
    for (int i = 0; i < 128; ++i) out[i] = codeAt(block, i) ? d : -d;
}

void encodeQ1_0(const float* x, BlockQ1_0& block) {
    float sum = 0;
    for (int i = 0; i < 128; ++i) sum += std::fabs(x[i]);
    storeHalf(sum / 128.0f, block.d);
    for (int byte = 0; byte < 16; ++byte) {
        int packed = 0;
        for (int l = 0; l < 8; ++l) packed |= (x[8 * byte + l] >= 0 ? 1 : 0) << l;
        block.qs[byte] = static_cast<uint8_t>(packed);
    }
}

void decodeQ2_0(const BlockQ2_0& block, float* out) {
    const float d = loadHalf(block.d);
    for (int i = 0; i < 64; ++i) out[i] = static_cast<float>(codeAt(block, i) - 1) * d;
}

void encodeQ2_0(const float* x, BlockQ2_0& block) {
    const float inverse = storeScale(x, 64, block.d);
    for (int byte = 0; byte < 16; ++byte) {
        int packed = 0;
        for (int l = 0; l < 4; ++l)
            packed |= clampInt(roundAwayFromZero(x[4 * byte + l] * inverse) + 1, 0, 3) << (2 * l);
        block.qs[byte] = static_cast<uint8_t>(packed);
    }
}

template <typename Block>
std::string_view faultOf(const uint8_t* bytes) {
    return isFiniteHalf(reinterpret_cast<const Block*>(bytes)->d) ? "" : "the scale is not finite";
}

/// Levels lowest * d .. highest * d.
template <typename Block, int kLowest, int kHighest, int kStep>
void levelsOf(const uint8_t* bytes, int /*element*/, std::vector<float>& levels) {
    const float d = loadHalf(reinterpret_cast<const Block*>(bytes)->d);
    for (int q = kLowest; q <= kHighest; q += kStep) levels.push_back(static_cast<float>(q) * d);
}

template <typename Block>
void describe(const uint8_t* bytes, GroupDescription& group) {
    const auto& block = *reinterpret_cast<const Block*>(bytes);
    group.parts.push_back(wholeGroup(group, loadHalf(block.d)));
    if constexpr (std::is_same_v<Block, BlockQ1_0>) {
        group.table = {-1.0f, 1.0f};
    } else {
        group.codeOffset = 1;
        group.lastCode = 3;
    }
    for (int i = 0; i < Block::kElements; ++i) group.codes.push_back(codeAt(block, i));
}

void describeTQ1_0(const uint8_t* bytes, GroupDescription& group) {
    const auto& block = *reinterpret_cast<const BlockTQ1_0*>(bytes);
    group.parts.push_back(wholeGroup(group, loadHalf(block.d)));
    group.codeOffset = 1;
    group.lastCode = 2;
    group.codes.resize(BlockTQ1_0::kElements);
    for (int byte = 0; byte < 52; ++byte) {
        const TritRun run = tritRun(byte);
        const uint8_t packed = byte < 48 ? block.qs[byte] : block.qh[byte - 48];
        for (int n = 0; n < run.digits; ++n) group.codes[size_t(run.first + n * run.stride)] = tritAt(packed, n);
    }
}

/// The side of a codec that defines nothing.
struct OtherPaths {
    DecodeBlocks decode;
    EncodeBlocks encode = nullptr;
    DescribeBlock describe = nullptr;
};

template <typename Block, void (*kDecode)(const Block&, float*), void (*kEncode)(const float*, Block&)>
constexpr BlockCodec makeCodec(DType type, BlockLevels levels, OtherPaths other) {
    return {.type = type,
            .decode = decodeEach<Block, kDecode>,
            .encode = encodeEachUnweighted<Block, kEncode>,
            .faults = BlockFaults::from<faultOf<Block>, sizeof(Block)>(),
            .levels = levels,
            .fastDecode = other.decode,
            .fastEncode = other.encode,
            .describe = other.describe};
}

}  // namespace

const BlockCodec kTQ1_0Codec = makeCodec<BlockTQ1_0, decodeTQ1_0, encodeTQ1_0>(
    DType::kTQ1_0, levelsOf<BlockTQ1_0, -1, 1, 1>, {decodeTQ1_0Vector, encodeTQ1_0Vector, describeTQ1_0});
const BlockCodec kTQ2_0Codec = makeCodec<BlockTQ2_0, decodeTQ2_0, encodeTQ2_0>(
    DType::kTQ2_0, levelsOf<BlockTQ2_0, -1, 2, 1>, {decodeTQ2_0Vector, encodeTQ2_0Vector, describe<BlockTQ2_0>});
const BlockCodec kQ1_0Codec = makeCodec<BlockQ1_0, decodeQ1_0, encodeQ1_0>(
    DType::kQ1_0, levelsOf<BlockQ1_0, -1, 1, 2>, {decodeQ1_0Vector, nullptr, describe<BlockQ1_0>});
const BlockCodec kQ2_0Codec = makeCodec<BlockQ2_0, decodeQ2_0, encodeQ2_0>(
    DType::kQ2_0, levelsOf<BlockQ2_0, -1, 2, 1>, {decodeQ2_0Vector, encodeQ2_0Vector, describe<BlockQ2_0>});

}  // namespace halftone
