// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>

#include "core/inference/cpu/simd_kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/inference/cpu/attention.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "core/inference/cpu/block_decoders-inl.h"
#include "core/inference/cpu/vector_math-inl.h"

#ifndef HT_ATTENTION_COMMON_
#define HT_ATTENTION_COMMON_
namespace halftone::cpu {
/// Keys whose scores are in work at once; a multiple of kKeyBlock.
inline constexpr int64_t kScoreColumns = 64;
/// A maximum below all scores, and a score that its exponential turns into zero even against that maximum.
inline constexpr float kNoMaximum = -1e30f;
inline constexpr float kMaskedScore = -3e38f;
inline int64_t paddedHead(int64_t headDim) {
    return (headDim + 63) / 64 * 64;
}
inline int64_t tileFloats(int64_t headDim) {
    return kAttentionRows * (2 * paddedHead(headDim) + kScoreColumns + 2);
}
}  // namespace halftone::cpu
#endif

HWY_BEFORE_NAMESPACE();
namespace halftone::cpu::HWY_NAMESPACE {
namespace {

/// Vectors of keys (scores) or channels (weighted sums) that are in registers against four query rows.
constexpr int64_t kVectors = kLanes == 16 ? 4 : 2;
constexpr int64_t kTileRows = 4;

/// Scratch of one tile of query rows. Rows are padded to a multiple of four with zeros.
struct Tile {
    explicit Tile(const AttentionJob& j)
        : job(j),
          rows(j.rowEnd - j.rowBegin),
          stride(paddedHead(j.headDim)),
          queries(j.scratch),
          sums(queries + kAttentionRows * stride),
          scores(sums + kAttentionRows * stride),
          maxima(scores + kAttentionRows * kScoreColumns),
          totals(maxima + kAttentionRows),
          unpackedKeys(job.scratch + tileFloats(job.headDim)),
          unpackedValues(unpackedKeys + kScoreColumns * job.headDim) {}

    [[nodiscard]] int64_t positionOf(int64_t row) const {
        return job.firstPosition + (job.rowBegin + row) / job.headsPerKv;
    }
    [[nodiscard]] int64_t firstKeyOf(int64_t row) const {
        return job.window > 0 ? std::max<int64_t>(0, positionOf(row) - job.window + 1) : 0;
    }
    [[nodiscard]] int64_t offsetOf(int64_t row) const {
        const int64_t flat = job.rowBegin + row;
        return flat / job.headsPerKv * job.qStride + flat % job.headsPerKv * job.headDim;
    }

