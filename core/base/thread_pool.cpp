// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/thread_pool.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>

#include <tbb/blocked_range.h>
#include <tbb/parallel_for.h>
#include <tbb/parallel_pipeline.h>
#include <tbb/task_arena.h>

#include "core/base/checked.h"

#if defined(__SANITIZE_THREAD__)
#include <sanitizer/tsan_interface.h>
#endif

namespace halftone {
namespace {

/// oneTBB is not compiled with the thread sanitizer, which therefore cannot know what it orders: that all pieces come
/// after the call and before its return. Without the sanitizer this is nothing.
class Ordering {
  public:
    void publish() {
#if defined(__SANITIZE_THREAD__)
        __tsan_release(this);
#endif
    }
    void observe() {
#if defined(__SANITIZE_THREAD__)
        __tsan_acquire(this);
#endif
    }
};

/// One for all calls: a piece must come to it without reading what it is ordered before.
constinit Ordering beginning;

double now() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

struct ThreadPool::Arena {
    explicit Arena(int threads) : count(threads), arena(threads) {}
    int count;
    tbb::task_arena arena;
};

ThreadPool::ThreadPool(int threads) {
    // More threads than the hardware runs gain nothing, and oneTBB complains about them on stderr.
    const int hardware = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
    m_arena = std::make_shared<Arena>(threads > 0 ? std::min(threads, hardware) : hardware);
}

int ThreadPool::threadCount() const {
    return m_arena->count;
}

ThreadPool ThreadPool::observed(Observer* observer) const {
    ThreadPool copy = *this;
    copy.m_observer = observer;
    return copy;
}

void ThreadPool::parallelFor(int64_t count, int64_t grain, const std::function<void(int64_t, int64_t)>& body) const {
    if (count <= 0) return;
    grain = std::max<int64_t>(grain, 1);
    const int64_t pieces = ceilDiv(count, grain);
    const auto runPiece = [&](int64_t piece) { body(piece * grain, std::min(count, (piece + 1) * grain)); };
    if (pieces == 1 || m_arena->count == 1) {
        for (int64_t piece = 0; piece < pieces; ++piece) runPiece(piece);
        return;
    }
    Ordering end;
    beginning.publish();
    m_arena->arena.execute([&] {
        tbb::parallel_for(
            tbb::blocked_range<int64_t>(0, pieces, 1),
            [&](const tbb::blocked_range<int64_t>& range) {
                beginning.observe();
                const double begin = m_observer ? now() : 0;
                for (int64_t piece = range.begin(); piece != range.end(); ++piece) runPiece(piece);
                if (m_observer) m_observer->worked(tbb::this_task_arena::current_thread_index(), begin, now());
                end.publish();
            },
            tbb::auto_partitioner());
    });
    end.observe();
}

void ThreadPool::pipeline(int64_t count, int64_t slots, const PipelineStages& stages) const {
    if (m_arena->count == 1 || count <= 1) {
        for (int64_t item = 0; item < count; ++item) {
            stages.work(item, 0);
            if (!stages.handOn(item, 0)) return;
        }
        return;
    }
    // Every stage comes after whatever was done before it began: the pipeline orders an item's stages and, as rooms are
    // used again, those of different items.
    Ordering order;
    const auto seen = [&](const auto& stage) {
        const double begin = m_observer ? now() : 0;
        stage();
        if (m_observer) m_observer->worked(tbb::this_task_arena::current_thread_index(), begin, now());
    };
    int64_t next = 0;
    std::atomic<bool> stopped = false;
    const auto take = tbb::make_filter<void, int64_t>(tbb::filter_mode::serial_in_order, [&](tbb::flow_control& flow) {
        beginning.observe();
        order.observe();
        const bool hasMore = next < count && !stopped.load();
        const int64_t item = hasMore ? next++ : count;
        order.publish();
        if (!hasMore) flow.stop();
        return item;
    });
    const auto work = tbb::make_filter<int64_t, int64_t>(tbb::filter_mode::parallel, [&](int64_t item) {
        beginning.observe();
        order.observe();
        if (!stopped.load()) seen([&] { stages.work(item, item % slots); });
        order.publish();
        return item;
    });
    const auto handOn = tbb::make_filter<int64_t, void>(tbb::filter_mode::serial_in_order, [&](int64_t item) {
        beginning.observe();
        order.observe();
        if (!stopped.load()) seen([&] { stopped = !stages.handOn(item, item % slots); });
        order.publish();
    });
    beginning.publish();
    m_arena->arena.execute([&] { tbb::parallel_pipeline(static_cast<size_t>(slots), take & work & handOn); });
    order.observe();
}

}  // namespace halftone
