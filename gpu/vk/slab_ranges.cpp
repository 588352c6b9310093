// SPDX-License-Identifier: GPL-3.0-or-later
#include "gpu/vk/slab_ranges.h"

#include "core/base/error.h"

namespace halftone::vk {

SlabRanges::SlabRanges(uint64_t sizeBytes) : m_sizeBytes(sizeBytes) {
    if (sizeBytes > 0) m_free.emplace(0, sizeBytes);
}

std::optional<uint64_t> SlabRanges::allocate(uint64_t sizeBytes, uint64_t alignment) {
    HT_CHECK(sizeBytes > 0 && alignment > 0 && (alignment & (alignment - 1)) == 0);
    auto best = m_free.end();
    uint64_t bestStart = 0;
    for (auto range = m_free.begin(); range != m_free.end(); ++range) {
        const uint64_t start = (range->first + alignment - 1) & ~(alignment - 1);
        const uint64_t lost = start - range->first;
        if (range->second < lost || range->second - lost < sizeBytes) continue;
        if (best != m_free.end() && best->second <= range->second) continue;
        best = range;
        bestStart = start;
    }
    if (best == m_free.end()) return std::nullopt;
    const auto [rangeStart, rangeSize] = *best;
    m_free.erase(best);
    if (bestStart > rangeStart) m_free.emplace(rangeStart, bestStart - rangeStart);
    const uint64_t end = bestStart + sizeBytes, rangeEnd = rangeStart + rangeSize;
    if (end < rangeEnd) m_free.emplace(end, rangeEnd - end);
    m_used.emplace(bestStart, sizeBytes);
    m_usedBytes += sizeBytes;
    return bestStart;
}

void SlabRanges::release(uint64_t offset) {
    const auto used = m_used.find(offset);
    HT_CHECK(used != m_used.end());
    uint64_t start = offset, size = used->second;
    m_usedBytes -= size;
    m_used.erase(used);
    auto next = m_free.lower_bound(start);
    if (next != m_free.end() && next->first == start + size) {
        size += next->second;
        next = m_free.erase(next);
    }
    if (next != m_free.begin()) {
        const auto previous = std::prev(next);
        if (previous->first + previous->second == start) {
            start = previous->first;
            size += previous->second;
            m_free.erase(previous);
        }
    }
    m_free.emplace(start, size);
}

}  // namespace halftone::vk
