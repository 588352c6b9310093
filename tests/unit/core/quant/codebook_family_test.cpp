// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quant/formats/codebook_family.h"

#include <algorithm>
#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/quant/formats/codec.h"
#include "core/tensor/float16.h"
#include "tests/support/test_paths.h"
#include "tests/unit/core/quant/method_support.h"
#include "tests/unit/core/quant/test_data.h"

namespace halftone::test {
namespace {

using testing::HasSubstr;

double errorOf(std::span<const float> values, std::span<const float> weights, std::span<const float> levels) {
    double sum = 0;
    for (size_t i = 0; i < values.size(); ++i) {
        double best = INFINITY;
        for (const float level : levels) best = std::min(best, std::pow(double(values[i]) - double(level), 2));
        sum += best * (weights.empty() ? 1.0 : double(weights[i]));
    }
    return sum;
}

/// The least error of all ways to cut the sorted values into `count` runs, by trying each of them.
double exhaustiveError(std::vector<float> values, int count) {
    std::ranges::sort(values);
    const auto cost = [&](size_t begin, size_t end) {
        double mean = 0, sum = 0;
        for (size_t i = begin; i < end; ++i) mean += double(values[i]) / double(end - begin);
        for (size_t i = begin; i < end; ++i) sum += std::pow(double(values[i]) - mean, 2);
        return sum;
    };
    const auto search = [&](const auto& self, size_t begin, int clusters) -> double {
        if (clusters == 1) return cost(begin, values.size());
        double best = cost(begin, values.size());
        for (size_t end = begin + 1; end < values.size(); ++end)
            best = std::min(best, cost(begin, end) + self(self, end, clusters - 1));
        return best;
    };
    return search(search, 0, count);
}

TEST(LearnedLevels, AreOptimalOnShortRows) {
    for (uint32_t seed = 1; seed <= 20; ++seed) {
        std::vector<float> values = gaussian(14, 1.0f, seed);
        for (float& value : values) value = halfToFloat(floatToHalf(value));
        const std::vector<float> levels = learnLevels(values, {}, 4);
        ASSERT_EQ(levels.size(), 4u);
        EXPECT_TRUE(std::ranges::is_sorted(levels));
        const double best = exhaustiveError(values, 4);
        EXPECT_NEAR(errorOf(values, {}, levels), best, 1e-5) << "levels are rounded to F16; seed " << seed;
    }
}

// Max 1960, optimal quantizers of a normal variable: 4 levels 0.1175, 8 levels 0.03454, 16 levels 0.009497.
TEST(LearnedLevels, ReachTheKnownOptimaOfGaussianData) {
    constexpr size_t kCount = 200000;
    const std::vector<float> values = gaussian(kCount, 1.0f, 11);
    double energy = 0;
    for (const float value : values) energy += double(value) * double(value);
    for (const auto& [count, optimum] : {std::pair{4, 0.1175}, {8, 0.03454}, {16, 0.009497}}) {
        const double error = errorOf(values, {}, learnLevels(values, {}, count)) / energy;
        EXPECT_GT(error, 0.985 * optimum) << count;
        EXPECT_LT(error, 1.01 * optimum) << count;
    }
}

TEST(LearnedLevels, FollowTheWeights) {
    const std::vector<float> values = gaussian(4000, 1.0f, 3);
    const std::vector<float> weights = importanceWeights(4000, 4);
    const auto plain = learnLevels(values, {}, 8), weighted = learnLevels(values, weights, 8);
    EXPECT_LT(errorOf(values, weights, weighted), 0.97 * errorOf(values, weights, plain));
    EXPECT_LT(errorOf(values, {}, plain), errorOf(values, {}, weighted));
    const std::vector<float> none(4000, 0.0f), ones(4000, 1.0f);
    EXPECT_EQ(learnLevels(values, none, 8), plain) << "weights of zero say nothing";
    EXPECT_EQ(learnLevels(values, ones, 8), plain);
}

TEST(LearnedLevels, OfDegenerateRowsAreFinite) {
    EXPECT_EQ(learnLevels(std::vector<float>(100, 0.0f), {}, 4), std::vector<float>(4, 0.0f));
    EXPECT_EQ(learnLevels(std::vector<float>(1000, -0.25f), {}, 8), std::vector<float>(8, -0.25f));
    EXPECT_EQ(learnLevels(std::vector<float>{2, 1}, {}, 4), (std::vector<float>{1, 2, 2, 2}));
    for (const NamedValues& input : adversarialInputs(2000)) {
        const auto levels = learnLevels(input.values, {}, 16);
        EXPECT_TRUE(std::ranges::is_sorted(levels)) << input.name;
        for (const float level : levels) EXPECT_TRUE(std::isfinite(level)) << input.name;
    }
    // One huge value has a level of its own, and the others keep theirs.
    std::vector<float> values = gaussian(5000, 0.02f, 8);
    values[77] = 3e4f;
    const auto levels = learnLevels(values, {}, 16);
    EXPECT_EQ(levels.back(), 3e4f);
    EXPECT_LT(levels[14], 0.2f);
}

std::vector<std::byte> encodeRowsOf(const PackedLayout& layout, const std::vector<float>& values, int64_t rows,
                                    std::span<const float> importance = {}) {
    std::vector<std::byte> packed(static_cast<size_t>(rows * layout.rowBytes));
    EXPECT_TRUE(encodeRows(layout, values, rows, {.importance = importance}, packed).has_value());
    EXPECT_TRUE(validateRows(layout, packed, rows).has_value());
    return packed;
}

TEST(CodebookFamily, EveryCodeSurvivesARoundTrip) {
    for (int bits = 2; bits <= 4; ++bits) {
        const Format format = Format::of(CodebookFormat{static_cast<uint8_t>(bits), Granularity::kChannel});
        std::vector<float> values;
        for (int i = 0; i < 3 << bits; ++i) values.push_back(static_cast<float>(i * i % (1 << bits)) * 0.25f - 1.0f);
        for (int i = 0; i < 1 << bits; ++i) values.push_back(static_cast<float>(i) * 0.25f - 1.0f);
        const PackedLayout layout = PackedLayout::of(format, static_cast<int64_t>(values.size()));
        const auto packed = encodeRowsOf(layout, values, 1);
        std::vector<float> decoded(values.size());
        HT_ASSERT_OK(decodeRows(layout, packed, 1, decoded));
        EXPECT_EQ(decoded, values) << bits;
        EXPECT_EQ(groupLevels(layout, packed, 0).size(), size_t{1} << bits);
    }
}

TEST(CodebookFamily, RowsHaveTheirOwnLevelsUnlessTheTensorSharesThem) {
    constexpr int64_t kRows = 40, kCols = 300;
    std::vector<float> values = gaussian(kRows * kCols, 1.0f, 5);
    for (size_t i = 0; i < values.size(); ++i) values[i] *= i / kCols % 2 ? 0.01f : 1.0f;
    const MatrixRows source(kRows, kCols, values);
    const auto own = quantizeBy(source, "kmeans4_channel", "nearest", nullptr, 2);
    const auto shared = quantizeBy(source, "kmeans4_tensor", "nearest", nullptr, 2);
    HT_ASSERT_OK(own);
    HT_ASSERT_OK(shared);
    EXPECT_NE(std::ranges::equal(own->tensor.packed.row(0).last(32), own->tensor.packed.row(1).last(32)), true);
    EXPECT_TRUE(std::ranges::equal(shared->tensor.packed.row(0).last(32), shared->tensor.packed.row(39).last(32)));
    EXPECT_LT(own->tensor.distortion.relativeMse(), shared->tensor.distortion.relativeMse());
    const auto alone = quantizeBy(source, "kmeans4_tensor", "nearest", nullptr, 1);
    HT_ASSERT_OK(alone);
    EXPECT_EQ(alone->decoded, shared->decoded) << "the result depends on the number of threads";
}

TEST(CodebookFamily, ImportanceLowersTheWeightedError) {
    constexpr int64_t kCols = 2048;
    const std::vector<float> values = gaussian(kCols, 0.02f, 7);
    const std::vector<float> importance = importanceWeights(kCols, 8);
    const PackedLayout layout = PackedLayout::of(Format::parse("kmeans3_channel").value(), kCols);
    const auto weighted = [&](std::span<const float> used) {
        std::vector<float> decoded(kCols);
        EXPECT_TRUE(decodeRows(layout, encodeRowsOf(layout, values, 1, used), 1, decoded).has_value());
        double sum = 0;
        for (size_t i = 0; i < kCols; ++i) sum += double(importance[i]) * std::pow(double(values[i] - decoded[i]), 2);
        return sum;
    };
    EXPECT_LT(weighted(importance), weighted({}));
}

TEST(CodebookFamily, BadCodebooksAreNamed) {
    const PackedLayout given = PackedLayout::of(Format::parse("kmeans2_tensor").value(), 16);
    std::vector<std::byte> out(static_cast<size_t>(given.rowBytes));
    const std::vector<float> values(16, 1.0f), three{0, 1, 2};
    EXPECT_EQ(encodeRows(given, values, 1, {.importance = {}, .codebook = three}, out).error().message,
              "A codebook of 3 levels was given for K-means 2-bit tensor.");
    const PackedLayout layout = PackedLayout::of(Format::parse("kmeans2_channel").value(), 16);
    std::vector<std::byte> packed(static_cast<size_t>(layout.rowBytes));
    HT_EXPECT_OK(validateRows(layout, packed, 1));
    packed[static_cast<size_t>(layout.scaleOffset) + 3] = std::byte{0x3C};  // 0, 1, 0, 0
    EXPECT_THAT(validateRows(layout, packed, 1).error().message, HasSubstr("level 2 of its codebook is out of order"));
    packed[static_cast<size_t>(layout.scaleOffset) + 3] = std::byte{0x7C};
    EXPECT_THAT(validateRows(layout, packed, 1).error().message, HasSubstr("level 1 of its codebook is not finite"));
}

TEST(CodebookFamily, ObstaclesSayWhatIsWrong) {
    const auto obstacle = [](const char* name, const char* of) { return methodObstacle(method(name).id, format(of)); };
    for (const char* name : {"nearest", "gptq", "awq"}) EXPECT_EQ(obstacle(name, "kmeans4_channel"), "") << name;
    for (const char* name : {"percentile", "mse", "hqq"})
        EXPECT_THAT(obstacle(name, "kmeans4_channel"), HasSubstr("k-means finds its levels itself")) << name;
    EXPECT_THAT(obstacle("gptq", "kmeans4_tensor"), HasSubstr("a single one for the whole tensor"));
}

}  // namespace
}  // namespace halftone::test
