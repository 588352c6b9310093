// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/stats/float_histogram.h"
#include "core/stats/edged_histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <random>

#include "core/tensor/float16.h"

namespace halftone {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

std::vector<float> gaussian(size_t count, float deviation, uint32_t seed = 1) {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal(0.0f, deviation);
    std::vector<float> values(count);
    std::ranges::generate(values, [&] { return normal(random); });
    return values;
}

void expectSameBins(const FloatHistogram& a, const FloatHistogram& b) {
    const auto left = a.bins(), right = b.bins();
    ASSERT_EQ(left.size(), right.size());
    for (size_t i = 0; i < left.size(); ++i) {
        EXPECT_EQ(left[i].lower, right[i].lower);
        EXPECT_EQ(left[i].upper, right[i].upper);
        EXPECT_EQ(left[i].count, right[i].count);
    }
}

TEST(FloatHistogram, EveryValueLiesInItsBinAndIsCountedOnce) {
    auto values = gaussian(20000, 0.02f);
    for (int exponent = -149; exponent <= 127; ++exponent) {
        values.push_back(std::ldexp(1.0f, exponent));
        values.push_back(-std::ldexp(1.5f, exponent));
    }
    values.insert(values.end(), {0.0f, -0.0f, std::numeric_limits<float>::max(), std::numeric_limits<float>::lowest()});
    FloatHistogram histogram;
    histogram.add(values);
    EXPECT_EQ(histogram.total(), values.size());
    const auto bins = histogram.bins();
    for (size_t i = 0; i + 1 < bins.size(); ++i)
        ASSERT_LE(bins[i].upper, bins[i + 1].lower) << "ascending, not overlapping";
    std::map<double, uint64_t> expected;  // by the lower edge of the bin, found by search
    for (const float value : values) {
        const double v = static_cast<double>(value);
        const auto bin = std::ranges::find_if(bins, [v](const auto& b) {
            const bool isTiny = b.lower == 0.0 && std::fabs(v) < b.upper;  // the bin around zero
            return isTiny || (v > 0 ? v >= b.lower && v < b.upper : v > b.lower && v <= b.upper);
        });
        ASSERT_NE(bin, bins.end()) << value;
        ++expected[bin->lower];
    }
    for (const auto& bin : bins) EXPECT_EQ(bin.count, expected[bin.lower]) << bin.lower;
}

TEST(FloatHistogram, BinsAreAsNarrowAsPromised) {
    FloatHistogram histogram(7);
    histogram.add(gaussian(100000, 1.0f));
    for (const auto& bin : histogram.bins()) {
        if (bin.lower == 0) continue;
        EXPECT_LE((bin.upper - bin.lower) / std::min(std::fabs(bin.lower), std::fabs(bin.upper)), 1.0 / 128 + 1e-12);
    }
}

TEST(FloatHistogram, BfloatValuesHaveBinsOfTheirOwn) {
    FloatHistogram histogram;
    for (const uint16_t bits : std::to_array<uint16_t>({0x3F80, 0x3F81, 0xBF80, 0x4049}))
        histogram.add(bfloatToFloat(bits), 3);
    const auto bins = histogram.bins();
    ASSERT_EQ(bins.size(), 4u);
    EXPECT_EQ(bins[0].upper, -1.0);
    EXPECT_EQ(bins[1].lower, 1.0);
    EXPECT_EQ(bins[1].upper, 1.0078125);
    for (const auto& bin : bins) EXPECT_EQ(bin.count, 3u);
}

TEST(FloatHistogram, LeavesOutWhatIsNotFinite) {
    FloatHistogram histogram;
    std::vector<float> values(10000, 0.5f);
    for (size_t i = 0; i < values.size(); i += 3) values[i] = i % 2 ? kNan : -kInf;
    values[1] = kInf;
    const auto finite = static_cast<uint64_t>(std::ranges::count_if(values, [](float v) { return std::isfinite(v); }));
    histogram.add(values);
    EXPECT_EQ(histogram.total(), finite);
    ASSERT_EQ(histogram.bins().size(), 1u);
    histogram.add(kNan, 5);
    EXPECT_EQ(histogram.total(), finite);
}

TEST(FloatHistogram, MergesInAnyOrderAndGrouping) {
    const auto values = gaussian(50000, 3.0f);
    FloatHistogram whole;
    whole.add(values);
    std::vector<FloatHistogram> parts(7);
    for (size_t i = 0; i < values.size(); ++i) parts[i % 7].add(values[i], 1);
    FloatHistogram forward, backward;
    for (size_t i = 0; i < 7; ++i) forward.merge(parts[i]);
    for (size_t i = 7; i-- > 0;) backward.merge(parts[i]);
    FloatHistogram pair = parts[3];
    pair.merge(parts[5]);
    pair.merge(FloatHistogram());
    for (const size_t i : {0, 1, 2, 4, 6}) pair.merge(parts[i]);
    expectSameBins(whole, forward);
    expectSameBins(whole, backward);
    expectSameBins(whole, pair);
}

TEST(FloatHistogram, QuantilesOfAGaussian) {
    auto values = gaussian(400000, 0.02f);
    FloatHistogram histogram;
    histogram.add(values);
    std::ranges::sort(values);
    for (const double q : {0.001, 0.01, 0.25, 0.5, 0.75, 0.99, 0.999, 0.9999}) {
        const double exact = static_cast<double>(values[static_cast<size_t>(q * static_cast<double>(values.size()))]);
        EXPECT_NEAR(histogram.quantile(q), exact, std::fabs(exact) * 0.008 + 1e-5) << q;
        // Inside a bin the estimate is linear, so that the count below it is right to a small part of a bin.
        EXPECT_NEAR(histogram.countBelow(histogram.quantile(q)), q * static_cast<double>(values.size()), 1e-6 * 400000);
    }
    EXPECT_NEAR(histogram.quantile(0), static_cast<double>(values.front()), 0.001);
    EXPECT_NEAR(histogram.quantile(1), static_cast<double>(values.back()), 0.001);
}

TEST(FloatHistogram, QuantilesOfOddContents) {
    EXPECT_TRUE(std::isnan(FloatHistogram().quantile(0.5)));
    FloatHistogram zeros;
    zeros.add(std::vector<float>(100, 0.0f));
    EXPECT_NEAR(zeros.quantile(0.5), 0.0, 1e-38);
    EXPECT_EQ(zeros.total(), 100u);
    FloatHistogram mixed;  // 40 % negative, 20 % zero, 40 % positive
    mixed.add(-2.0f, 40);
    mixed.add(0.0f, 20);
    mixed.add(2.0f, 40);
    EXPECT_NEAR(mixed.quantile(0.2), -2.0, 0.02);
    EXPECT_NEAR(mixed.quantile(0.5), 0.0, 1e-30);
    EXPECT_NEAR(mixed.quantile(0.8), 2.0, 0.02);
}

TEST(FloatHistogram, ResamplingKeepsTheMass) {
    const auto values = gaussian(100000, 1.0f);
    const auto countIn = [&](double from, double to) {
        return static_cast<double>(std::ranges::count_if(
            values, [&](float v) { return static_cast<double>(v) >= from && static_cast<double>(v) < to; }));
    };
    FloatHistogram histogram;
    histogram.add(values);
    histogram.add(0.0f, 1000);
    for (const int bins : {1, 7, 256, 5000}) {
        const auto drawn = histogram.resample(-2.0, 3.0, bins);
        ASSERT_EQ(drawn.counts.size(), static_cast<size_t>(bins));
        const double inside = std::accumulate(drawn.counts.begin(), drawn.counts.end(), 0.0);
        EXPECT_NEAR(inside + drawn.underflow + drawn.overflow, 101000, 1e-4);
        EXPECT_NEAR(drawn.underflow, countIn(-100, -2), 40);
        EXPECT_NEAR(drawn.overflow, countIn(3, 100), 20);
    }
    const auto drawn = histogram.resample(-4.0, 4.0, 80);
    for (int bin = 0; bin < 80; ++bin) {
        const double from = -4.0 + 0.1 * bin;
        const double exact = countIn(from, from + 0.1) + (bin == 40 ? 1000 : 0);  // bin 40 starts at 0
        EXPECT_NEAR(drawn.counts[static_cast<size_t>(bin)], exact, 60) << bin;
    }
}

TEST(FloatHistogram, ResamplingOnUnequalBinsIsThatOnEqualOnesPutTogether) {
    FloatHistogram histogram;
    histogram.add(gaussian(50000, 1.0f));
    histogram.add(0.0f, 100);
    const auto fine = histogram.resample(-2.0, 2.0, 400);
    const std::vector<double> edges{-2.0, -1.9, -1.0, 0.0, 0.01, 2.0};
    const auto coarse = resampleOnEdges(histogram, edges);
    ASSERT_EQ(coarse.counts.size(), 5u);
    EXPECT_EQ(coarse.lower, -2.0);
    EXPECT_EQ(coarse.upper, 2.0);
    EXPECT_NEAR(coarse.underflow, fine.underflow, 1e-6);
    EXPECT_NEAR(coarse.overflow, fine.overflow, 1e-6);
    for (size_t bin = 0; bin < coarse.counts.size(); ++bin) {
        const auto at = [](double value) { return std::lround((value + 2.0) * 100); };
        const double sum =
            std::accumulate(fine.counts.begin() + at(edges[bin]), fine.counts.begin() + at(edges[bin + 1]), 0.0);
        EXPECT_NEAR(coarse.counts[bin], sum, 1e-6 * (1 + sum)) << bin;
    }
}

TEST(FloatHistogram, MemoryIsThatOfTheOccupiedRange) {
    FloatHistogram histogram;
    histogram.add(gaussian(1000000, 0.02f));
    histogram.add(0.0f, 10);
    EXPECT_LT(histogram.bins().size() * sizeof(uint64_t), 64u * 1024);
}

TEST(FloatHistogram, OtherPrecisions) {
    for (const int bits : {0, 3, 12}) {
        FloatHistogram histogram(bits);
        histogram.add(std::vector<float>{1.0f, 1.9f, -1.0f, 3.0f, std::numeric_limits<float>::max(), 1e-44f});
        EXPECT_EQ(histogram.total(), 6u);
        EXPECT_EQ(histogram.mantissaBits(), bits);
    }
    FloatHistogram coarse(0);
    coarse.add(std::vector<float>{1.0f, 1.9f});
    EXPECT_EQ(coarse.bins().size(), 1u);
}

}  // namespace
}  // namespace halftone
