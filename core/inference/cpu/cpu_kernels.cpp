// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/inference/cpu/cpu_kernels.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/base/checked.h"
#include "core/inference/cpu/corrections.h"
#include "core/inference/cpu/linear.h"
#include "core/inference/cpu/parallel.h"
#include "core/inference/cpu/simd_kernels.h"
#include "core/quant/formats/codec.h"

namespace halftone::cpu {
namespace {

/// Values that one task of an elementwise operation goes through; a multiple of every vector length.
constexpr int64_t kElementwiseChunk = 1 << 14;

/// Per transformer block a plane of keys ([position / 16][kvSize][16]) and one of values ([position][kvSize]).
class CpuCache final : public KvCache {
  public:
    CpuCache(const ModelConfig& config, int64_t capacity)
        : m_kvSize(config.kvSize()),
          m_plane(roundUp(capacity, kKeyBlock) * m_kvSize),
          m_keys(static_cast<size_t>(m_plane * config.blockCount) * sizeof(float)),
          m_values(m_keys.size()) {}

    float* keys(int64_t block) { return reinterpret_cast<float*>(m_keys.data()) + block * m_plane; }
    float* values(int64_t block) { return reinterpret_cast<float*>(m_values.data()) + block * m_plane; }

    /// Stores the tokens of one call whose positions lie in key block `keyBlock`.
    void append(const AttentionCall& call, int64_t keyBlock) {
        const int64_t begin = std::max(call.firstPosition, keyBlock * kKeyBlock);
        const int64_t end = std::min(call.firstPosition + call.tokens, (keyBlock + 1) * kKeyBlock);
        float* target = keys(call.block) + keyBlock * kKeyBlock * m_kvSize;
        // Scores are computed for whole key blocks, so what is not written yet must be finite.
        if (begin == keyBlock * kKeyBlock) std::fill_n(target, kKeyBlock * m_kvSize, 0.0f);
        for (int64_t position = begin; position < end; ++position) {
            const float* key = call.k + (position - call.firstPosition) * m_kvSize;
            const float* value = call.v + (position - call.firstPosition) * m_kvSize;
            for (int64_t channel = 0; channel < m_kvSize; ++channel)
                target[channel * kKeyBlock + position % kKeyBlock] = key[channel];
            std::copy_n(value, m_kvSize, values(call.block) + position * m_kvSize);
        }
    }

