// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/thread_pool.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <numeric>
#include <thread>
#include <vector>

namespace halftone {
namespace {

using Range = std::pair<int64_t, int64_t>;

std::vector<Range> rangesOf(const ThreadPool& pool, int64_t count, int64_t grain) {
    std::mutex mutex;
    std::vector<Range> ranges;
    pool.parallelFor(count, grain, [&](int64_t begin, int64_t end) {
        const std::lock_guard lock(mutex);
        ranges.emplace_back(begin, end);
    });
    std::ranges::sort(ranges);
    return ranges;
}

TEST(ThreadPool, CutsTheSameWayForAnyNumberOfThreads) {
    for (const auto& [count, grain] : {Range{0, 4}, {1, 4}, {4, 4}, {5, 4}, {1000, 7}, {10, 0}, {10, 1000}}) {
        const auto expected = rangesOf(ThreadPool(1), count, grain);
        for (const int threads : {2, 3, 7})
            EXPECT_EQ(rangesOf(ThreadPool(threads), count, grain), expected) << count << " by " << grain;
        int64_t next = 0;
        for (const auto& [begin, end] : expected) {
            EXPECT_EQ(begin, next);
            EXPECT_GT(end, begin);
            next = end;
        }
        EXPECT_EQ(next, count);
    }
}

TEST(ThreadPool, NegativeCountsDoNothing) {
    EXPECT_TRUE(rangesOf(ThreadPool(2), -5, 4).empty());
}

TEST(ThreadPool, KnowsItsThreads) {
    EXPECT_EQ(ThreadPool(1).threadCount(), 1);
    EXPECT_EQ(ThreadPool(100'000).threadCount(), ThreadPool().threadCount()) << "never more than the hardware has";
    EXPECT_GE(ThreadPool().threadCount(), 1);
    const ThreadPool pool(1);
    const ThreadPool copy = pool;
    EXPECT_EQ(copy.threadCount(), 1);
}

TEST(ThreadPool, Nests) {
    const ThreadPool pool(2);
    std::atomic<int64_t> sum{0};
    pool.parallelFor(20, 1, [&](int64_t outer, int64_t) {
        pool.parallelFor(50, 3, [&](int64_t begin, int64_t end) {
            for (int64_t i = begin; i < end; ++i) sum += outer * 50 + i;
        });
    });
    EXPECT_EQ(sum.load(), 999 * 1000 / 2);
}

TEST(ThreadPool, ServesSeveralThreadsAtOnce) {
    const ThreadPool pool(2);
    std::atomic<int64_t> count{0};
    {
        std::vector<std::jthread> callers;
        for (int i = 0; i < 4; ++i) {
            callers.emplace_back([&] {
                for (int k = 0; k < 50; ++k)
                    pool.parallelFor(100, 9, [&](int64_t begin, int64_t end) { count += end - begin; });
            });
        }
    }
    EXPECT_EQ(count.load(), 4 * 50 * 100);
}

/// What a pipeline handed on, and how many items were under way at most.
struct Handed {
    std::vector<int64_t> items;
    int64_t mostUnderWay = 0;
    bool roomsWereFree = true;
};

Handed runPipeline(const ThreadPool& pool, int64_t count, int64_t slots, int64_t last) {
    Handed handed;
    std::vector<std::atomic<int64_t>> owner(static_cast<size_t>(slots));
    for (auto& room : owner) room = -1;
    std::atomic<int64_t> underWay{0}, most{0};
    std::atomic<bool> free{true};
    pool.pipeline(count, slots,
                  {.work =
                       [&](int64_t item, int64_t slot) {
                           const int64_t now = ++underWay;
                           int64_t seen = most.load();
                           while (now > seen && !most.compare_exchange_weak(seen, now)) {
                           }
                           if (owner[static_cast<size_t>(slot)].exchange(item) != -1) free = false;
                       },
                   .handOn =
                       [&](int64_t item, int64_t slot) {
                           if (owner[static_cast<size_t>(slot)].exchange(-1) != item) free = false;
                           --underWay;
                           handed.items.push_back(item);
                           return item != last;
                       }});
    handed.mostUnderWay = most;
    handed.roomsWereFree = free;
    return handed;
}

TEST(ThreadPoolPipeline, HandsOnInOrderWithinItsRooms) {
    for (const int threads : {1, 2, 5}) {
        for (const int64_t count : {0, 1, 3, 500}) {
            for (const int64_t slots : {1, 2, 8}) {
                SCOPED_TRACE(testing::Message() << threads << " threads, " << count << " items, " << slots << " rooms");
                const Handed handed = runPipeline(ThreadPool(threads), count, slots, -1);
                std::vector<int64_t> all(static_cast<size_t>(count));
                std::iota(all.begin(), all.end(), int64_t{0});
                EXPECT_EQ(handed.items, all);
                EXPECT_LE(handed.mostUnderWay, slots);
                EXPECT_TRUE(handed.roomsWereFree) << "an item had its room with another";
            }
        }
    }
}

TEST(ThreadPoolPipeline, HandsNothingOnAfterAFalse) {
    for (const int threads : {1, 2, 5}) {
        const Handed handed = runPipeline(ThreadPool(threads), 500, 8, 20);
        ASSERT_EQ(handed.items.size(), 21u);
        EXPECT_EQ(handed.items.back(), 20);
    }
}

TEST(ThreadPoolPipeline, WorksWhileItHandsOn) {
    const ThreadPool pool(2);
    if (pool.threadCount() < 2) GTEST_SKIP() << "one thread does one thing at a time";
    // The first item is not let go before a later one was worked on, which only another thread can do.
    std::atomic<bool> later{false};
    pool.pipeline(4, 4,
                  {.work =
                       [&](int64_t item, int64_t) {
                           if (item == 0) return;
                           later = true;
                           later.notify_all();
                       },
                   .handOn =
                       [&](int64_t item, int64_t) {
                           if (item == 0) later.wait(false);
                           return true;
                       }});
    EXPECT_TRUE(later.load());
}

TEST(ThreadPoolPipeline, MayUseThePoolInsideItsWork) {
    const ThreadPool pool(2);
    std::vector<int64_t> sums(4);
    int64_t total = 0;
    pool.pipeline(100, 4,
                  {.work =
                       [&](int64_t item, int64_t slot) {
                           std::atomic<int64_t> sum{0};
                           pool.parallelFor(10, 1, [&](int64_t begin, int64_t) { sum += item * 10 + begin; });
                           sums[static_cast<size_t>(slot)] = sum;
                       },
                   .handOn =
                       [&](int64_t, int64_t slot) {
                           total += sums[static_cast<size_t>(slot)];
                           return true;
                       }});
    EXPECT_EQ(total, 999 * 1000 / 2);
}

}  // namespace
}  // namespace halftone
