// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quant/methods/learned_codes.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include <gtest/gtest.h>

#include "core/quant/methods/quantize.h"
#include "tests/support/test_paths.h"
#include "tests/unit/core/quant/method_support.h"

namespace halftone::test {
namespace {

constexpr int64_t kRows = 5, kCols = 32;

/// Q4_0 rows of other values than those that they are to stand for.
struct Learned {
    std::vector<float> values = correlatedInputs(kRows, kCols, 1);
    std::vector<std::byte> bytes;
    std::shared_ptr<const RowEncoder> encoder;

    Learned() {
        const PackedLayout layout = PackedLayout::of(Format::of(DType::kQ4_0), kCols);
        bytes.resize(static_cast<size_t>(kRows * layout.rowBytes));
        EXPECT_TRUE(encodeRows(layout, correlatedInputs(kRows, kCols, 2), kRows, {}, bytes));
        const PackedTensor packed{.layout = layout, .rows = kRows, .bytes = bytes, .owner = nullptr};
        encoder = createLearnedEncoder(packed, values);
    }
};

TEST(LearnedCodes, RowsAreKnownByTheirValuesInAnyOrder) {
    const Learned learned;
    const PackedLayout layout = PackedLayout::of(Format::of(DType::kQ4_0), kCols);
    std::vector<float> reversed;
    for (int64_t row = kRows - 1; row >= 0; --row) {
        reversed.insert(reversed.end(), learned.values.begin() + row * kCols,
                        learned.values.begin() + (row + 1) * kCols);
    }
    std::vector<std::byte> packed(learned.bytes.size());
    HT_ASSERT_OK(learned.encoder->encode(layout, reversed, kRows, packed, JobContext()));
    const auto bytes = static_cast<size_t>(layout.rowBytes);
    for (size_t row = 0; row < kRows; ++row) {
        EXPECT_EQ(std::memcmp(packed.data() + row * bytes, learned.bytes.data() + (kRows - 1 - row) * bytes, bytes), 0);
    }
}

TEST(LearnedCodes, OtherValuesAndOtherFormatsAreRefused) {
    Learned learned;
    learned.values[3] += 1;
    std::vector<std::byte> packed(learned.bytes.size());
    const Status changed = learned.encoder->encode(PackedLayout::of(Format::of(DType::kQ4_0), kCols), learned.values,
                                                   kRows, packed, JobContext());
    ASSERT_FALSE(changed);
    EXPECT_EQ(changed.error().code, ErrorCode::kInvalidData);
    learned.values[3] -= 1;
    packed.resize(4096);
    EXPECT_FALSE(learned.encoder->encode(PackedLayout::of(Format::of(DType::kQ8_0), kCols), learned.values, kRows,
                                         packed, JobContext()));
}

TEST(LearnedCodes, TheBlocksLastUsedStay) {
    LearnedCodes store;
    EXPECT_EQ(store.find(1), nullptr);
    const auto block = [](int64_t bytes) {
        auto made = std::make_shared<LearnedBlock>();
        made->bytes = bytes;
        return made;
    };
    store.add(1, block(LearnedCodes::kMostBytes / 2));
    store.add(2, block(LearnedCodes::kMostBytes / 2));
    EXPECT_TRUE(store.find(1));
    store.add(3, block(LearnedCodes::kMostBytes / 2));
    EXPECT_TRUE(store.find(1)) << "it was asked for after the second";
    EXPECT_FALSE(store.find(2));
    EXPECT_TRUE(store.find(3));
    store.add(4, block(2 * LearnedCodes::kMostBytes));
    EXPECT_TRUE(store.find(4)) << "one that is too large alone is kept all the same";
    EXPECT_FALSE(store.find(3));
}

}  // namespace
}  // namespace halftone::test
