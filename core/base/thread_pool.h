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

  private:
    struct Arena;
    std::shared_ptr<Arena> m_arena;
    Observer* m_observer = nullptr;
};

}  // namespace halftone
