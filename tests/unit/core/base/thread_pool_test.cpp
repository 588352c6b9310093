// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/thread_pool.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <mutex>
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

}  // namespace
}  // namespace halftone
