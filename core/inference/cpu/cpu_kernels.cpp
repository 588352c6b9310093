// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/inference/cpu/cpu_kernels.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/base/checked.h"
#include "core/inference/cpu/corrections.h"
#include "core/inference/cpu/cpu_cache.h"
#include "core/inference/cpu/linear.h"
#include "core/inference/cpu/parallel.h"
#include "core/inference/cpu/simd_kernels.h"
#include "core/quant/formats/codec.h"

namespace halftone::cpu {
namespace {

/// A cell of the cache comes from memory, which takes as long as some products do.
constexpr int64_t kCellCost = 4;
/// Values that one task of an elementwise operation goes through; a multiple of every vector length.
constexpr int64_t kElementwiseChunk = 1 << 14;

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

std::unique_ptr<KvCache> CpuKernels::createCache(int64_t capacity, const CacheFormat& format) const {
    return std::make_unique<CpuCache>(m_config, capacity, format);
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

/// What all tiles of a call have in common.
AttentionJob CpuKernels::attentionJob(const AttentionCall& call) const {
    AttentionJob whole;
    whole.qStride = m_config.qSize();
    whole.kvSize = m_config.kvSize();
    whole.headDim = m_config.headDim;
    whole.headsPerKv = m_config.headCount / m_config.kvHeadCount;
    whole.firstPosition = call.firstPosition;
    whole.window = m_config.windowOf(call.block);
    whole.scale = m_config.attentionScale;
    return whole;
}

void CpuKernels::attention(const AttentionCall& call, const JobContext& context) const {
    auto& cache = static_cast<CpuCache&>(*call.cache);
    const int64_t firstBlock = call.firstPosition / kKeyBlock,
                  endBlock = ceilDiv(call.firstPosition + call.tokens, kKeyBlock);
    runTasks(context, endBlock - firstBlock, call.tokens * m_config.kvSize() * 4,
             [&](int64_t task) { cache.append(call, firstBlock + task); });

    const AttentionJob whole = attentionJob(call);
    const int64_t rows = call.tokens * whole.headsPerKv, tiles = ceilDiv(rows, kAttentionRows);
    const int64_t keys = call.firstPosition + call.tokens;
    const int64_t work = call.tokens * keys * whole.qStride + kCellCost * keys * whole.kvSize;
    runTasks(context, m_config.kvHeadCount * tiles, work, [&](int64_t task) {
        if (context.cancelled()) return;
        const int64_t kvHead = task / tiles, tile = task % tiles, kvOffset = kvHead * whole.headDim;
        AttentionJob job = whole;
        cache.bind(call.block, kvHead, job);
        auto buffer = m_scratch.borrow(attentionScratch(job));
        job.q = call.q + kvOffset * whole.headsPerKv;
        job.out = call.out + kvOffset * whole.headsPerKv;
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
