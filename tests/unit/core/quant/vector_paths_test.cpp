// SPDX-License-Identifier: GPL-3.0-or-later
// The vectorized codecs against the scalar ones, bit by bit, on every instruction set that this processor has and
// the code is compiled for.
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#include <gtest/gtest.h>
#include <hwy/targets.h>

#include "core/quant/formats/codec.h"
#include "core/quant/formats/level_family.h"
#include "core/quant/formats/partition_kernels.h"
#include "core/quant/methods/quantize.h"
#include "core/quant/methods/tile_kernels.h"
#include "core/tensor/float16.h"
#include "tests/support/test_paths.h"
#include "tests/unit/core/quant/test_data.h"

namespace halftone {
namespace {

bool sameFloat(float a, float b) {
    return std::bit_cast<uint32_t>(a) == std::bit_cast<uint32_t>(b) || (std::isnan(a) && std::isnan(b));
}

/// Runs each test once per instruction set.
class VectorPaths : public testing::TestWithParam<int64_t> {
  protected:
    void SetUp() override {
        hwy::SetSupportedTargetsForTest(GetParam());
        hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    }
    void TearDown() override {
        hwy::SetSupportedTargetsForTest(0);
        hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    }

    static void compareEncoders(const Format& format, int64_t rows, int64_t cols, const test::NamedValues& input,
                                bool weighted) {
        const PackedLayout layout = PackedLayout::of(format, cols);
        const auto [low, high] = std::ranges::minmax(input.values);
        const std::vector<float> weights = test::importanceWeights(static_cast<size_t>(cols), 5);
        EncodeOptions options{.importance = {}, .tensorMin = low, .tensorMax = high};
        if (weighted) options.importance = weights;
        std::vector<std::byte> expected(static_cast<size_t>(rows * layout.rowBytes), std::byte{0xAA});
        std::vector<std::byte> packed(expected.size(), std::byte{0x55});
        HT_ASSERT_OK(encodeRowsReference(layout, input.values, rows, options, expected));
        HT_ASSERT_OK(encodeRows(layout, input.values, rows, options, packed));
        for (size_t i = 0; i < packed.size(); ++i) {
            ASSERT_EQ(packed[i], expected[i])
                << format.name() << (weighted ? " weighted, " : ", ") << input.name << ", byte " << i;
        }
    }

