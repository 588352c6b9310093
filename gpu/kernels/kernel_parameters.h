// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>

namespace halftone::kernel {

// Push constants, member for member as the shaders declare them (shaders/<family>/<name>.glsl).

struct PackedParameters {
    uint32_t rowBegin = 0, rowEnd = 0, outputRow = 0, cols = 0;
    uint32_t tokens = 0, inputStride = 0, outputStride = 0, rowBytes = 0;
    uint32_t scaleOffset = 0, zeroOffset = 0, hasBias = 0, firstPosition = 0;
};

struct NormParameters {
    uint32_t tokens = 0, vectors = 0, width = 0, inputStride = 0, outputStride = 0, hasBias = 0;
    float epsilon = 0;
};

struct RopeParameters {
    uint32_t tokens = 0, heads = 0, headDim = 0, rotaryDim = 0, inputStride = 0, outputStride = 0, firstPosition = 0;
};

struct BinaryParameters {
    uint32_t quads = 0;
};

struct CopyParameters {
    uint32_t tokens = 0, width = 0, inputOffset = 0, inputStride = 0, outputStride = 0;
};

struct OutlierParameters {
    uint32_t rows = 0, tokens = 0, inputStride = 0, outputStride = 0;
};

struct LowRankParameters {
    uint32_t rows = 0, rank = 0, rowStep = 0, rankStep = 0, tokens = 0, inputStride = 0, outputStride = 0;
};

struct CacheStoreParameters {
    uint32_t tokens = 0, heads = 0, headDim = 0, headQuads = 0, inputStride = 0, firstPosition = 0;
};

struct RoundRowsParameters {
    uint32_t tokens = 0, width = 0, inputStride = 0, outputStride = 0;
    float scale = 0, inverseScale = 0;
};

/// Columns whose inputs share a scale, unless their row does, and words that they take: 8 of codes, then scale and
/// scaled sum of either half (shaders/include/quantized_input.glsl).
inline constexpr int64_t kQuantizedBlock = 32;
inline constexpr int64_t kQuantizedBlockWords = 12;

struct HalveRowsParameters {
    uint32_t tokens = 0, width = 0, inputStride = 0, outputStride = 0;
};

struct AttentionParameters {
    uint32_t tokens = 0, heads = 0, headsPerCache = 0, cacheHeads = 0, headDim = 0;
    uint32_t inputStride = 0, outputStride = 0, firstPosition = 0, window = 0;
    float scale = 0;
};

/// Workgroups of one dispatch in a task that takes several.
struct WorkgroupRange {
    uint32_t first = 0, end = 0;
};

struct EncodeBlocksParameters {
    WorkgroupRange workgroups;
    uint32_t blocks = 0;
    uint32_t cols = 0;  ///< encode_search alone
};

struct EncodeGridsParameters {
    WorkgroupRange workgroups;
    uint32_t cols = 0, groupsPerRow = 0, groupSize = 0, ranges = 0, levels = 0;
    float largestLevel = 0;
    uint32_t isFloatTable = 0;
    int32_t levelExponent = 0;
    uint32_t zeroCode = 0;
    uint32_t rows = 0, bandRows = 1;
    uint32_t isWholeRange = 0;
    float wholeLeast = 0, wholeMost = 0;
};

struct EncodeRangeParameters {
    WorkgroupRange workgroups;
    uint32_t values = 0, valuesOfWorkgroup = 0;
};

struct EncodeSettleParameters {
    WorkgroupRange workgroups;
    uint32_t groupsPerRow = 0, rowWords = 0, scaleWord = 0, zeroWord = 0;
};

struct EncodeCodesParameters {
    WorkgroupRange workgroups;
    uint32_t rows = 0, cols = 0, groupsPerRow = 0, groupSize = 0, rowWords = 0, codeWords = 0, levels = 0;
};

struct EncodeScalesParameters {
    WorkgroupRange workgroups;
    uint32_t rows = 0, groupsPerRow = 0, rowWords = 0, scaleWord = 0, zeroWord = 0;
};

struct RowSummaryParameters {
    uint32_t rows = 0, width = 0, inputStride = 0, firstTarget = 0;
};

struct RowDivergenceParameters {
    uint32_t rows = 0, width = 0, referenceStride = 0, ownStride = 0, firstReference = 0, firstOwn = 0;
};

struct GatherParameters {
    uint32_t rows = 0, width = 0, inputStride = 0, idsPerRow = 0, firstItem = 0;
};

/// What the reductions over a row of logits leave behind (shaders/include/row_summary.glsl). Sums are pairs: the sum
/// and what it lost.
struct RowSummary {
    float largest = 0;
    uint32_t top = 0;
    float targetLogit = 0;
    uint32_t before = 0;
    float mass = 0, massRest = 0;
    float weighted = 0, weightedRest = 0;
    float cross = 0, crossRest = 0;
    float otherMass = 0, otherMassRest = 0;
    uint32_t nonFinite = 0, unused = 0;
};
static_assert(sizeof(RowSummary) == 56);

struct StatsParameters {
    uint32_t tokens = 0, width = 0, inputStride = 0;
};

struct KeepRowsParameters {
    uint32_t tokens = 0, width = 0, inputStride = 0, outputStride = 0, firstToken = 0, firstRow = 0;
};

struct MomentsParameters {
    uint32_t tokens = 0, rowQuads = 0, firstTile = 0, tiles = 0;
};

struct MultiplyAddParameters {
    uint32_t rounds = 0;
    float factor = 0, summand = 0;
};
/// Operations of one invocation and round: eight chains of four lanes, a product and a sum each.
inline constexpr double kMultiplyAddOperations = 64;

/// One channel's result of the channels kernel.
struct ChannelPartial {
    float sumSquares = 0, absMax = 0, minimum = 0, maximum = 0;
    float mean = 0, moment2 = 0, moment3 = 0, moment4 = 0;
    uint32_t finiteCount = 0, nonFiniteCount = 0, zeroCount = 0, unused = 0;
};
static_assert(sizeof(ChannelPartial) == 48);

/// Bins of the histogram kernel: one for each value of a binary32's leading 16 bits.
inline constexpr uint32_t kHistogramBins = 65536;

}  // namespace halftone::kernel
