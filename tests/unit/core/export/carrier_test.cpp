// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/export/carrier.h"

#include <cmath>
#include <random>

#include <gtest/gtest.h>

#include "core/quant/formats/codec.h"
#include "tests/support/test_paths.h"

namespace halftone::test {
namespace {

constexpr int64_t kRows = 5;

std::vector<float> randomRows(int64_t cols) {
    std::mt19937_64 random(7);
    std::normal_distribution<float> normal(0.01f, 0.05f);
    std::vector<float> values(static_cast<size_t>(kRows * cols));
    for (float& value : values) value = normal(random);
    return values;
}

struct Carried {
    std::vector<float> meant, held;
};

// Encodes, carries, and decodes both.
Carried carry(const Format& format, int64_t cols) {
    const PackedLayout layout = PackedLayout::of(format, cols);
    std::vector<std::byte> packed(static_cast<size_t>(kRows * layout.rowBytes));
    const std::vector<float> values = randomRows(cols);
    const EncodeOptions options{.importance = {}, .tensorMin = -0.3f, .tensorMax = 0.3f};
    EXPECT_TRUE(encodeRows(layout, values, kRows, options, packed));
    const DType storage = chooseCarrier(format, cols).storage;
    const PackedLayout carrier = PackedLayout::of(Format::of(storage), cols);
    std::vector<std::byte> carried(static_cast<size_t>(kRows * carrier.rowBytes));
    const auto status = carryRows(layout, packed, kRows, storage, carried);
    EXPECT_TRUE(status.has_value());
    Carried out{std::vector<float>(values.size()), std::vector<float>(values.size())};
    EXPECT_TRUE(decodeRows(layout, packed, kRows, out.meant));
    EXPECT_TRUE(decodeRows(carrier, carried, kRows, out.held));
    return out;
}

struct Expectation {
    const char* format;
    int64_t cols;
    DType storage;
    bool exact;
};

class Carriers : public testing::TestWithParam<Expectation> {};

TEST_P(Carriers, HoldTheValues) {
    const auto& [name, cols, storage, exact] = GetParam();
    const Format format = Format::parse(name).value();
    const Carrier carrier = chooseCarrier(format, cols);
    EXPECT_EQ(carrier.storage, storage);
    EXPECT_EQ(carrier.exact, exact);
    const Carried values = carry(format, cols);
    float largest = 0;
    for (float value : values.meant) largest = std::max(largest, std::abs(value));
    ASSERT_GT(largest, 0);
    for (size_t i = 0; i < values.meant.size(); ++i) {
        if (exact) {
            ASSERT_EQ(values.held[i], values.meant[i]) << i;
        } else {
            // Half a unit in the last place of an F16, of the value or of its group's minimum.
            ASSERT_NEAR(values.held[i], values.meant[i], largest * 0x1p-10f) << i;
        }
    }
}

INSTANTIATE_TEST_SUITE_P(
    All, Carriers,
    testing::Values(
        Expectation{"int2_g32_sym", 128, DType::kQ4_0, true}, Expectation{"int3_g64_sym", 128, DType::kQ4_0, true},
        Expectation{"int4_g32_sym", 96, DType::kQ4_0, true}, Expectation{"int4_g128_sym", 256, DType::kQ4_0, true},
        // The last group is shorter.
        Expectation{"int4_g128_sym", 160, DType::kQ4_0, true}, Expectation{"int4_channel_sym", 352, DType::kQ4_0, true},
        Expectation{"int4_tensor_sym", 64, DType::kQ4_0, true}, Expectation{"int5_g64_sym", 128, DType::kQ5_0, true},
        Expectation{"int6_g32_sym", 128, DType::kQ8_0, true}, Expectation{"int7_channel_sym", 128, DType::kQ8_0, true},
        Expectation{"int8_g256_sym", 512, DType::kQ8_0, true}, Expectation{"int8_channel_sym", 64, DType::kQ8_0, true},
        Expectation{"int2_g32_asym", 64, DType::kQ4_1, false}, Expectation{"int3_g128_asym", 128, DType::kQ4_1, false},
        Expectation{"int4_g64_asym", 128, DType::kQ4_1, false},
        Expectation{"int5_channel_asym", 128, DType::kQ5_1, false},
        // A minimum that is F16 already.
        Expectation{"int2_g32_fzero", 64, DType::kQ4_1, true}, Expectation{"int4_g64_fzero", 160, DType::kQ4_1, true},
        Expectation{"int5_channel_fzero", 128, DType::kQ5_1, true},
        Expectation{"int5_tensor_fzero", 128, DType::kQ5_1, true},
        Expectation{"int6_g64_fzero", 128, DType::kF16, false}, Expectation{"int4_g16_fzero", 128, DType::kF16, false},
        Expectation{"int4_g64_fzero_f32", 128, DType::kF16, false},
        Expectation{"int4_g64_sym_dq", 128, DType::kF16, false},
        Expectation{"int4_g64_fzero_dq", 128, DType::kF16, false}, Expectation{"nf4_g64_dq", 128, DType::kF16, false},
        Expectation{"int8_g32_asym", 128, DType::kF16, false}, Expectation{"int6_tensor_asym", 128, DType::kF16, false},
        // Two groups share a block of 32, or the block does not divide the row.
        Expectation{"int4_g16_sym", 128, DType::kF16, false}, Expectation{"int4_g128_sym", 172, DType::kF16, false},
        Expectation{"int8_channel_sym", 172, DType::kF16, false},
        // Only F16 scales have a place in the blocks.
        Expectation{"int4_g32_sym_bf16", 128, DType::kF16, false}, Expectation{"ternary_g32", 128, DType::kQ4_0, true},
        Expectation{"ternary_channel", 96, DType::kQ4_0, true}, Expectation{"binary_g128", 256, DType::kQ4_0, true},
        Expectation{"binary_g16", 128, DType::kF16, false}, Expectation{"nf4_g64", 128, DType::kF16, false},
        Expectation{"fp8_e4m3_b128x128", 256, DType::kF16, false},
        Expectation{"kmeans4_channel", 100, DType::kF16, true}, Expectation{"mxfp6_e3m2", 64, DType::kF16, false},
        Expectation{"apot4_g64", 128, DType::kF16, false}));

}  // namespace
}  // namespace halftone::test