    static void compareDecoders(const Format& format, int64_t rows, int64_t cols, std::vector<std::byte> packed) {
        const PackedLayout layout = PackedLayout::of(format, cols);
        packed.resize(static_cast<size_t>(rows * layout.rowBytes));
        packed.shrink_to_fit();
        std::vector<float> expected(static_cast<size_t>(rows * cols));
        std::vector<float> decoded(expected.size());
        HT_ASSERT_OK(decodeRowsReference(layout, packed, rows, expected));
        HT_ASSERT_OK(decodeRows(layout, packed, rows, decoded));
        for (size_t i = 0; i < decoded.size(); ++i) {
            ASSERT_TRUE(sameFloat(decoded[i], expected[i]))
                << format.name() << " element " << i << ": " << decoded[i] << ", not " << expected[i];
        }
    }
};

TEST_P(VectorPaths, EncodersWriteTheScalarBytes) {
    constexpr int64_t kRows = 2;
    constexpr int64_t kCols = 256 * 5;  // five super-blocks: a full batch and a rest
    const auto inputs = test::adversarialInputs(static_cast<size_t>(kRows * kCols));
    for (const Format& format : test::encodableFormats()) {
        for (const test::NamedValues& input : inputs) {
            compareEncoders(format, kRows, kCols, input, false);
            if (format.isStorage()) compareEncoders(format, kRows, kCols, input, true);
            if (HasFatalFailure()) return;
        }
    }
}

TEST_P(VectorPaths, EncodersWriteTheScalarBytesOfOddRows) {
    for (const int64_t cols : {1, 7, 15, 16, 17, 31, 33, 100, 257, 300}) {
        for (const test::NamedValues& input : test::adversarialInputs(static_cast<size_t>(3 * cols))) {
            for (const Format& format : test::encodableFormats()) {
                if (!format.fitsRow(cols)) continue;
                compareEncoders(format, 3, cols, input, false);
                if (HasFatalFailure()) return;
            }
        }
    }
}

TEST_P(VectorPaths, DecodersGiveTheScalarValuesOfAnyBytes) {
    for (int type = 0; type < static_cast<int>(DType::kCount); ++type) {
        const Format format = Format::of(static_cast<DType>(type));
        if (!canDecode(format)) continue;
        compareDecoders(format, 9, 768, test::randomBytes(9 * 768 * 8, static_cast<uint32_t>(type)));
        if (HasFatalFailure()) return;
    }
    for (const Format& format : test::encodableFormats()) {
        for (const int64_t cols : {1, 15, 16, 33, 100, 256, 300}) {
            if (!format.fitsRow(cols)) continue;
            compareDecoders(format, 3, cols, test::randomBytes(static_cast<size_t>(3 * cols * 8 + 64), 77));
            if (HasFatalFailure()) return;
        }
    }
}

/// Values one after the other: runs in binary32, what is left in binary64.
ErrorSums definedErrorSums(std::span<const float> x, std::span<const float> y) {
    ErrorSums sums;
    for (size_t begin = 0; begin < x.size(); begin += kErrorRun) {
        const size_t end = std::min(x.size(), begin + kErrorRun);
        float most = 0;
        for (size_t i = begin; i < end; ++i) most = std::max({most, std::fabs(x[i]), std::fabs(y[i])});
        const bool isRun = end - begin == kErrorRun && (most == 0 || (most >= 0x1p-40f && most <= 0x1p60f));
        std::array<std::array<float, 3>, kErrorLanes> run{};
        for (size_t i = begin; i < end; ++i) {
            const size_t lane = i % kErrorLanes;
            const float error = x[i] - y[i];
            sums.largest = std::max(sums.largest, std::fabs(error));
            if (isRun) {
                run[lane][0] += error * error;
                run[lane][1] += x[i] * x[i];
                run[lane][2] += y[i] * y[i];
            } else {
                const double wide = double(x[i]) - double(y[i]);
                sums.errors[lane] += wide * wide;
                sums.squares[lane] += double(x[i]) * double(x[i]);
                sums.quantizedSquares[lane] += double(y[i]) * double(y[i]);
            }
        }
        for (size_t lane = 0; lane < kErrorLanes && isRun; ++lane) {
            sums.errors[lane] += double(run[lane][0]);
            sums.squares[lane] += double(run[lane][1]);
            sums.quantizedSquares[lane] += double(run[lane][2]);
        }
    }
    return sums;
}

double relativeMseInDoubles(std::span<const float> x, std::span<const float> y) {
    double errors = 0, squares = 0;
    for (size_t i = 0; i < x.size(); ++i) {
        errors += (double(x[i]) - double(y[i])) * (double(x[i]) - double(y[i]));
        squares += double(x[i]) * double(x[i]);
    }
    return errors / squares;
}

TEST_P(VectorPaths, ErrorSumsAreThoseOfTheDefinition) {
    for (const size_t count : {0u, 1u, 7u, 8u, 9u, 100u, 128u, 1003u, 4096u}) {
        std::vector<float> x = test::gaussian(count, 1.0f, 12), y = test::gaussian(count, 1.0f, 13);
        // Runs of zeros, of numbers whose squares binary32 does not hold, and of both beside others.
        for (size_t i = 0; i < count; ++i) {
            const size_t run = i / kErrorRun % 8;
            const float scale = run == 1                 ? 0.0f
                                : run == 2               ? 1e-30f
                                : run == 3               ? 1e30f
                                : run == 4 && i % 7 == 0 ? 1e-30f
                                                         : 1.0f;
            x[i] *= scale;
            y[i] *= scale;
        }
        const ErrorSums found = sumErrors(x, y), expected = definedErrorSums(x, y);
        EXPECT_EQ(found.errors, expected.errors) << count;
        EXPECT_EQ(found.squares, expected.squares) << count;
        EXPECT_EQ(found.quantizedSquares, expected.quantizedSquares) << count;
        EXPECT_EQ(found.largest, expected.largest) << count;
        EXPECT_EQ(countNonFinite(x), 0);
        if (count < 9) continue;
        x[0] = NAN;
        x[count - 1] = -INFINITY;
        x[count / 2] = INFINITY;
        EXPECT_EQ(countNonFinite(x), 3) << count;
    }
}

/// However small or large the numbers: binary32 would lose the squares of the first and last.
TEST_P(VectorPaths, ErrorFiguresHaveSixDigits) {
    for (const float scale : {1e-40f, 1e-30f, 1e-15f, 1.0f, 1e15f, 1e30f}) {
        const std::vector<float> x = test::gaussian(20000, scale, 21), noise = test::gaussian(20000, scale * 0.01f, 22);
        std::vector<float> y(x.size());
        for (size_t i = 0; i < x.size(); ++i) y[i] = x[i] + noise[i];
        Distortion distortion;
        distortion.add(x, y);
        const double expected = relativeMseInDoubles(x, y);
        EXPECT_NEAR(distortion.relativeMse(), expected, 1e-6 * expected) << scale;
        EXPECT_NEAR(distortion.cosine(), 1 / std::sqrt(1 + expected), 1e-4) << scale;
    }
}

TEST_P(VectorPaths, BestSplitsAreThoseOfTheDefinition) {
    std::vector<float> values = test::gaussian(300, 1.0f, 8), weights = test::importanceWeights(300, 9);
    std::ranges::sort(values);
    for (size_t i = 40; i < 60; ++i) values[i] = values[40];  // costs that are equal
    for (size_t i = 100; i < 130; ++i) weights[i] = 0;
    BorderSums sums{{0.0}, {0.0}, {0.0}};
    std::vector<double> before{0.0};
    for (size_t i = 0; i < values.size(); ++i) {
        const double weight = weights[i], value = values[i];
        sums.weight.push_back(sums.weight[i] + weight);
        sums.first.push_back(sums.first[i] + weight * value);
        sums.second.push_back(sums.second[i] + weight * value * value);
        before.push_back(clusterCost(sums, 0, i + 1));
    }
    before[70] = INFINITY;
    for (const auto& [first, last, end] : {std::array<size_t, 3>{0, 299, 300},
                                           {0, 0, 10},
                                           {3, 11, 90},
                                           {41, 59, 60},
                                           {99, 131, 131},
                                           {70, 70, 100},
                                           {5, 257, 280}}) {
        Split expected{INFINITY, first};
        for (size_t begin = first; begin <= last; ++begin) {
            const double cost = before[begin] + clusterCost(sums, begin, end);
            if (cost < expected.cost) expected = {cost, begin};
        }
        const Split found = bestSplit(sums, before, {first, last}, end);
        EXPECT_EQ(found.cost, expected.cost) << first << " to " << last;
        EXPECT_EQ(found.at, expected.at) << first << " to " << last;
    }
}

TEST_P(VectorPaths, LevelErrorsAreThoseOfTheDefinition) {
    for (int id = 0; id < static_cast<int>(LevelTable::kCount); ++id) {
        const LevelTableInfo& table = levelTable(static_cast<LevelTable>(id));
        for (const size_t count : {1u, 15u, 16u, 47u, 256u}) {
            const std::vector<float> values = test::gaussian(count, 1.0f, 3),
                                     weights = test::importanceWeights(count, 4);
            for (const float* weight : {static_cast<const float*>(nullptr), weights.data()}) {
                std::array<float, 16> sums{};
                for (size_t i = 0; i < count; ++i) {
                    const auto code = static_cast<size_t>(levelCode(table, 0.3f, values[i]));
                    const float error = table.levels[code] * 0.3f - values[i];
                    sums[i % 16] += weight ? error * error * weight[i] : error * error;
                }
                float expected = 0;
                for (const float sum : sums) expected += sum;
                ASSERT_EQ(levelError(table, 0.3f, values, weight), expected) << table.name << " " << count;
            }
        }
    }
}

TEST_P(VectorPaths, HalfFloatsAgreeOnEveryPattern) {
    std::vector<std::byte> patterns(2 * 65536);
    for (size_t i = 0; i < 65536; ++i) {
        patterns[2 * i] = static_cast<std::byte>(i & 0xFF);
        patterns[2 * i + 1] = static_cast<std::byte>(i >> 8);
    }
    for (const DType type : {DType::kF16, DType::kBF16}) {
        const PackedLayout layout = PackedLayout::of(Format::of(type), 65536);
        std::vector<float> expected(65536);
        std::vector<float> decoded(65536);
        HT_ASSERT_OK(decodeRowsReference(layout, patterns, 1, expected));
        HT_ASSERT_OK(decodeRows(layout, patterns, 1, decoded));
        for (size_t i = 0; i < 65536; ++i) {
            ASSERT_EQ(std::bit_cast<uint32_t>(decoded[i]), std::bit_cast<uint32_t>(expected[i]))
                << dtypeInfo(type).name << " pattern " << i;
        }
    }
}

TEST_P(VectorPaths, RoundingToSixteenBitsAgreesAroundEveryHalf) {
    // Each half, the midpoint to the next one, and its neighbours; also NaN and infinities of both signs.
    std::vector<float> values;
    for (uint32_t half = 0; half < 65536; ++half) {
        const uint32_t bits = std::bit_cast<uint32_t>(halfToFloat(static_cast<uint16_t>(half)));
        for (const uint32_t offset : {0x0FFFu, 0x1000u, 0x1001u, 0x7FFFu, 0x8000u, 0x8001u})
            values.push_back(std::bit_cast<float>(bits + offset));
    }
    for (uint32_t i = 0; i < 4096; ++i) values.push_back(std::bit_cast<float>(i * 0x00100001u));
    const auto cols = static_cast<int64_t>(values.size());
    for (const DType type : {DType::kF16, DType::kBF16}) {
        const PackedLayout layout = PackedLayout::of(Format::of(type), cols);
        std::vector<std::byte> expected(static_cast<size_t>(layout.rowBytes));
        std::vector<std::byte> packed(expected.size());
        HT_ASSERT_OK(encodeRowsReference(layout, values, 1, {}, expected));
        HT_ASSERT_OK(encodeRows(layout, values, 1, {}, packed));
        const auto [a, b] = std::ranges::mismatch(expected, packed);
        ASSERT_EQ(a, expected.end()) << dtypeInfo(type).name << " of "
                                     << values[static_cast<size_t>(a - expected.begin()) / 2];
    }
}

std::string targetName(const testing::TestParamInfo<int64_t>& parameter) {
    return hwy::TargetName(parameter.param);
}

INSTANTIATE_TEST_SUITE_P(EveryTarget, VectorPaths, testing::ValuesIn(hwy::SupportedAndGeneratedTargets()), targetName);

}  // namespace
}  // namespace halftone
