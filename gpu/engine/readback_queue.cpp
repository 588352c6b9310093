// SPDX-License-Identifier: GPL-3.0-or-later
#include "gpu/engine/readback_queue.h"

#include <utility>

namespace halftone {

Status ReadbackQueue::enqueue(std::span<const vk::BufferSlice> parts, Deliver deliverTo) {
    Region& region = m_regions[m_next];
    HT_TRY(deliver(region));
    size_t size = 0;
    for (const auto& part : parts) size += part.sizeBytes;
    if (region.buffer.sizeBytes() < size) {
        region.buffer = {};
        HT_ASSIGN_OR_RETURN(region.buffer,
                            m_allocator->createBuffer(size, vk::MemoryUse::kReadback, "readback region"));
    }
    size_t offset = 0;
    for (const auto& part : parts) {
        HT_TRY(m_stream->copy(part, vk::BufferSlice(region.buffer).part(offset, part.sizeBytes)));
        offset += part.sizeBytes;
    }
    HT_TRY(m_stream->makeVisibleToHost());
    HT_ASSIGN_OR_RETURN(region.readyAt, m_stream->flush());
    region.sizeBytes = size;
    region.deliver = std::move(deliverTo);
    m_next = (m_next + 1) % m_regions.size();
    return {};
}

Status ReadbackQueue::deliver(Region& region) {
    if (!region.deliver) return {};
    const Deliver deliverTo = std::exchange(region.deliver, nullptr);
    HT_TRY(m_stream->waitFor(region.readyAt));
    return deliverTo({region.buffer.mapped(), region.sizeBytes});
}

Status ReadbackQueue::drain() {
    for (size_t i = 0; i < m_regions.size(); ++i) {
        HT_TRY(deliver(m_regions[m_next]));
        m_next = (m_next + 1) % m_regions.size();
    }
    return {};
}

void ReadbackQueue::clear() {
    for (auto& region : m_regions) region.deliver = nullptr;
}

}  // namespace halftone
