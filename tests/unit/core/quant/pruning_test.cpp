// SPDX-License-Identifier: GPL-3.0-or-later
// Patterns of zeros: which elements go, by magnitude, Wanda and SparseGPT, and that what stays is as it should be.
#include "core/quant/methods/pruning.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "tests/support/test_paths.h"
#include "tests/unit/core/quant/method_support.h"
#include "tests/unit/core/quant/test_data.h"

namespace halftone::test {
namespace {

int64_t zeros(std::span<const float> values) {
    return std::ranges::count(values, 0.0f);
}

/// Whether no more elements of a row, or of its neighbours, are left than the pattern keeps.
bool holdsPattern(const Sparsity& sparsity, std::span<const float> row) {
    const auto cols = static_cast<int64_t>(row.size());
    if (sparsity.of == 0) return cols - zeros(row) <= keptElements(sparsity, cols);
    for (int64_t first = 0; first + sparsity.of <= cols; first += sparsity.of) {
        if (sparsity.of - zeros(row.subspan(size_t(first), sparsity.of)) > sparsity.keep) return false;
    }
    return true;
}

void expectPattern(const char* formatName, std::span<const float> decoded, int64_t cols) {
    const Sparsity sparsity = format(formatName).extras().sparsity;
    for (size_t first = 0; first < decoded.size(); first += size_t(cols)) {
        ASSERT_TRUE(holdsPattern(sparsity, decoded.subspan(first, size_t(cols))))
            << formatName << ", row " << first / size_t(cols);
    }
}

TEST(Pruning, TheLeastGoAndTheFirstOfEqualsFirst) {
    const std::vector<float> scores{3, 1, 2, 1, 1, 5};
    std::vector<int32_t> order;
    std::vector<uint8_t> dropped(scores.size());
    dropLeast(scores, 2, order, dropped);
    EXPECT_EQ(dropped, (std::vector<uint8_t>{0, 1, 0, 1, 0, 0}));
    dropLeast(scores, 6, order, dropped);
    EXPECT_EQ(dropped, std::vector<uint8_t>(6, 1));
    dropLeast(scores, 0, order, dropped);
    EXPECT_EQ(dropped, std::vector<uint8_t>(6, 0));
}

TEST(Pruning, RowsAreComparedAloneAndColumnsByTheirWeight) {
    std::vector<float> values{1, -2, 3, -4, 40, 30, 20, 10};
    RowPruner({.keep = 2, .of = 4}, {}).apply(values, 4);
    EXPECT_EQ(values, (std::vector<float>{0, 0, 3, -4, 40, 30, 0, 0}));
    values = {1, -2, 3, -4, 40, 30, 20, 10, 7};  // of 9 neighbours the last stands alone
    RowPruner({.keep = 1, .of = 4}, {}).apply(values, 9);
    EXPECT_EQ(values, (std::vector<float>{0, 0, 0, -4, 40, 0, 0, 0, 7}));
    values = {1, -2, 3, -4};
    const std::vector<float> weights{10, 1, 1, 1};
    RowPruner({.percent = 50}, weights).apply(values, 4);
    EXPECT_EQ(values, (std::vector<float>{1, 0, 0, -4}));
}

TEST(Pruning, EveryFormatThatClaimsToKeepsZerosExactly) {
    constexpr int64_t kRows = 24, kCols = 512;
    const MatrixRows source(kRows, kCols, gaussian(kRows * kCols, 0.05f, 71));
    const InputStatistics statistics = statisticsOf(correlatedInputs(200, kCols, 72), kCols);
    int tried = 0;
    for (const Format& base : encodableFormats()) {
        if (!base.keepsZero()) continue;
        for (const char* pattern : {"+2of4", "+sparse50"}) {
            const std::string name = base.name() + pattern;
            std::vector<float> pruned = source.values();
            RowPruner(format(name).extras().sparsity, {}).apply(pruned, kCols);
            for (const InputStatistics* known : {static_cast<const InputStatistics*>(nullptr), &statistics}) {
                const auto result = quantizeBy(source, name, "nearest", known);
                HT_ASSERT_OK(result) << name;
                for (size_t i = 0; i < pruned.size(); ++i) {
                    if (pruned[i] != 0) continue;
                    ASSERT_EQ(result->decoded[i], 0.0f) << name << " at " << i;
                }
            }
            ++tried;
        }
    }
    EXPECT_GT(tried, 60);
}

TEST(Pruning, DistortionCountsWhatWasLeftOut) {
    const MatrixRows source(2, 4, {1, 2, 3, 4, 8, 7, 6, 5});
    const auto result = quantizeBy(source, "f32+2of4", "nearest");
    HT_ASSERT_OK(result);
    EXPECT_EQ(result->decoded, (std::vector<float>{0, 0, 3, 4, 8, 7, 0, 0}));
    EXPECT_DOUBLE_EQ(result->tensor.distortion.sumSquaredError, 1 + 4 + 36 + 25);
}

TEST(Pruning, MethodsComposeWithPatterns) {
    constexpr int64_t kRows = 40, kCols = 256;
    const MatrixRows source(kRows, kCols, gaussian(kRows * kCols, 0.05f, 73));
    const InputStatistics statistics = statisticsOf(correlatedInputs(400, kCols, 74), kCols);
    for (const char* name : {"int4_g64_asym+2of4", "int4_g128_sym+sparse40", "int4_channel_asym+4of8"}) {
        for (const char* by : {"mse", "percentile", "awq", "wanda", "sparsegpt"}) {
            const auto result = quantizeBy(source, name, by, &statistics);
            HT_ASSERT_OK(result) << name << " " << by;
            expectPattern(name, result->decoded, kCols);
        }
    }
}

TEST(SparseGpt, HoldsThePatternInEveryKindOfFormat) {
    constexpr int64_t kRows = 70, kCols = 768;
    const MatrixRows source(kRows, kCols, gaussian(kRows * kCols, 0.05f, 75));
    const InputStatistics statistics = statisticsOf(correlatedInputs(900, kCols, 76), kCols);
    for (const char* name : {"f32+2of4", "f16+sparse50", "bf16+1of4", "q8_0+4of8", "q6_k+2of4", "q4_0+sparse60",
                             "q3_k+2of4", "int4_g128_sym+2of4", "int4_g64_asym_dq+2of4", "int4_channel_sym+sparse30",
                             "int8_g32_sym+2of16", "nf4_g64+2of4", "fp8_e4m3_channel+2of4"}) {
        for (const char* by : {"sparsegpt", "sparsegpt:act_order=0"}) {
            const auto result = quantizeBy(source, name, by, &statistics);
            HT_ASSERT_OK(result) << name;
            expectPattern(name, result->decoded, kCols);
            const auto again = quantizeBy(source, name, by, &statistics, 1);
            EXPECT_EQ(result->decoded, again->decoded) << name << " depends on the number of threads";
        }
    }
}

TEST(SparseGpt, RowsThatThePatternDoesNotDivide) {
    constexpr int64_t kRows = 5, kCols = 203;
    const MatrixRows source(kRows, kCols, gaussian(kRows * kCols, 0.05f, 77));
    const InputStatistics statistics = statisticsOf(correlatedInputs(400, kCols, 78), kCols);
    for (const char* name : {"f16+2of4", "int4_g32_sym+4of16", "int4_channel_asym+sparse50"}) {
        const auto result = quantizeBy(source, name, "sparsegpt", &statistics);
        HT_ASSERT_OK(result) << name;
        expectPattern(name, result->decoded, kCols);
    }
}

// The order that the papers report: making up for the error beats knowing the inputs, which beats magnitudes.
TEST(SparseGpt, LeavesLessOutputErrorThanWandaAndThatLessThanMagnitudes) {
    constexpr int64_t kRows = 64, kCols = 512;
    const MatrixRows source(kRows, kCols, gaussian(kRows * kCols, 0.05f, 79));
    const auto inputs = correlatedInputs(800, kCols, 80);
    const InputStatistics statistics = statisticsOf(inputs, kCols);
    for (const char* name : {"f16+2of4", "f16+sparse50", "int4_g64_sym+2of4", "q6_k+sparse50"}) {
        const auto errorBy = [&](const char* by) {
            const auto result = quantizeBy(source, name, by, &statistics);
            EXPECT_TRUE(result.has_value()) << name << " " << by;
            return result ? directOutputError(source, result->decoded, inputs) : 0.0;
        };
        const double magnitude = errorBy("nearest"), wanda = errorBy("wanda"), sparseGpt = errorBy("sparsegpt");
        EXPECT_LT(wanda, 0.8 * magnitude) << name;
        EXPECT_LT(sparseGpt, 0.6 * wanda) << name;
        EXPECT_GT(sparseGpt, 0) << name;
    }
}

TEST(SparseGpt, WithoutAPatternItIsRefusedAndSoIsGptqWithOne) {
    constexpr int64_t kCols = 64;
    const MatrixRows source(4, kCols, gaussian(4 * kCols, 0.05f, 81));
    const InputStatistics statistics = statisticsOf(correlatedInputs(200, kCols, 82), kCols);
    const auto sentence = [&](const char* name, const char* by, const InputStatistics* known) {
        const auto result = quantizeBy(source, name, by, known);
        return result ? std::string() : result.error().message;
    };
    EXPECT_EQ(sentence("int4_g64_sym", "sparsegpt", &statistics),
              "SparseGPT chooses which elements are left out, and INT4 g64 sym keeps them all: choose a sparse format, "
              "such as int4_g64_sym+2of4.");
    EXPECT_EQ(sentence("q4_k", "wanda", &statistics),
              "Wanda chooses which elements are left out, and Q4_K keeps them all: choose a sparse format, such as "
              "int4_g128_sym+2of4.");
    EXPECT_EQ(
        sentence("int4_g64_sym+2of4", "gptq", &statistics),
        "GPTQ rounds all elements, but INT4 g64 sym, 2:4 sparse leaves some out: choose SparseGPT, which does both "
        "at once.");
    EXPECT_EQ(sentence("int8_tensor_sym+2of4", "sparsegpt", &statistics),
              "SparseGPT fits one scale per row or group; INT8 tensor sym, 2:4 sparse has a single one for the whole "
              "tensor.");
    EXPECT_EQ(
        sentence("f16+2of4", "wanda", nullptr),
        "Wanda of w needs to know the size of its inputs: calibrate on a text, or give an importance file, first.");
}

TEST(SparseGpt, ChannelsThatWereNeverActiveGoFirst) {
    constexpr int64_t kRows = 8, kCols = 64;
    const MatrixRows source(kRows, kCols, std::vector<float>(kRows * kCols, 0.5f));
    auto inputs = correlatedInputs(300, kCols, 83);
    for (size_t i = 0; i < inputs.size(); ++i) {
        if (i % kCols % 2 == 1) inputs[i] = 0;
    }
    const InputStatistics statistics = statisticsOf(inputs, kCols);
    const auto result = quantizeBy(source, "f32+2of4", "wanda", &statistics);
    HT_ASSERT_OK(result);
    for (size_t i = 0; i < result->decoded.size(); ++i) EXPECT_EQ(result->decoded[i] == 0, i % 2 == 1) << i;
    HT_ASSERT_OK(quantizeBy(source, "f32+2of4", "sparsegpt", &statistics));
}

}  // namespace
}  // namespace halftone::test
