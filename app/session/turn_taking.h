// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <condition_variable>
#include <mutex>

namespace halftone::app {

/// Lets two threads work strictly in turn, so that two generations advance side by side on one device that only one may
/// use at a time. A thread that leaves gives all turns to the other.
class TurnTaking {
  public:
    /// Blocks until it is this participant's turn (or the other has left). `who` is 0 or 1; 0 begins.
    void await(size_t who) {
        std::unique_lock lock(m_mutex);
        m_changed.wait(lock, [&] { return m_turn == who || m_left[1 - who]; });
    }
    /// Ends the own turn and waits for the next one.
    void pass(size_t who) {
        give(1 - who);
        await(who);
    }
    /// No further turns for this participant.
    void leave(size_t who) {
        {
            const std::lock_guard lock(m_mutex);
            m_left[who] = true;
            m_turn = 1 - who;
        }
        m_changed.notify_all();
    }

  private:
    void give(size_t who) {
        {
            const std::lock_guard lock(m_mutex);
            m_turn = who;
        }
        m_changed.notify_all();
    }

    std::mutex m_mutex;
    std::condition_variable m_changed;
    size_t m_turn = 0;
    std::array<bool, 2> m_left{};
};

}  // namespace halftone::app