    const AttentionJob& job;
    int64_t rows, stride;
    float *queries, *sums, *scores, *maxima, *totals;
    // Keys and values of one block of columns, where the cache is packed: [key / 16][headDim][16] and [key][headDim].
    float *unpackedKeys, *unpackedValues;
};

/// Receives decoded vectors and stores them one after the other.
struct StoreSink {
    float* out;
    template <int kChain>
    HWY_INLINE void add(int64_t column, FloatVec values) {
        hn::StoreU(values, FloatTag(), out + column);
    }
    HWY_INLINE void addTail(int64_t column, FloatVec values, int64_t count) { storeFirst(values, out + column, count); }
};

/// Rows of a head lie one behind the other in whole blocks, so many of them are one long row.
void decodeHead(const PackedHead& head, int64_t firstKey, int64_t count, int64_t headDim, float* out) {
    const auto* rows = reinterpret_cast<const uint8_t*>(head.rows) + firstKey * head.layout->rowBytes;
    StoreSink sink{out};
    switch (head.layout->format.storage()) {
        case DType::kF16:
            return HalfRow<hwy::float16_t>::decode(rows, count * headDim, sink);
        case DType::kQ8_0:
            return Q8_0Row::decode(rows, count * headDim, sink);
        case DType::kQ4_0:
            return NibbleRow<false, false>::decode(rows, count * headDim, sink);
        default:
            HT_CHECK(false);  // runnableCacheTypes() has no other
    }
}

/// target[channel][key] = rows[key][channel] for the sixteen keys of a block and the channels from `channel` on.
void layOneByOne(const float* rows, int64_t channel, int64_t headDim, float* target) {
    for (; channel < headDim; ++channel) {
        for (int64_t key = 0; key < kKeyBlock; ++key) target[channel * kKeyBlock + key] = rows[key * headDim + channel];
    }
}

#if HWY_TARGET == HWY_SCALAR
void layKeysSideBySide(const float* rows, int64_t headDim, float* target) {
    layOneByOne(rows, 0, headDim, target);
}
#else
/// Four values of each of the rows 0, 4, 8, ... side by side, as many rows as the vector holds.
template <class D>
HWY_INLINE hn::VFromD<D> loadQuads(D d, const float* rows, int64_t stride) {
    if constexpr (hn::MaxLanes(D()) <= 4) {
        return hn::LoadU(d, rows);
    } else {
        const hn::Half<D> half;
        constexpr auto kRows = static_cast<int64_t>(hn::MaxLanes(half));
        return hn::Combine(d, loadQuads(half, rows + kRows * stride, stride), loadQuads(half, rows, stride));
    }
}

/// Of two vectors the lower or upper half of each four lanes.
HWY_INLINE FloatVec joinLower(FloatVec a, FloatVec b) {
    const hn::Repartition<double, FloatTag> d;
    return hn::BitCast(FloatTag(), hn::InterleaveLower(d, hn::BitCast(d, a), hn::BitCast(d, b)));
}
HWY_INLINE FloatVec joinUpper(FloatVec a, FloatVec b) {
    const hn::Repartition<double, FloatTag> d;
    return hn::BitCast(FloatTag(), hn::InterleaveUpper(d, hn::BitCast(d, a), hn::BitCast(d, b)));
}

/// The same four by four inside vectors, for all channels.
void layKeysSideBySide(const float* rows, int64_t headDim, float* target) {
    const FloatTag d;
    int64_t channel = 0;
    for (; channel + 4 <= headDim; channel += 4) {
        for (int64_t key = 0; key < kKeyBlock; key += kLanes) {
            const float* from = rows + key * headDim + channel;
            const FloatVec v0 = loadQuads(d, from, headDim), v1 = loadQuads(d, from + headDim, headDim);
            const FloatVec v2 = loadQuads(d, from + 2 * headDim, headDim);
            const FloatVec v3 = loadQuads(d, from + 3 * headDim, headDim);
            const FloatVec low0 = hn::InterleaveLower(d, v0, v1), low1 = hn::InterleaveLower(d, v2, v3);
            const FloatVec up0 = hn::InterleaveUpper(d, v0, v1), up1 = hn::InterleaveUpper(d, v2, v3);
            float* to = target + channel * kKeyBlock + key;
            hn::StoreU(joinLower(low0, low1), d, to);
            hn::StoreU(joinUpper(low0, low1), d, to + kKeyBlock);
            hn::StoreU(joinLower(up0, up1), d, to + 2 * kKeyBlock);
            hn::StoreU(joinUpper(up0, up1), d, to + 3 * kKeyBlock);
        }
    }
    layOneByOne(rows, channel, headDim, target);
}
#endif

/// Keys that the scores of a block of columns are made from: where they begin and what lies between key blocks.
struct KeySource {
    const float* keys;
    int64_t blockStride;
};

/// Decodes packed keys [firstKey, endKey) into the tile, sixteen side by side. Past the last one there are zeros.
KeySource keysFrom(const Tile& tile, int64_t firstKey, int64_t endKey) {
    const AttentionJob& job = tile.job;
    const int64_t stride = job.kvSize * kKeyBlock, headDim = job.headDim, count = endKey - firstKey;
    if (!job.packedKeys.layout) return {job.keys + firstKey / kKeyBlock * stride, stride};
    decodeHead(job.packedKeys, firstKey, count, headDim, tile.unpackedValues);
    const int64_t columns = (count + kKeyBlock - 1) / kKeyBlock * kKeyBlock;
    std::fill(tile.unpackedValues + count * headDim, tile.unpackedValues + columns * headDim, 0.0f);
    for (int64_t block = 0; block < columns; block += kKeyBlock)
        layKeysSideBySide(tile.unpackedValues + block * headDim, headDim, tile.unpackedKeys + block * headDim);
    return {tile.unpackedKeys, headDim * kKeyBlock};
}

void begin(Tile& tile) {
    const int64_t paddedRows = (tile.rows + kTileRows - 1) / kTileRows * kTileRows;
    for (int64_t row = 0; row < paddedRows; ++row) {
        float* query = tile.queries + row * tile.stride;
        std::fill_n(query, tile.stride, 0.0f);
        std::fill_n(tile.sums + row * tile.stride, tile.stride, 0.0f);
        tile.maxima[row] = kNoMaximum;
        tile.totals[row] = 0;
        if (row >= tile.rows) continue;
        const float* q = tile.job.q + tile.offsetOf(row);
        for (int64_t i = 0; i < tile.job.headDim; ++i) query[i] = q[i] * tile.job.scale;
    }
}

/// Sums of four rows for one vector of keys or channels; named members stay in registers where an array might not.
struct Column {
    FloatVec s0, s1, s2, s3;
    // Said in words, because a constructor that the compiler makes lacks the instruction set.
    HWY_INLINE Column() {}
    HWY_INLINE void load(const float* rows, int64_t stride) {
        const FloatTag d;
        s0 = hn::LoadU(d, rows);
        s1 = hn::LoadU(d, rows + stride);
        s2 = hn::LoadU(d, rows + 2 * stride);
        s3 = hn::LoadU(d, rows + 3 * stride);
    }
    HWY_INLINE void store(float* rows, int64_t stride) const {
        const FloatTag d;
        hn::StoreU(s0, d, rows);
        hn::StoreU(s1, d, rows + stride);
        hn::StoreU(s2, d, rows + 2 * stride);
        hn::StoreU(s3, d, rows + 3 * stride);
    }
    HWY_INLINE void add(FloatVec l0, FloatVec l1, FloatVec l2, FloatVec l3, FloatVec right) {
        s0 = hn::MulAdd(l0, right, s0);
        s1 = hn::MulAdd(l1, right, s1);
        s2 = hn::MulAdd(l2, right, s2);
        s3 = hn::MulAdd(l3, right, s3);
    }
};

/// What the two products of attention have in common: left[row][i] * right[i][vector], summed over i.
struct Product {
    const float* left;  ///< four rows
    int64_t leftStride;
    const float* right[4];  ///< one per vector
    int64_t rightStep;      ///< between consecutive i
    int64_t depth;
};

/// Adds the product to four rows of kVectors vectors at `out`.
HWY_INLINE void addProduct(const Product& p, float* out, int64_t outStride) {
    const FloatTag d;
    Column c0, c1, c2, c3;
    c0.load(out, outStride);
    c1.load(out + kLanes, outStride);
    if constexpr (kVectors > 2) {
        c2.load(out + 2 * kLanes, outStride);
        c3.load(out + 3 * kLanes, outStride);
    }
    const float *l0 = p.left, *l1 = l0 + p.leftStride, *l2 = l1 + p.leftStride, *l3 = l2 + p.leftStride;
    int64_t offset = 0;
    for (int64_t i = 0; i < p.depth; ++i, offset += p.rightStep) {
        const FloatVec v0 = broadcast(l0[i]), v1 = broadcast(l1[i]), v2 = broadcast(l2[i]), v3 = broadcast(l3[i]);
        c0.add(v0, v1, v2, v3, hn::LoadU(d, p.right[0] + offset));
        c1.add(v0, v1, v2, v3, hn::LoadU(d, p.right[1] + offset));
        if constexpr (kVectors > 2) {
            c2.add(v0, v1, v2, v3, hn::LoadU(d, p.right[2] + offset));
            c3.add(v0, v1, v2, v3, hn::LoadU(d, p.right[3] + offset));
        }
    }
    c0.store(out, outStride);
    c1.store(out + kLanes, outStride);
    if constexpr (kVectors > 2) {
        c2.store(out + 2 * kLanes, outStride);
        c3.store(out + 3 * kLanes, outStride);
    }
}

/// scores[row][key - firstKey] for the keys of a block of kScoreColumns (whole key blocks, maybe beyond the last key).
void computeScores(const Tile& tile, int64_t firstKey, int64_t endKey) {
    const KeySource source = keysFrom(tile, firstKey, endKey);
    const int64_t columns = (endKey - firstKey + kKeyBlock - 1) / kKeyBlock * kKeyBlock;
    for (int64_t row = 0; row < tile.rows; row += kTileRows) {
        float* scores = tile.scores + row * kScoreColumns;
        for (int64_t r = 0; r < kTileRows; ++r) std::fill_n(scores + r * kScoreColumns, kScoreColumns, 0.0f);
        for (int64_t column = 0; column < columns; column += kVectors * kLanes) {
            Product product{tile.queries + row * tile.stride, tile.stride, {}, kKeyBlock, tile.job.headDim};
            for (int64_t v = 0; v < kVectors; ++v) {
                // Vectors past the last key block read that block again; their scores are masked.
                const int64_t key = std::min(column + v * kLanes, columns - kLanes);
                product.right[v] = source.keys + key / kKeyBlock * source.blockStride + key % kKeyBlock;
            }
            addProduct(product, scores + column, kScoreColumns);
        }
    }
}

/// Turns scores into weights relative to the running maximum and rescales what was summed before.
void normalizeRow(const Tile& tile, int64_t row, int64_t firstKey, int64_t endKey) {
    const FloatTag d;
    float* scores = tile.scores + row * kScoreColumns;
    const int64_t allowedEnd = std::min(endKey, tile.positionOf(row) + 1) - firstKey;
    const int64_t allowedBegin = tile.firstKeyOf(row) - firstKey;
    for (int64_t i = 0; i < std::min(allowedBegin, kScoreColumns); ++i) scores[i] = kMaskedScore;
    for (int64_t i = std::max<int64_t>(allowedEnd, 0); i < kScoreColumns; ++i) scores[i] = kMaskedScore;
    FloatVec maxima = hn::Set(d, tile.maxima[row]);
    for (int64_t i = 0; i < kScoreColumns; i += kLanes) maxima = hn::Max(maxima, hn::Load(d, scores + i));
    const FloatVec maximum = hn::Set(d, maxOf(maxima));
    FloatVec total = hn::Zero(d);
    for (int64_t i = 0; i < kScoreColumns; i += kLanes) {
        const FloatVec weight = exponential(hn::Sub(hn::Load(d, scores + i), maximum));
        hn::Store(weight, d, scores + i);
        total = hn::Add(total, weight);
    }
    const FloatVec shrink = exponential(hn::Sub(hn::Set(d, tile.maxima[row]), maximum));
    tile.maxima[row] = hn::GetLane(maximum);
    tile.totals[row] = tile.totals[row] * hn::GetLane(shrink) + sumOf(total);
    float* sums = tile.sums + row * tile.stride;
    for (int64_t i = 0; i < tile.stride; i += kLanes) hn::Store(hn::Mul(hn::Load(d, sums + i), shrink), d, sums + i);
}

/// sums[row] += weights[row][key] * values[key].
void addValues(const Tile& tile, int64_t firstKey, int64_t endKey) {
    const bool isPacked = tile.job.packedValues.layout != nullptr;
    const float* values = isPacked ? tile.unpackedValues : tile.job.values + firstKey * tile.job.kvSize;
    const int64_t stride = isPacked ? tile.job.headDim : tile.job.kvSize;
    if (isPacked) decodeHead(tile.job.packedValues, firstKey, endKey - firstKey, tile.job.headDim, tile.unpackedValues);
    for (int64_t row = 0; row < tile.rows; row += kTileRows) {
        for (int64_t channel = 0; channel < tile.job.headDim; channel += kVectors * kLanes) {
            Product product{tile.scores + row * kScoreColumns, kScoreColumns, {}, stride, endKey - firstKey};
            for (int64_t v = 0; v < kVectors; ++v) {
                // Channels past the head read its first ones again; what they add is never used.
                const int64_t first = channel + v * kLanes;
                product.right[v] = values + (first < tile.job.headDim ? first : 0);
            }
            addProduct(product, tile.sums + row * tile.stride + channel, tile.stride);
        }
    }
}

void finish(const Tile& tile) {
    const FloatTag d;
    for (int64_t row = 0; row < tile.rows; ++row) {
        const FloatVec scale = hn::Set(d, 1.0f / tile.totals[row]);
        const float* sums = tile.sums + row * tile.stride;
        float* out = tile.job.out + tile.offsetOf(row);
        for (int64_t i = 0; i < tile.job.headDim; i += kLanes) {
            storeFirst(hn::Mul(hn::Load(d, sums + i), scale), out + i, tile.job.headDim - i);
        }
    }
}

void attend(const AttentionJob& job) {
    Tile tile(job);
    begin(tile);
    const int64_t keysEnd = tile.positionOf(tile.rows - 1) + 1;
    const int64_t keysBegin = tile.firstKeyOf(0) / kKeyBlock * kKeyBlock;
    for (int64_t first = keysBegin; first < keysEnd; first += kScoreColumns) {
        const int64_t end = std::min(first + kScoreColumns, keysEnd);
        computeScores(tile, first, end);
        for (int64_t row = 0; row < tile.rows; ++row) normalizeRow(tile, row, first, end);
        addValues(tile, first, end);
    }
    finish(tile);
}

}  // namespace
}  // namespace halftone::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace halftone::cpu {

HWY_EXPORT(attend);

int64_t attentionScratch(const AttentionJob& job) {
    const bool isPacked = job.packedKeys.layout || job.packedValues.layout;
    return tileFloats(job.headDim) + (isPacked ? 2 * kScoreColumns * job.headDim : 0);
}
void attentionRows(const AttentionJob& job) {
    HWY_DYNAMIC_DISPATCH(attend)(job);
}

}  // namespace halftone::cpu
#endif
