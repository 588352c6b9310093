// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/checked.h"

#include <array>

#include <gtest/gtest.h>

#include "core/base/aligned_buffer.h"

namespace halftone {
namespace {

constexpr uint64_t kMost = std::numeric_limits<uint64_t>::max();
constexpr int64_t kMostSigned = std::numeric_limits<int64_t>::max();

TEST(Checked, AdditionAtTheEdge) {
    EXPECT_EQ(checkedAdd(kMost - 1, 1), kMost);
    EXPECT_EQ(checkedAdd(kMost, 0), kMost);
    EXPECT_EQ(checkedAdd(kMost, 1), std::nullopt);
    EXPECT_EQ(checkedAdd(uint64_t{1} << 63, uint64_t{1} << 63), std::nullopt);
}

TEST(Checked, MultiplicationAtTheEdge) {
    EXPECT_EQ(checkedMul(0, kMost), 0u);
    EXPECT_EQ(checkedMul(kMost, 0), 0u);
    EXPECT_EQ(checkedMul(kMost, 1), kMost);
    EXPECT_EQ(checkedMul(uint64_t{1} << 32, (uint64_t{1} << 32) - 1), ((uint64_t{1} << 32) - 1) << 32);
    EXPECT_EQ(checkedMul(uint64_t{1} << 32, uint64_t{1} << 32), std::nullopt);
    EXPECT_EQ(checkedMul(3, kMost / 3 + 1), std::nullopt);
}

TEST(Checked, ElementCount) {
    const auto count = [](std::initializer_list<int64_t> shape) {
        return checkedElementCount(std::span(shape.begin(), shape.size()));
    };
    EXPECT_EQ(count({}), 1) << "a scalar";
    EXPECT_EQ(count({3, 5, 7}), 105);
    EXPECT_EQ(count({0, kMostSigned}), 0);
    EXPECT_EQ(count({kMostSigned}), kMostSigned);
    EXPECT_EQ(count({int64_t{1} << 31, int64_t{1} << 31}), int64_t{1} << 62);
    EXPECT_EQ(count({int64_t{1} << 32, int64_t{1} << 31}), std::nullopt);
    EXPECT_EQ(count({-1}), std::nullopt);
    EXPECT_EQ(count({kMostSigned, kMostSigned, 0}), std::nullopt) << "a part of the product overflows";
}

TEST(Checked, Rounding) {
    EXPECT_EQ(ceilDiv(0, 32), 0);
    EXPECT_EQ(ceilDiv(1, 32), 1);
    EXPECT_EQ(ceilDiv(32, 32), 1);
    EXPECT_EQ(ceilDiv(33, 32), 2);
    EXPECT_EQ(roundUp(33, 32), 64);
    EXPECT_EQ(roundUp(64, 32), 64);
}

TEST(AlignedBuffer, IsAlignedAndOfTheAskedSize) {
    for (const size_t size : {size_t{1}, size_t{63}, size_t{64}, size_t{65}, size_t{1} << 20}) {
        AlignedBuffer buffer(size);
        EXPECT_EQ(reinterpret_cast<uintptr_t>(buffer.data()) % AlignedBuffer::kAlignment, 0u);
        EXPECT_EQ(buffer.size(), size);
        EXPECT_EQ(buffer.bytes().size(), size);
        EXPECT_EQ(buffer.as<float>().size(), size / 4);
        // A whole vector may be stored at the last byte.
        for (size_t i = 0; i < 64; ++i) buffer.data()[size - 1 + i] = std::byte{1};
    }
    EXPECT_EQ(AlignedBuffer().data(), nullptr);
    EXPECT_EQ(AlignedBuffer(0).size(), 0u);
}

}  // namespace
}  // namespace halftone
