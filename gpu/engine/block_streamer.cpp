// SPDX-License-Identifier: GPL-3.0-or-later
#include "gpu/engine/block_streamer.h"

#include <fmt/format.h>

namespace halftone {

Result<std::unique_ptr<BlockStreamer>> BlockStreamer::create(const std::shared_ptr<vk::Device>& device,
                                                             vk::MemoryAllocator& allocator,
                                                             vk::PipelineStore& pipelines,
                                                             const std::vector<uint64_t>& slotBytes) {
    auto streamer = std::unique_ptr<BlockStreamer>(new BlockStreamer(device));
    for (const uint64_t bytes : slotBytes) {
        HT_ASSIGN_OR_RETURN(
            auto buffer, allocator.createBuffer(bytes, vk::MemoryUse::kStreamed,
                                                fmt::format("slot {} of streamed weights", streamer->m_slots.size())));
        streamer->m_slots.push_back({std::move(buffer), {}, {}});
    }
    HT_ASSIGN_OR_RETURN(streamer->m_uploader, Uploader::create(device, allocator, pipelines, vk::QueueUse::kTransfer));
    streamer->m_thread = std::jthread([self = streamer.get()](const std::stop_token& stop) { self->loop(stop); });
    return streamer;
}

BlockStreamer::~BlockStreamer() {
    stop();
    m_thread.request_stop();
}

void BlockStreamer::start(std::vector<const Block*> order) {
    stop();
    {
        const std::scoped_lock lock(m_mutex);
        m_order = std::move(order);
        m_filled = m_acquired = m_released = 0;
        m_status = Status();
        m_stopFilling = std::stop_source();
        for (Slot& slot : m_slots) slot.usedUntil = {};
    }
    m_changed.notify_all();
}

bool BlockStreamer::mayFill() const {
    return m_status && m_filled < m_order.size() && m_filled < m_released + m_slots.size();
}

void BlockStreamer::loop(const std::stop_token& stop) {
    std::unique_lock lock(m_mutex);
    while (m_changed.wait(lock, stop, [this] { return mayFill(); }) && !stop.stop_requested()) {
        const Block& block = *m_order[m_filled];
        Slot& slot = m_slots[m_filled % m_slots.size()];
        const std::stop_token stopFilling = m_stopFilling.get_token();
        m_busy = true;
        lock.unlock();
        Status status = fill(block, slot, stopFilling);
        lock.lock();
        m_busy = false;
        if (status) {
            ++m_filled;
        } else {
            m_status = std::move(status);
        }
        m_changed.notify_all();
    }
}

Status BlockStreamer::fill(const Block& block, Slot& slot, const std::stop_token& stop) {
    // The device may still be reading the block before; waiting here costs nobody anything.
    if (slot.usedUntil.value > 0) HT_TRY(m_device->waitFor(slot.usedUntil.semaphore, slot.usedUntil.value));
    JobContext job;
    job.stop = stop;
    for (const Piece& piece : block) HT_TRY(m_uploader->upload(piece.bytes, {slot.buffer, piece.offset}, job));
    slot.uploaded = m_uploader->uploaded();
    return {};
}

Result<BlockStreamer::Arrival> BlockStreamer::acquire(const JobContext& job) {
    std::unique_lock lock(m_mutex);
    HT_CHECK(m_acquired < m_order.size() && m_acquired == m_released);
    m_changed.wait(lock, job.stop, [this] { return m_filled > m_acquired || !m_status; });
    HT_TRY(job.checkpoint());
    HT_TRY(m_status);
    const size_t index = m_acquired++ % m_slots.size();
    return Arrival{index, m_slots[index].uploaded};
}

void BlockStreamer::release(const vk::TimelinePoint& used) {
    {
        const std::scoped_lock lock(m_mutex);
        HT_CHECK(m_released < m_acquired);
        m_slots[m_released++ % m_slots.size()].usedUntil = used;
    }
    m_changed.notify_all();
}

void BlockStreamer::stop() {
    std::unique_lock lock(m_mutex);
    m_stopFilling.request_stop();
    m_order.clear();
    m_changed.wait(lock, [this] { return !m_busy; });
}

}  // namespace halftone
