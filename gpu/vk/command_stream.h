// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <vector>

#include "core/base/error.h"
#include "gpu/vk/device.h"
#include "gpu/vk/memory_allocator.h"
#include "gpu/vk/pipeline_store.h"
#include "gpu/vk/scope_timer.h"

namespace halftone::vk {

/// A value of a stream's timeline: reached when everything that was submitted up to it is done.
struct TimelinePoint {
    VkSemaphore semaphore = VK_NULL_HANDLE;
    uint64_t value = 0;  ///< 0: reached from the beginning
};

enum class Access : uint8_t {
    kConstant,  ///< read; nothing on this stream ever writes it (weights)
    kRead,
    kWrite,
    kContinueWrite,  ///< writes another part of what an earlier dispatch of the same operation began to write
    kReadWrite,
};

struct BufferUse {
    BufferSlice slice;
    Access access = Access::kRead;
};

/// One dispatch. Bindings are 0, 1, 2, ... in order.
struct Dispatch {
    VkPipeline pipeline = VK_NULL_HANDLE;
    std::span<const BufferUse> buffers;
    std::span<const std::byte> pushConstants;
    uint64_t groups = 1;  ///< folded into three dimensions where x alone is too small
    double flops = 0;     ///< estimate of the work, for the length of submissions
};

/// Records dispatches and copies in order, sets the barriers that their buffer uses need, and submits them in pieces
/// that last about as long as the plan says (the rate is measured), at most two at a time. Not thread-safe; several
/// streams of a device may be used from several threads. A stream on the transfer queue takes copies and fills alone.
class CommandStream {
  public:
    static Result<std::unique_ptr<CommandStream>> create(std::shared_ptr<Device> device, PipelineStore& pipelines,
                                                         std::string_view name, QueueUse use = QueueUse::kCompute);
    /// Waits for what is under way.
    ~CommandStream();
    CommandStream(const CommandStream&) = delete;
    CommandStream& operator=(const CommandStream&) = delete;

    Status dispatch(const Dispatch& dispatch);
    Status copy(const BufferSlice& from, const BufferSlice& to);
    Status fill(const BufferSlice& slice, uint32_t value);
    /// Makes everything recorded so far visible to the processor once it has run.
    Status makeVisibleToHost();

    /// The next submission begins when another stream has reached `point`, and sees what it wrote.
    void startAfter(const TimelinePoint& point);
    /// Everything submitted so far.
    [[nodiscard]] TimelinePoint submitted() const { return {m_timeline.get(), m_submitted}; }

    /// Submits what is recorded. Returns the timeline value at which it is done.
    Result<uint64_t> flush();
    /// flush(), and waits until all of it is done.
    Status finish();
    Status waitFor(uint64_t value);
    /// Drops what is recorded and not submitted, and waits for what is: after an error or a cancel.
    void abandon();
    [[nodiscard]] uint64_t submissionCount() const { return m_submitted; }
    /// From now on the time of scopes goes to `sink`, from the calls that wait for the device; empty: no more. What was
    /// recorded before is finished first. kUnsupported with a sentence on a device whose queue tells no times.
    Status timeScopes(ScopeTimer::Sink sink);
    /// Around the recording of something that is to be timed; scopes do not nest. Nothing without a sink.
    Status beginScope(uint64_t tag);
    void endScope();
    /// Work that one submission holds at the measured rate.
    [[nodiscard]] double flopsPerSubmission() const;

  private:
    struct Slot {
        OwnedHandle<VkCommandPool> pool;
        VkCommandBuffer commands = VK_NULL_HANDLE;
        std::vector<OwnedHandle<VkDescriptorPool>> descriptorPools;
        size_t poolsInUse = 0;
        uint32_t setsInPool = 0;
        uint64_t value = 0;  ///< timeline value of its last submission
    };
    struct Touched {
        BufferSlice slice;
        Access access = Access::kRead;
    };
    struct InFlight {
        uint64_t value = 0;
        double flops = 0;
        double submittedAt = 0;
    };

    CommandStream(std::shared_ptr<Device> device, PipelineStore& pipelines, QueueUse use)
        : m_device(std::move(device)), m_pipelines(&pipelines), m_queue(use) {}
    Status createSlots(std::string_view name);
    Status begin();
    /// Those that work on this stream runs in.
    [[nodiscard]] VkPipelineStageFlags stages() const;
    void barrier();
    void orderAfterEarlier(std::span<const BufferUse> uses);
    Status bindBuffers(std::span<const BufferUse> uses);
    Result<VkDescriptorSet> allocateSet();
    Status afterWork(double flops);
    Status collectTimes();
    Status limitInFlight(size_t most);
    void learnRate(const InFlight& done, double waitedSince);

    static constexpr size_t kSlots = 4;
    std::shared_ptr<Device> m_device;
    PipelineStore* m_pipelines;
    QueueUse m_queue;
    OwnedHandle<VkSemaphore> m_timeline;
    std::array<Slot, kSlots> m_slots;
    size_t m_current = 0;
    bool m_recording = false;
    uint64_t m_submitted = 0;
    std::vector<Touched> m_touched;           ///< since the last barrier
    std::vector<TimelinePoint> m_startAfter;  ///< of the next submission
    double m_recordedFlops = 0;
    std::deque<InFlight> m_inFlight;
    std::unique_ptr<ScopeTimer> m_timer;  ///< null: nothing is timed
    double m_flopsPerSecond = 0;
    double m_lastCompletion = 0;
};

}  // namespace halftone::vk
