// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

namespace halftone {

/// A fixed number of worker threads (a oneTBB arena). Copies share the arena.
/// Work is cut into ranges of `grain` items whose boundaries do not depend on the number of threads,
/// so that a computation gives the same result on any machine.
class ThreadPool {
  public:
    /// `threads` <= 0, or more than the hardware has: one per hardware thread.
    explicit ThreadPool(int threads = 0);

    [[nodiscard]] int threadCount() const;

    /// Sees when threads work. Called on the thread that worked, after it, at most once at a time for one `thread` (a
    /// number from 0 to threadCount() - 1); seconds of std::chrono::steady_clock.
    class Observer {
      public:
        virtual ~Observer() = default;
        virtual void worked(int thread, double begin, double end) = 0;
    };
    /// The same pool, whose parallel work through this copy is seen. Borrows; null: nobody sees.
    [[nodiscard]] ThreadPool observed(Observer* observer) const;

    /// Calls body(begin, end) for [0, count) cut into pieces of `grain`; returns when all have run.
    /// The body must not throw. May be called from inside another body and from several threads at once.
    void parallelFor(int64_t count, int64_t grain, const std::function<void(int64_t begin, int64_t end)>& body) const;

    /// What a pipeline does with an item. `slot` < `slots` names the room that the item has to itself meanwhile.
    struct PipelineStages {
        std::function<void(int64_t item, int64_t slot)> work;    ///< on any thread
        std::function<bool(int64_t item, int64_t slot)> handOn;  ///< in order, one at a time; false: no more items
    };
    /// Works on items 0 to count - 1 on all threads and hands each on when those before it have been: while one thread
    /// hands on, the others work. At most `slots` items are under way. Returns when all have been handed on; after a
    /// false, items that were under way may have been worked on, but none is handed on. Stages must not throw.
    void pipeline(int64_t count, int64_t slots, const PipelineStages& stages) const;

  private:
    struct Arena;
    std::shared_ptr<Arena> m_arena;
    Observer* m_observer = nullptr;
};

}  // namespace halftone
