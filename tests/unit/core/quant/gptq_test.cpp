// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quant/methods/gptq.h"

#include <array>
#include <cmath>
#include <numeric>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/quant/formats/codec.h"
#include "core/quant/formats/integer_family.h"
#include "core/quant/methods/awq.h"
#include "core/quant/methods/cholesky.h"
#include "core/quant/methods/error_report.h"
#include "core/quant/methods/smooth_quant.h"
#include "core/tensor/float16.h"
#include "tests/support/test_paths.h"
#include "tests/unit/core/quant/method_support.h"
#include "tests/unit/core/quant/test_data.h"

namespace halftone::test {
namespace {

using testing::HasSubstr;

SquareMatrix positiveDefinite(int64_t size, uint32_t seed) {
    const auto factors = gaussian(static_cast<size_t>(size * (size + 8)), 1.0f, seed);
    SquareMatrix matrix{size, std::vector<double>(static_cast<size_t>(size * size))};
    for (int64_t i = 0; i < size; ++i) {
        for (int64_t j = 0; j < size; ++j) {
            double sum = i == j ? 0.5 : 0.0;
            for (int64_t t = 0; t < size + 8; ++t) {
                sum += double(factors[static_cast<size_t>(i * (size + 8) + t)]) *
                       double(factors[static_cast<size_t>(j * (size + 8) + t)]);
            }
            matrix.at(i, j) = sum;
        }
    }
    return matrix;
}

TEST(Cholesky, FactorAndInverseMultiplyBack) {
    for (const int64_t size : {1, 63, 64, 65, 200}) {
        const SquareMatrix original = positiveDefinite(size, 4);
        SquareMatrix factor = original;
        HT_ASSERT_OK(factorCholesky(factor, contextOf(2)));
        SquareMatrix inverse = factor;
        HT_ASSERT_OK(invertLower(inverse, contextOf(2)));
        for (int64_t i = 0; i < size; ++i) {
            for (int64_t j = 0; j < size; ++j) {
                double product = 0, identity = 0;
                for (int64_t t = 0; t < size; ++t) {
                    product += factor.at(i, t) * factor.at(j, t);
                    identity += factor.at(i, t) * inverse.at(t, j);
                }
                ASSERT_NEAR(product, original.at(i, j), 1e-9 * double(size)) << size << ": " << i << ", " << j;
                ASSERT_NEAR(identity, i == j ? 1.0 : 0.0, 1e-9) << size << ": " << i << ", " << j;
            }
        }
        SquareMatrix alone = original;
        HT_ASSERT_OK(factorCholesky(alone, contextOf(1)));
        EXPECT_EQ(alone.values, factor.values) << "the result depends on the number of threads";
    }
    SquareMatrix indefinite = positiveDefinite(130, 4);
    indefinite.at(129, 129) = -1;
    EXPECT_EQ(factorCholesky(indefinite, contextOf(2)).error().code, ErrorCode::kInvalidData);
}

/// The method as the paper defines it before it becomes fast: after each column the inverse Hessian of the columns
/// that are left is found by elimination.
std::vector<float> optimalBrainQuantizer(const MatrixRows& source, const Hessian& hessian, double damping,
                                         const Format& type) {
    const auto n = static_cast<size_t>(source.cols());
    std::vector<double> h(n * n);
    double trace = 0;
    for (size_t i = 0; i < n; ++i) trace += double(hessian.at(int64_t(i), int64_t(i))) / double(hessian.tokens);
    SquareMatrix matrix{source.cols(), std::vector<double>(n * n)};
    for (int64_t i = 0; i < source.cols(); ++i) {
        for (int64_t j = 0; j < source.cols(); ++j) {
            matrix.at(i, j) =
                double(hessian.at(i, j)) / double(hessian.tokens) + (i == j ? damping * trace / double(n) : 0);
        }
    }
    HT_CHECK(factorCholesky(matrix, contextOf(1)).has_value());
    HT_CHECK(invertLower(matrix, contextOf(1)).has_value());
    for (size_t i = 0; i < n; ++i) {
        for (size_t j = 0; j < n; ++j) {
            double sum = 0;
            for (size_t t = 0; t < n; ++t) sum += matrix.at(int64_t(t), int64_t(i)) * matrix.at(int64_t(t), int64_t(j));
            h[i * n + j] = sum;
        }
    }
    std::vector<double> w(source.values().begin(), source.values().end());
    std::vector<float> out(w.size());
    std::vector<IntegerGrid> grids;
    for (size_t row = 0; row < static_cast<size_t>(source.rows()); ++row) {
        const auto [low, high] =
            std::minmax_element(source.values().begin() + long(row * n), source.values().begin() + long((row + 1) * n));
        grids.push_back(integerGrid(type.integer(), {*low, *high}));
    }
    for (size_t i = 0; i < n; ++i) {
        for (size_t row = 0; row < grids.size(); ++row) {
            double* own = w.data() + row * n;
            const int code = integerCode(type.integer(), grids[row], float(own[i]));
            out[row * n + i] = float(code - grids[row].zero) * grids[row].scale;
            const double error = (own[i] - double(out[row * n + i])) / h[i * n + i];
            for (size_t j = i; j < n; ++j) own[j] -= error * h[i * n + j];
        }
        const double pivot = h[i * n + i];
        const std::vector<double> pivotRow(h.begin() + long(i * n), h.begin() + long((i + 1) * n));
        for (size_t a = 0; a < n; ++a) {
            for (size_t b = 0; b < n; ++b) h[a * n + b] -= pivotRow[a] * pivotRow[b] / pivot;
        }
    }
    return out;
}

TEST(Gptq, EqualsTheDefinitionOnASmallLayer) {
    constexpr int64_t kRows = 12, kCols = 80;
    const MatrixRows source(kRows, kCols, gaussian(kRows * kCols, 0.1f, 21));
    const InputStatistics statistics = statisticsOf(correlatedInputs(600, kCols, 22), kCols);
    const auto result =
        quantizeBy(source, "int4_channel_asym", "gptq:act_order=0:static_groups=0:mse=0:refine=0", &statistics);
    HT_ASSERT_OK(result);
    const auto expected = optimalBrainQuantizer(source, *statistics.hessian, 0.01, format("int4_channel_asym"));
    int64_t differing = 0;
    for (size_t i = 0; i < expected.size(); ++i) differing += expected[i] != result->decoded[i] ? 1 : 0;
    // A value within rounding error of the middle of two levels may fall on either side, and drags others along.
    EXPECT_LE(differing, 5) << "of " << expected.size();
}

TEST(Gptq, RefiningNeverAddsError) {
    constexpr int64_t kRows = 70, kCols = 256;
    const MatrixRows source(kRows, kCols, gaussian(kRows * kCols, 0.05f, 35));
    const auto inputs = correlatedInputs(600, kCols, 36);
    const InputStatistics statistics = statisticsOf(inputs, kCols);
    for (const char* name : {"int2_g64_asym", "int3_g32_sym", "int4_g128_asym", "int4_g64_fzero", "int4_g64_sym_dq",
                             "int4_channel_asym", "nf4_g64", "fp8_e4m3_channel", "mxfp6_e2m3", "kmeans3_channel",
                             "q4_0", "q3_k", "q4_k", "int4_g64_sym+2of4", "f16+sparse50"}) {
        const bool isSparse = std::string_view(name).find('+') != std::string_view::npos;
        double before = 0;
        for (const char* passes : {"0", "1", "3", "20"}) {
            const std::string by = std::string(isSparse ? "sparsegpt" : "gptq") + ":refine=" + passes;
            const auto result = quantizeBy(source, name, by, &statistics);
            HT_ASSERT_OK(result);
            const double error = directOutputError(source, result->decoded, inputs);
            if (before > 0) {
                EXPECT_LE(error, before * 1.002) << name << " " << by;
            }
            if (std::string_view(passes) == "3") {
                EXPECT_LT(error, before) << name;
            }
            before = error;
            EXPECT_EQ(quantizeBy(source, name, by, &statistics, 1)->decoded, result->decoded) << name;
        }
    }
}

/// What a pass aims at: with the scales as they are, no single code can move to a better level.
TEST(Gptq, AfterRefiningNoCodeCanMove) {
    constexpr int64_t kRows = 6, kCols = 64;
    const MatrixRows source(kRows, kCols, gaussian(kRows * kCols, 0.05f, 37));
    const InputStatistics statistics = statisticsOf(correlatedInputs(400, kCols, 38), kCols);
    const auto result = quantizeBy(source, "q4_0", "gptq:refine=100:damping=0.01", &statistics);
    HT_ASSERT_OK(result);
    double trace = 0;
    for (int64_t i = 0; i < kCols; ++i) trace += double(statistics.hessian->at(i, i));
    const double added = 0.01 * trace / kCols;
    for (int64_t row = 0; row < kRows; ++row) {
        const auto at = [&](int64_t col) { return static_cast<size_t>(row * kCols + col); };
        for (int64_t col = 0; col < kCols; ++col) {
            const auto bytes = result->tensor.packed.row(row).subspan(size_t(col / 32 * 18), 2);
            const double step = std::abs(
                double(halfToFloat(uint16_t(std::to_integer<int>(bytes[0]) | std::to_integer<int>(bytes[1]) << 8))));
            const double curvature = double(statistics.hessian->at(col, col)) + added;
            double gradient = added * (double(result->decoded[at(col)]) - double(source.values()[at(col)]));
            for (int64_t i = 0; i < kCols; ++i) {
                gradient += double(statistics.hessian->at(col, i)) *
                            (double(result->decoded[at(i)]) - double(source.values()[at(i)]));
            }
            const double wanted = std::abs(gradient / curvature);  // how far the best value is away
            const double level = std::abs(double(result->decoded[at(col)])) / step;
            if (level > 6.5) continue;  // at the end of the grid it cannot go further
            EXPECT_LE(wanted, 0.501 * step) << row << ", " << col;
        }
    }
}

TEST(Gptq, LeavesLessOutputErrorThanNearestForEveryFormat) {
    constexpr int64_t kRows = 96, kCols = 512;
    const MatrixRows source(kRows, kCols, gaussian(kRows * kCols, 0.05f, 31));
    const auto inputs = correlatedInputs(700, kCols, 32);
    const InputStatistics statistics = statisticsOf(inputs, kCols);
    for (const char* name : {"int2_g64_asym",
                             "int3_g128_sym",
                             "int4_g128_asym",
                             "int4_channel_asym",
                             "int8_g32_sym",
                             "int3_g64_fzero",
                             "int4_g64_fzero_dq",
                             "int3_g32_sym_dq",
                             "int4_g64_asym_dq",
                             "nf4_g64",
                             "nf4_g64_dq",
                             "fp4_e2m1_g32",
                             "apot4_g64",
                             "ternary_g128",
                             "fp8_e4m3_channel",
                             "kmeans3_channel",
                             "mxfp6_e3m2",
                             "q4_0",
                             "q4_1",
                             "q5_0",
                             "q5_1",
                             "q8_0",
                             "q2_k",
                             "q3_k",
                             "q4_k",
                             "q5_k",
                             "q6_k"}) {
        const auto nearest = quantizeBy(source, name, "nearest", &statistics);
        HT_ASSERT_OK(nearest);
        const double before = directOutputError(source, nearest->decoded, inputs);
        for (const char* by :
             {"gptq", "gptq:act_order=0", "gptq:static_groups=1", "gptq:act_order=0:static_groups=1"}) {
            const auto gptq = quantizeBy(source, name, by, &statistics);
            HT_ASSERT_OK(gptq);
            EXPECT_LT(directOutputError(source, gptq->decoded, inputs), 0.9 * before) << name << " " << by;
        }
    }
}

TEST(Gptq, ActOrderKeepsGroupsWhole) {
    constexpr int64_t kCols = 200;  // groups of 64, the last one of 8
    const InputStatistics statistics = statisticsOf(correlatedInputs(300, kCols, 35), kCols);
    const Hessian& hessian = *statistics.hessian;
    const auto factor = factorHessian(hessian, {.groupColumns = 64}, contextOf(1));
    HT_ASSERT_OK(factor);
    const auto& order = (*factor)->order;
    double before = 1e300;
    for (size_t begin = 0; begin < kCols; begin += 64) {
        const size_t end = std::min<size_t>(kCols, begin + 64);
        double activity = 0;
        for (size_t i = begin; i < end; ++i) {
            EXPECT_EQ(order[i] / 64, order[begin] / 64) << "position " << i;
            activity += double(hessian.at(order[i], order[i]));
            if (i > begin) {
                EXPECT_GE(hessian.at(order[i - 1], order[i - 1]), hessian.at(order[i], order[i]));
            }
        }
        if (end < kCols) {
            EXPECT_LE(activity, before);
        }
        before = activity;
    }
    EXPECT_EQ(order.back() / 64, 3) << "the shorter group comes last";
    const MatrixRows source(20, kCols, gaussian(20 * kCols, 1.0f, 36));
    const auto inputs = correlatedInputs(300, kCols, 35);
    const auto nearest = quantizeBy(source, "int3_g64_asym", "nearest");
    const auto gptq = quantizeBy(source, "int3_g64_asym", "gptq", &statistics);
    HT_ASSERT_OK(gptq);
    EXPECT_LT(directOutputError(source, gptq->decoded, inputs),
              0.7 * directOutputError(source, nearest->decoded, inputs));
}

TEST(Gptq, UncorrelatedInputsChangeNothing) {
    constexpr int64_t kCols = 96;
    const MatrixRows source(20, kCols, gaussian(20 * kCols, 1.0f, 41));
    std::vector<float> inputs(static_cast<size_t>(kCols * kCols), 0.0f);
    for (size_t i = 0; i < kCols; ++i) inputs[i * kCols + i] = 2.0f;
    const InputStatistics statistics = statisticsOf(inputs, kCols);
    const auto nearest = quantizeBy(source, "int3_g32_asym", "nearest");
    const auto gptq = quantizeBy(source, "int3_g32_asym", "gptq:mse=0:refine=0", &statistics);
    HT_ASSERT_OK(gptq);
    EXPECT_EQ(gptq->decoded, nearest->decoded);
}

TEST(Gptq, SameBytesOnAnyThreadCountAndTile) {
    constexpr int64_t kRows = 150, kCols = 320;
    const MatrixRows source(kRows, kCols, gaussian(kRows * kCols, 1.0f, 51));
    const InputStatistics statistics = statisticsOf(correlatedInputs(400, kCols, 52), kCols);
    const auto two = quantizeBy(source, "int4_g64_asym", "gptq", &statistics, 2);
    const auto one = quantizeBy(source, "int4_g64_asym", "gptq", &statistics, 1);
    HT_ASSERT_OK(two);
    HT_ASSERT_OK(one);
    EXPECT_EQ(one->decoded, two->decoded);
    const MatrixRows lastRow(1, kCols, {source.values().end() - kCols, source.values().end()});
    const auto alone = quantizeBy(lastRow, "int4_g64_asym", "gptq", &statistics);
    HT_ASSERT_OK(alone);
    EXPECT_TRUE(std::equal(alone->decoded.begin(), alone->decoded.end(), one->decoded.end() - kCols));
}

TEST(Gptq, TooLittleTextAndDeadChannelsAreDampedAndTold) {
    constexpr int64_t kCols = 128;
    const MatrixRows source(16, kCols, gaussian(16 * kCols, 1.0f, 61));
    auto inputs = correlatedInputs(10, kCols, 62);  // ten tokens: the Hessian has rank ten
    for (size_t token = 0; token < 10; ++token) inputs[token * kCols + 5] = 0;
    const InputStatistics statistics = statisticsOf(inputs, kCols);
    const auto result = quantizeBy(source, "int4_g32_asym", "gptq:damping=0", &statistics);
    HT_ASSERT_OK(result);
    EXPECT_THAT(result->notes, testing::Contains(HasSubstr("was damped by 0.01 instead of 0")));
    EXPECT_THAT(result->notes, testing::Contains(HasSubstr("1 of the 128 input channels")));
    const auto nearest = quantizeBy(source, "int4_g32_asym", "nearest");
    EXPECT_LT(directOutputError(source, result->decoded, inputs), directOutputError(source, nearest->decoded, inputs));
    // The dead channel keeps values near its own: nothing is known about it, so nothing is taken from it.
    for (size_t row = 0; row < 16; ++row) {
        EXPECT_NEAR(result->decoded[row * kCols + 5], source.values()[row * kCols + 5], 0.4f);
    }
}

TEST(Gptq, RefusesWhatItCannotDo) {
    const MatrixRows source(4, 64, gaussian(256, 1.0f, 71));
    InputStatistics statistics = statisticsOf(correlatedInputs(20, 64, 72), 64);
    EXPECT_THAT(quantizeBy(source, "int4_g32_asym", "gptq").error().message, HasSubstr("calibrate on a text first"));
    EXPECT_THAT(quantizeBy(source, "iq4_nl", "gptq", &statistics).error().message, HasSubstr("evenly spaced"));
    const InputStatistics narrow = statisticsOf(correlatedInputs(20, 32, 72), 32);
    EXPECT_THAT(quantizeBy(source, "int4_g32_asym", "gptq", &narrow).error().message, HasSubstr("another model"));
    statistics.hessian = nullptr;
    EXPECT_FALSE(quantizeBy(source, "int4_g32_asym", "gptq", &statistics).has_value());
}

TEST(Awq, ScalesUpChannelsWithLargeInputsAndLowersTheError) {
    constexpr int64_t kRows = 64, kCols = 256;
    const MatrixRows source(kRows, kCols, gaussian(kRows * kCols, 0.05f, 81));
    auto inputs = correlatedInputs(500, kCols, 82);
    for (size_t token = 0; token < 500; ++token) inputs[token * kCols + 40] *= 60;
    const InputStatistics statistics = statisticsOf(inputs, kCols);
    const AwqLayer layer{&source, format("int3_g64_asym")};
    const auto scales = searchAwqScales({&layer, 1}, statistics, {}, contextOf(2));
    HT_ASSERT_OK(scales);
    const float median = [&] {
        auto sorted = *scales;
        std::ranges::nth_element(sorted, sorted.begin() + kCols / 2);
        return sorted[kCols / 2];
    }();
    EXPECT_GT((*scales)[40], 2 * median);
    std::vector<float> scaled = source.values();
    for (size_t i = 0; i < scaled.size(); ++i) scaled[i] *= (*scales)[i % kCols];
    const auto behind = quantizeBy(MatrixRows(kRows, kCols, scaled), "int3_g64_asym", "nearest");
    const auto plain = quantizeBy(source, "int3_g64_asym", "nearest");
    HT_ASSERT_OK(behind);
    std::vector<float> undone = behind->decoded;
    for (size_t i = 0; i < undone.size(); ++i) undone[i] /= (*scales)[i % kCols];
    EXPECT_LT(directOutputError(source, undone, inputs), 0.8 * directOutputError(source, plain->decoded, inputs));
    EXPECT_EQ(*scales, *searchAwqScales({&layer, 1}, statistics, {}, contextOf(1)));
}

TEST(Awq, ClippingLowersTheOutputErrorOfEveryGroupsOwn) {
    constexpr int64_t kRows = 48, kCols = 256;
    const MatrixRows source(kRows, kCols, gaussian(kRows * kCols, 1.0f, 91));
    const auto inputs = correlatedInputs(500, kCols, 92);
    const InputStatistics statistics = statisticsOf(inputs, kCols);
    const auto nearest = quantizeBy(source, "int2_g64_asym", "nearest");
    const auto awq = quantizeBy(source, "int2_g64_asym", "awq", &statistics);
    HT_ASSERT_OK(awq);
    EXPECT_LT(directOutputError(source, awq->decoded, inputs), directOutputError(source, nearest->decoded, inputs));
}

TEST(SmoothQuant, HalfwayInputsAndWeightsEndUpEquallyLarge) {
    constexpr int64_t kRows = 70, kCols = 48;
    const MatrixRows first(kRows, kCols, gaussian(kRows * kCols, 0.1f, 111));
    const MatrixRows second(9, kCols, gaussian(9 * kCols, 0.4f, 112));
    InputStatistics statistics = statisticsOf(correlatedInputs(100, kCols, 113), kCols);
    const std::array<const RowSource*, 2> layers{&first, &second};
    const auto scales = smoothingScales(layers, statistics, 0.5, contextOf(1));
    HT_ASSERT_OK(scales);
    for (size_t c = 0; c < kCols; ++c) {
        float largest = 0;
        for (size_t r = 0; r < kRows; ++r) largest = std::max(largest, std::fabs(first.values()[r * kCols + c]));
        for (size_t r = 0; r < 9; ++r) largest = std::max(largest, std::fabs(second.values()[r * kCols + c]));
        EXPECT_NEAR(statistics.largest[c] / (*scales)[c] / (largest * (*scales)[c]), 1.0f, 1e-4f);
    }
    EXPECT_THAT(*smoothingScales(layers, statistics, 1.0, contextOf(1)),
                testing::Pointwise(testing::FloatEq(), statistics.largest));
    statistics.largest.clear();
    EXPECT_THAT(smoothingScales(layers, statistics, 0.5, contextOf(1)).error().message, HasSubstr("calibrate"));
}

TEST(ErrorReport, OutputErrorIsThatOfTheInputsThemselves) {
    constexpr int64_t kRows = 40, kCols = 128;
    const MatrixRows source(kRows, kCols, gaussian(kRows * kCols, 1.0f, 101));
    const auto inputs = correlatedInputs(300, kCols, 102);
    InputStatistics statistics = statisticsOf(inputs, kCols);
    const auto result = quantizeBy(source, "int3_g64_asym", "nearest");
    HT_ASSERT_OK(result);
    const auto error = measureTensorError(source, result->tensor, &statistics, contextOf(2));
    HT_ASSERT_OK(error);
    const std::vector<float> zeros(source.values().size(), 0.0f);
    const double direct = directOutputError(source, result->decoded, inputs) / directOutputError(source, zeros, inputs);
    EXPECT_NEAR(error->outputError.value() / direct, 1.0, 1e-3);
    EXPECT_FALSE(error->fromDiagonal);
    EXPECT_EQ(error->bytes, format("int3_g64_asym").storageBytes(kRows, kCols));
    statistics.hessian = nullptr;
    const auto diagonal = measureTensorError(source, result->tensor, &statistics, contextOf(1));
    HT_ASSERT_OK(diagonal);
    EXPECT_TRUE(diagonal->fromDiagonal);
    EXPECT_GT(diagonal->outputError.value(), 0);
    EXPECT_FALSE(measureTensorError(source, result->tensor, nullptr, contextOf(1))->outputError.has_value());
}

TEST(ErrorReport, CodeUsageCountsLevelsEntropyAndClipping) {
    // Codes 0, 5, 10, 15 of 16, equally often: two bits, twelve levels unused.
    std::vector<float> values(256);
    for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i % 4 * 5);
    const MatrixRows source(4, 64, values);
    const auto result = quantizeBy(source, "int4_g64_asym", "nearest");
    HT_ASSERT_OK(result);
    const auto error = measureTensorError(source, result->tensor, nullptr, contextOf(2));
    HT_ASSERT_OK(error);
    EXPECT_EQ(error->codes.levels, 16);
    EXPECT_EQ(error->codes.unusedLevels, 12);
    EXPECT_NEAR(error->codes.entropyBits, 2.0, 1e-9);
    EXPECT_EQ(error->codes.clippedShare, 0.0);
    const auto cut = quantizeBy(source, "int4_g64_asym", "percentile:percent=70");
    const auto clipped = measureTensorError(source, cut->tensor, nullptr, contextOf(2));
    HT_ASSERT_OK(clipped);
    EXPECT_NEAR(clipped->codes.clippedShare, 0.25, 1e-9);  // the 15s
    const auto plain = quantizeBy(source, "f16", "nearest");
    EXPECT_EQ(measureTensorError(source, plain->tensor, nullptr, contextOf(1))->codes.levels, 0);
}

}  // namespace
}  // namespace halftone::test
