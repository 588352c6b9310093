// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "gpu/vk/device.h"

namespace halftone::vk {

/// When the device worked on what was recorded between the begin and the end of a scope. A scope that is cut by the end
/// of a command buffer comes in pieces.
struct TimedScope {
    uint64_t tag = 0;     ///< as given to begin()
    bool isFirst = true;  ///< piece of the scope
    double begin = 0;     ///< seconds on the host's steady clock; see ScopeTimer
    double seconds = 0;
};

/// Timestamps around parts of command buffers, for one command stream. The device's clock is laid on the host's so
/// that the first scope begins when it was submitted: differences between scopes are the device's own, the distance to
/// host times is right to the delay of that submission. A timestamp is taken when everything before it is done, so
/// scopes that the device overlaps share the time. Not thread-safe. Precondition: DevicePlan::canTime().
class ScopeTimer {
  public:
    using Sink = std::function<void(const TimedScope&)>;
    static Result<std::unique_ptr<ScopeTimer>> create(std::shared_ptr<Device> device, size_t slots, Sink sink);

    /// Of a command buffer that begins or ends; a scope that is open goes on in the next one.
    void beginCommands(size_t slot, VkCommandBuffer commands);
    void endCommands();
    void submitted(size_t slot, double now) { m_slots[slot].submittedAt = now; }
    /// Whether the current command buffer has no room for another scope.
    [[nodiscard]] bool isFull() const;
    void begin(uint64_t tag);
    void end();
    /// Hands out the scopes of a slot whose submission is done.
    Status collect(size_t slot);
    /// Forgets what has not been handed out.
    void abandon();

  private:
    struct Piece {
        uint64_t tag = 0;
        bool isFirst = true;
    };
    struct Slot {
        OwnedHandle<VkQueryPool> queries;
        std::vector<Piece> pieces;  // two queries each
        double submittedAt = 0;
    };
    ScopeTimer(std::shared_ptr<Device> device, Sink sink) : m_device(std::move(device)), m_sink(std::move(sink)) {}
    void open(bool isFirst);
    void write(uint32_t query);

    std::shared_ptr<Device> m_device;
    Sink m_sink;
    std::vector<Slot> m_slots;
    size_t m_current = 0;
    VkCommandBuffer m_commands = VK_NULL_HANDLE;  // that is being recorded
    std::optional<uint64_t> m_open;               // tag of the scope in work
    bool m_isRunning = false;                     // its piece has begun in this command buffer
    std::optional<uint64_t> m_firstTick;
    double m_firstTime = 0;
};

}  // namespace halftone::vk