  private:
    int64_t m_kvSize;
    int64_t m_plane;
    AlignedBuffer m_keys, m_values;
};

/// `call` cut down to values [begin, end).
ElementwiseCall rangeOf(const ElementwiseCall& call, int64_t task) {
    const int64_t begin = task * kElementwiseChunk;
    return {call.in + begin, call.in2 ? call.in2 + begin : nullptr, call.out + begin,
            std::min(kElementwiseChunk, call.count - begin)};
}

template <class Body>
void overRanges(const ElementwiseCall& call, int64_t costPerValue, const JobContext& context, const Body& body) {
    runTasks(context, ceilDiv(call.count, kElementwiseChunk), call.count * costPerValue,
             [&](int64_t task) { body(rangeOf(call, task)); });
}

template <class Body>
void overNormRows(const NormCall& call, const JobContext& context, const Body& body) {
    const int64_t rowsPerTask = std::max<int64_t>(1, kElementwiseChunk / call.width);
    runTasks(context, ceilDiv(call.rows, rowsPerTask), call.rows * call.width * 2, [&](int64_t task) {
        NormCall part = call;
        const int64_t first = task * rowsPerTask;
        part.in += first * call.width;
        part.out += first * call.width;
        part.rows = std::min(rowsPerTask, call.rows - first);
        body(part);
    });
}

}  // namespace

std::unique_ptr<KvCache> CpuKernels::createCache(int64_t capacity) const {
    return std::make_unique<CpuCache>(m_config, capacity);
}

Status CpuKernels::decodeTableRows(const PackedTensor& table, std::span<const int64_t> rows, float* out) const {
    return readPackedRows(table, rows, {out, rows.size() * static_cast<size_t>(table.cols())});
}

void CpuKernels::rmsNorm(const NormCall& call, const JobContext& context) const {
    overNormRows(call, context, rmsNormRows);
}

void CpuKernels::layerNorm(const NormCall& call, const JobContext& context) const {
    overNormRows(call, context, layerNormRows);
}

Status CpuKernels::linear(std::span<const LinearCall> calls, const JobContext& context) const {
    HT_TRY(runLinear(calls, m_scratch, context));
    return runCorrections(calls, m_scratch, context);
}

void CpuKernels::prepareRotations(int64_t firstPosition, int64_t tokens) const {
    if (m_rotationFirst == firstPosition && m_rotationCount == tokens) return;
    const size_t pairs = m_config.inverseFrequencies.size();
    m_cosines.resize(static_cast<size_t>(tokens) * pairs);
    m_sines.resize(m_cosines.size());
    const auto factor = double(m_config.ropeAttentionFactor);
    for (int64_t token = 0; token < tokens; ++token) {
        for (size_t pair = 0; pair < pairs; ++pair) {
            const double angle = double(firstPosition + token) * double(m_config.inverseFrequencies[pair]);
            const size_t index = static_cast<size_t>(token) * pairs + pair;
            m_cosines[index] = static_cast<float>(std::cos(angle) * factor);
            m_sines[index] = static_cast<float>(std::sin(angle) * factor);
        }
    }
    m_rotationFirst = firstPosition;
    m_rotationCount = tokens;
}

void CpuKernels::rope(const RopeCall& call, const JobContext& context) const {
    prepareRotations(call.firstPosition, call.tokens);
    const int64_t pairs = m_config.rotaryDim / 2, width = call.heads * m_config.headDim;
    const int64_t tokensPerTask = std::max<int64_t>(1, kElementwiseChunk / width);
    runTasks(context, ceilDiv(call.tokens, tokensPerTask), call.tokens * width, [&](int64_t task) {
        const int64_t end = std::min((task + 1) * tokensPerTask, call.tokens);
        for (int64_t token = task * tokensPerTask; token < end; ++token) {
            ropeToken({call.in + token * width, call.out + token * width, call.heads, m_config.headDim,
                       m_config.rotaryDim, m_config.ropeStyle == RopeStyle::kInterleaved,
                       m_cosines.data() + token * pairs, m_sines.data() + token * pairs});
        }
    });
}

void CpuKernels::attention(const AttentionCall& call, const JobContext& context) const {
    auto& cache = static_cast<CpuCache&>(*call.cache);
    const int64_t firstBlock = call.firstPosition / kKeyBlock,
                  endBlock = ceilDiv(call.firstPosition + call.tokens, kKeyBlock);
    runTasks(context, endBlock - firstBlock, call.tokens * m_config.kvSize() * 4,
             [&](int64_t task) { cache.append(call, firstBlock + task); });

    AttentionJob whole;
    whole.qStride = m_config.qSize();
    whole.kvSize = m_config.kvSize();
    whole.headDim = m_config.headDim;
    whole.headsPerKv = m_config.headCount / m_config.kvHeadCount;
    whole.firstPosition = call.firstPosition;
    whole.window = m_config.windowOf(call.block);
    whole.scale = m_config.attentionScale;
    const int64_t rows = call.tokens * whole.headsPerKv, tiles = ceilDiv(rows, kAttentionRows);
    const int64_t work = call.tokens * (call.firstPosition + call.tokens) * whole.qStride;
    runTasks(context, m_config.kvHeadCount * tiles, work, [&](int64_t task) {
        if (context.cancelled()) return;
        const int64_t kvHead = task / tiles, tile = task % tiles, kvOffset = kvHead * whole.headDim;
        auto buffer = m_scratch.borrow(attentionScratch(whole.headDim));
        AttentionJob job = whole;
        job.q = call.q + kvOffset * whole.headsPerKv;
        job.out = call.out + kvOffset * whole.headsPerKv;
        job.keys = cache.keys(call.block) + kvOffset * kKeyBlock;
        job.values = cache.values(call.block) + kvOffset;
        job.rowBegin = tile * kAttentionRows;
        job.rowEnd = std::min(job.rowBegin + kAttentionRows, rows);
        job.scratch = buffer.floats();
        attentionRows(job);
    });
}

void CpuKernels::gatedActivation(const ElementwiseCall& call, const JobContext& context) const {
    overRanges(call, 16, context,
               [this](const ElementwiseCall& part) { gatedActivationRange(m_config.activation, part); });
}

void CpuKernels::activation(const ElementwiseCall& call, const JobContext& context) const {
    overRanges(call, 16, context, [this](const ElementwiseCall& part) { activationRange(m_config.activation, part); });
}

void CpuKernels::add(const ElementwiseCall& call, const JobContext& context) const {
    overRanges(call, 1, context, addRange);
}

void CpuKernels::accumulateLogSumExp(const float* logits, int64_t width, std::span<LogSumExp> sums,
                                     const JobContext& context) const {
    runTasks(context, static_cast<int64_t>(sums.size()), static_cast<int64_t>(sums.size()) * width * 8,
             [&](int64_t row) { logSumExpRow(logits + row * width, width, sums[static_cast<size_t>(row)]); });
}

}  // namespace halftone::cpu
