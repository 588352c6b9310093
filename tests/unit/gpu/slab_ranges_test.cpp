// SPDX-License-Identifier: GPL-3.0-or-later
#include "gpu/vk/slab_ranges.h"

#include <map>
#include <random>

#include <gtest/gtest.h>

namespace halftone::vk {
namespace {

TEST(SlabRanges, AlignsAndFillsTheBestGap) {
    SlabRanges slab(1024);
    EXPECT_EQ(slab.allocate(100, 256), 0u);
    EXPECT_EQ(slab.allocate(300, 256), 256u);
    EXPECT_EQ(slab.allocate(100, 256), 768u);
    slab.release(256);
    // 128 bytes fit the gap behind the first (156 free bytes from 100) only unaligned; the best fit is taken.
    EXPECT_EQ(slab.allocate(64, 4), 868u);
    EXPECT_EQ(slab.allocate(512, 256), 256u);
    EXPECT_FALSE(slab.allocate(512, 256).has_value());
}

TEST(SlabRanges, MergesNeighboursOnRelease) {
    SlabRanges slab(1024);
    const auto a = slab.allocate(256, 1), b = slab.allocate(256, 1), c = slab.allocate(512, 1);
    EXPECT_FALSE(slab.allocate(1, 1).has_value());
    slab.release(*a);
    slab.release(*c);
    slab.release(*b);
    EXPECT_TRUE(slab.empty());
    EXPECT_EQ(slab.allocate(1024, 1024), 0u);
}

TEST(SlabRanges, NeverHandsOutAByteTwice) {
    std::mt19937 random(7);
    SlabRanges slab(1 << 16);
    std::map<uint64_t, uint64_t> held;
    for (int step = 0; step < 4000; ++step) {
        if (random() % 2 == 0 || held.empty()) {
            const uint64_t size = 1 + random() % 3000, alignment = uint64_t{1} << (random() % 9);
            const auto offset = slab.allocate(size, alignment);
            if (!offset) continue;
            ASSERT_EQ(*offset % alignment, 0u);
            ASSERT_LE(*offset + size, slab.sizeBytes());
            const auto after = held.lower_bound(*offset);
            if (after != held.end()) {
                ASSERT_LE(*offset + size, after->first);
            }
            if (after != held.begin()) {
                ASSERT_LE(std::prev(after)->first + std::prev(after)->second, *offset);
            }
            held[*offset] = size;
        } else {
            const auto victim = std::next(held.begin(), static_cast<long>(random() % held.size()));
            slab.release(victim->first);
            held.erase(victim);
        }
    }
    for (const auto& [offset, size] : held) slab.release(offset);
    EXPECT_TRUE(slab.empty());
    EXPECT_EQ(slab.usedBytes(), 0u);
    EXPECT_EQ(slab.allocate(1 << 16, 1), 0u);
}

}  // namespace
}  // namespace halftone::vk
