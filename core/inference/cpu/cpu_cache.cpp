// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/inference/cpu/cpu_cache.h"

#include <algorithm>

#include "core/base/checked.h"
#include "core/quant/formats/codec.h"

namespace halftone::cpu {

CpuCache::Cells::Cells(const ModelConfig& config, int64_t count, DType type)
    : isPacked(type != DType::kF32),
      layout(PackedLayout::of(Format::of(type), config.headDim)),
      positions(count),
      heads(config.kvHeadCount),
      kvSize(config.kvSize()),
      memory(static_cast<size_t>(config.blockCount * count * heads * layout.rowBytes)) {}

size_t CpuCache::Cells::rowAt(int64_t block, int64_t head, int64_t position) const {
    return static_cast<size_t>(((block * heads + head) * positions + position) * layout.rowBytes);
}

void CpuCache::Cells::storePacked(int64_t block, int64_t position, const float* row) {
    const auto headDim = static_cast<size_t>(layout.cols);
    for (int64_t head = 0; head < heads; ++head, row += headDim) {
        const auto target = memory.bytes().subspan(rowAt(block, head, position), static_cast<size_t>(layout.rowBytes));
        const Status status = encodeRows(layout, {row, headDim}, 1, {}, target);
        HT_CHECK(status.has_value());  // the types of a cache are checked when it is made
    }
}

CpuCache::CpuCache(const ModelConfig& config, int64_t capacity, const CacheFormat& format)
    : m_keys(config, roundUp(capacity, kKeyBlock), format.key),
      m_values(config, roundUp(capacity, kKeyBlock), format.value) {}

void CpuCache::append(const AttentionCall& call, int64_t keyBlock) {
    const int64_t begin = std::max(call.firstPosition, keyBlock * kKeyBlock);
    const int64_t end = std::min(call.firstPosition + call.tokens, (keyBlock + 1) * kKeyBlock);
    if (!m_keys.isPacked) appendPlainKeys(call, begin, end);
    for (int64_t position = begin; position < end; ++position) {
        const int64_t offset = (position - call.firstPosition) * m_keys.kvSize;
        if (m_keys.isPacked) m_keys.storePacked(call.block, position, call.k + offset);
        if (m_values.isPacked) {
            m_values.storePacked(call.block, position, call.v + offset);
        } else {
            std::copy_n(call.v + offset, m_values.kvSize, m_values.plane(call.block) + position * m_values.kvSize);
        }
    }
}

void CpuCache::appendPlainKeys(const AttentionCall& call, int64_t begin, int64_t end) {
    const int64_t kvSize = m_keys.kvSize;
    float* target = m_keys.plane(call.block) + begin / kKeyBlock * kKeyBlock * kvSize;
    // Scores are computed for whole key blocks, so what is not written yet must be finite.
    if (begin % kKeyBlock == 0) std::fill_n(target, kKeyBlock * kvSize, 0.0f);
    for (int64_t position = begin; position < end; ++position) {
        const float* key = call.k + (position - call.firstPosition) * kvSize;
        for (int64_t channel = 0; channel < kvSize; ++channel)
            target[channel * kKeyBlock + position % kKeyBlock] = key[channel];
    }
}

void CpuCache::bind(int64_t block, int64_t head, AttentionJob& job) const {
    if (m_keys.isPacked) {
        job.packedKeys = {&m_keys.layout, m_keys.memory.data() + m_keys.rowAt(block, head, 0)};
    } else {
        job.keys = m_keys.plane(block) + head * job.headDim * kKeyBlock;
    }
    if (m_values.isPacked) {
        job.packedValues = {&m_values.layout, m_values.memory.data() + m_values.rowAt(block, head, 0)};
    } else {
        job.values = m_values.plane(block) + head * job.headDim;
    }
}

}  // namespace halftone::cpu
