// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

#include "core/base/job_context.h"
#include "gpu/engine/uploader.h"

namespace halftone {

/// Brings the weights of blocks to the device one block after the other, through a few slots, on a thread of its own:
/// while the device reads one slot, the next is filled. Bytes come from wherever they lie, a mapped file as a rule; the
/// transfer queue copies them where the device has one. Members are called by one thread at a time.
class BlockStreamer {
  public:
    /// Bytes and their place in the slot.
    struct Piece {
        std::span<const std::byte> bytes;
        uint64_t offset = 0;
    };
    using Block = std::vector<Piece>;

    /// kOutOfMemory where the slots find no room. `allocator` and `pipelines` must outlive the streamer.
    static Result<std::unique_ptr<BlockStreamer>> create(const std::shared_ptr<vk::Device>& device,
                                                         vk::MemoryAllocator& allocator, vk::PipelineStore& pipelines,
                                                         const std::vector<uint64_t>& slotBytes);
    ~BlockStreamer();
    BlockStreamer(const BlockStreamer&) = delete;
    BlockStreamer& operator=(const BlockStreamer&) = delete;

    [[nodiscard]] size_t slotCount() const { return m_slots.size(); }
    [[nodiscard]] const vk::Buffer& slot(size_t index) const { return m_slots[index].buffer; }

    /// Begins to bring these blocks, in order; they are borrowed until stop(). Ends an earlier order.
    void start(std::vector<const Block*> order);

    struct Arrival {
        size_t slot = 0;
        vk::TimelinePoint uploaded;  ///< what reads the slot starts after this
    };
    /// Waits for the next block of the order. kCancelled when the job is stopped; the error of an upload that failed.
    Result<Arrival> acquire(const JobContext& job);
    /// The slot acquired last may be filled again when `used` has been reached.
    void release(const vk::TimelinePoint& used);
    /// Drops what is left of the order and waits for the piece that is on its way.
    void stop();

  private:
    struct Slot {
        vk::Buffer buffer;
        vk::TimelinePoint usedUntil;
        vk::TimelinePoint uploaded;
    };
    explicit BlockStreamer(std::shared_ptr<vk::Device> device) : m_device(std::move(device)) {}
    void loop(const std::stop_token& stop);
    [[nodiscard]] bool mayFill() const;
    Status fill(const Block& block, Slot& slot, const std::stop_token& stop);

    std::shared_ptr<vk::Device> m_device;
    std::unique_ptr<Uploader> m_uploader;
    std::vector<Slot> m_slots;
    std::mutex m_mutex;
    std::condition_variable_any m_changed;
    std::vector<const Block*> m_order;
    size_t m_filled = 0;  ///< blocks of the order that are in their slots, or were
    size_t m_acquired = 0;
    size_t m_released = 0;
    bool m_busy = false;
    Status m_status;
    std::stop_source m_stopFilling;
    std::jthread m_thread;  ///< last: the rest is there when it starts and still there when it ends
};

}  // namespace halftone
