// SPDX-License-Identifier: GPL-3.0-or-later
// Four-bit floats (E2M1) with a power-of-two or eight-bit float scale: MXFP4 (32 values), NVFP4 (64 = 4 groups of 16).
//
// Layout     MXFP4  e (E8M0), qs[16]: byte j holds element j (low nibble) and j + 16 (high nibble)
//            NVFP4  d[4] (UE4M3), qs[32]: 8 bytes per group, byte j holds element j and j + 8
// Values     F[q] * scale, where F are twice the E2M1 values and the scale is halved
// Encoders   scale from the largest magnitude; nearest code, the first of equally near ones.
// Source: the reference page on ggml blocks, sections 3 and 4. docs/formats/other_blocks.md.
#include <algorithm>
#include <cmath>

#include "core/quant/formats/block_layouts.h"
#include "core/quant/formats/code_tables.h"
#include "core/quant/formats/codecs.h"
#include "core/quant/formats/fp4_scales.h"
#include "core/quant/formats/group_description.h"
#include "core/quant/formats/vector_codecs.h"

namespace halftone {
namespace {

float tableValue(int code) {
    return static_cast<float>(kFp4Values[static_cast<size_t>(code)]);
}

int nearestCode(float x, float scale) {
    int best = 0;
    float bestError = std::fabs(tableValue(0) * scale - x);
    for (int code = 1; code < 16; ++code) {
        const float error = std::fabs(tableValue(code) * scale - x);
        if (error < bestError) {
            bestError = error;
            best = code;
        }
    }
    return best;
}

/// Codes of 2 * `half` values: low nibbles hold the first half, high nibbles the second.
void encodeNibbles(const float* x, int half, float scale, uint8_t* qs) {
    for (int i = 0; i < half; ++i) {
        qs[i] = static_cast<uint8_t>(nearestCode(x[i], scale) | (nearestCode(x[i + half], scale) << 4));
    }
}
void decodeNibbles(const uint8_t* qs, int half, float scale, float* out) {
    for (int i = 0; i < half; ++i) {
        out[i] = tableValue(qs[i] & 15) * scale;
        out[i + half] = tableValue(qs[i] >> 4) * scale;
    }
}

float largestMagnitude(const float* x, int count) {
    float largest = 0;
    for (int i = 0; i < count; ++i) largest = std::max(largest, std::fabs(x[i]));
    return largest;
}

void decodeMXFP4(const BlockMXFP4& block, float* out) {
    decodeNibbles(block.qs, 16, halfOfE8M0(block.e), out);
}

void encodeMXFP4(const float* x, BlockMXFP4& block) {
    block.e = scaleOfMXFP4(largestMagnitude(x, 32));
    encodeNibbles(x, 16, halfOfE8M0(block.e), block.qs);
}

void decodeNVFP4(const BlockNVFP4& block, float* out) {
    for (int s = 0; s < 4; ++s) decodeNibbles(block.qs + 8 * s, 8, halfOfUE4M3(block.d[s]), out + 16 * s);
}

void encodeNVFP4(const float* x, BlockNVFP4& block) {
    for (int s = 0; s < 4; ++s) {
        block.d[s] = scaleOfNVFP4(largestMagnitude(x + 16 * s, 16));
        encodeNibbles(x + 16 * s, 8, halfOfUE4M3(block.d[s]), block.qs + 8 * s);
    }
}

std::string_view faultOfMXFP4(const uint8_t* bytes) {
    return bytes[0] == 255 ? "the scale is NaN" : "";
}

std::string_view faultOfNVFP4(const uint8_t* bytes) {
    for (int s = 0; s < 4; ++s) {
        if ((bytes[s] & 127) == 127) return "a scale is NaN";
    }
    return {};
}

void appendTable(float scale, std::vector<float>& levels) {
    for (int q = 0; q < 16; ++q) levels.push_back(tableValue(q) * scale);
}
void levelsMXFP4(const uint8_t* bytes, int /*element*/, std::vector<float>& levels) {
    appendTable(halfOfE8M0(bytes[0]), levels);
}
void levelsNVFP4(const uint8_t* bytes, int element, std::vector<float>& levels) {
    appendTable(halfOfUE4M3(bytes[element / 16]), levels);
}

/// Table and scale as the format means them: not twice the one and half the other.
void describePart(const uint8_t* qs, int half, const GroupPart& part, GroupDescription& group) {
    if (group.table.empty()) {
        for (int q = 0; q < 16; ++q) group.table.push_back(0.5f * tableValue(q));
    }
    group.parts.push_back(part);
    for (int i = 0; i < half; ++i) group.codes.push_back(qs[i] & 15);
    for (int i = 0; i < half; ++i) group.codes.push_back(qs[i] >> 4);
}
void describeMXFP4(const uint8_t* bytes, GroupDescription& group) {
    const auto& block = *reinterpret_cast<const BlockMXFP4*>(bytes);
    GroupPart part = wholeGroup(group, 2.0f * halfOfE8M0(block.e));
    part.scaleCode = block.e;
    describePart(block.qs, 16, part, group);
}
void describeNVFP4(const uint8_t* bytes, GroupDescription& group) {
    const auto& block = *reinterpret_cast<const BlockNVFP4*>(bytes);
    for (int s = 0; s < 4; ++s) {
        GroupPart part = wholeGroup(group, 2.0f * halfOfUE4M3(block.d[s]));
        part.firstColumn = 16 * s;
        part.columns = 16;
        part.scaleCode = block.d[s];
        describePart(block.qs + 8 * s, 8, part, group);
    }
}

}  // namespace

const BlockCodec kMXFP4Codec{.type = DType::kMXFP4,
                             .decode = decodeEach<BlockMXFP4, decodeMXFP4>,
                             .encode = encodeEachUnweighted<BlockMXFP4, encodeMXFP4>,
                             .faults = BlockFaults::from<faultOfMXFP4, sizeof(BlockMXFP4)>(),
                             .levels = levelsMXFP4,
                             .fastDecode = decodeMXFP4Vector,
                             .fastEncode = encodeMXFP4Vector,
                             .describe = describeMXFP4};

const BlockCodec kNVFP4Codec{.type = DType::kNVFP4,
                             .decode = decodeEach<BlockNVFP4, decodeNVFP4>,
                             .encode = encodeEachUnweighted<BlockNVFP4, encodeNVFP4>,
                             .faults = BlockFaults::from<faultOfNVFP4, sizeof(BlockNVFP4)>(),
                             .levels = levelsNVFP4,
                             .fastDecode = decodeNVFP4Vector,
                             .fastEncode = encodeNVFP4Vector,
                             .describe = describeNVFP4};

}  // namespace halftone
