// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "core/stats/tensor_stats.h"

namespace halftone {
namespace {

/// Two passes in extended precision.
struct ExactMoments {
    long double mean = 0, variance = 0, kurtosis = 0;
    explicit ExactMoments(const std::vector<float>& values) {
        const auto n = static_cast<long double>(values.size());
        for (const float v : values) mean += static_cast<long double>(v) / n;
        long double m2 = 0, m4 = 0;
        for (const float v : values) {
            const long double d = static_cast<long double>(v) - mean;
            m2 += d * d;
            m4 += d * d * d * d;
        }
        variance = m2 / n;
        kurtosis = n * m4 / (m2 * m2);
    }
};

void expectExact(const Moments& moments, const std::vector<float>& values) {
    const ExactMoments exact(values);
    EXPECT_EQ(moments.count(), static_cast<int64_t>(values.size()));
    const auto sigma = static_cast<double>(std::sqrt(exact.variance));
    EXPECT_NEAR(moments.mean(), static_cast<double>(exact.mean),
                sigma * 1e-12 + std::fabs(static_cast<double>(exact.mean)) * 1e-14);
    EXPECT_NEAR(moments.variance() / static_cast<double>(exact.variance), 1.0, 1e-10);
    EXPECT_NEAR(moments.kurtosis() / static_cast<double>(exact.kurtosis), 1.0, 1e-10);
}

std::vector<float> sample(int kind, size_t count) {
    std::mt19937 random(static_cast<uint32_t>(kind + 1));
    std::vector<float> values(count);
    std::normal_distribution<float> normal(0.0f, 0.02f);
    std::uniform_real_distribution<float> uniform(-1.0f, 1.0f);
    std::ranges::generate(values, [&]() -> float {
        switch (kind) {
            case 0:
                return normal(random);
            case 1:
                return 1000.0f + normal(random) * 50.0f;  // a mean far from 0
            case 2:
                return std::pow(uniform(random), 9.0f) * 1e6f;  // heavy tails
            case 3:
                return normal(random) * 1e-30f;  // fourth powers below binary32
            default:
                return normal(random) * 1e20f;  // and above it
        }
    });
    return values;
}

TEST(Moments, AgreeWithExtendedPrecision) {
    for (int kind = 0; kind < 5; ++kind) {
        for (const size_t count : {2u, 15u, 4096u, 4097u, 100001u}) {
            SCOPED_TRACE(testing::Message() << "kind " << kind << ", " << count << " values");
            const auto values = sample(kind, count);
            Moments moments;
            moments.addSpan(values.data(), static_cast<int64_t>(count));
            expectExact(moments, values);
        }
    }
}

TEST(Moments, OneByOneAndMergedAgree) {
    const auto values = sample(1, 30000);
    Moments single, merged;
    for (const float v : values) single.add(static_cast<double>(v));
    for (size_t start = 0; start < values.size();) {
        const size_t count = std::min<size_t>(1 + start % 977, values.size() - start);
        Moments part;
        part.addSpan(values.data() + start, static_cast<int64_t>(count));
        merged.merge(part);
        start += count;
    }
    expectExact(single, values);
    expectExact(merged, values);
}

TEST(Moments, OfNothingAndOfOneValue) {
    Moments moments;
    EXPECT_EQ(moments.count(), 0);
    EXPECT_EQ(moments.variance(), 0.0);
    EXPECT_TRUE(std::isnan(moments.kurtosis()));
    moments.merge(Moments());
    moments.add(3.0);
    EXPECT_EQ(moments.mean(), 3.0);
    EXPECT_EQ(moments.standardDeviation(), 0.0);
    EXPECT_TRUE(std::isnan(moments.kurtosis())) << "no spread";
}

TEST(Moments, KurtosisOfKnownDistributions) {
    Moments coin;
    for (int i = 0; i < 1000; ++i) coin.add(i % 2 ? 1.0 : -1.0);
    EXPECT_NEAR(coin.kurtosis(), 1.0, 1e-12);
    const auto values = sample(0, 1000000);
    Moments gauss;
    gauss.addSpan(values.data(), static_cast<int64_t>(values.size()));
    EXPECT_NEAR(gauss.kurtosis(), 3.0, 0.02);
}

}  // namespace
}  // namespace halftone
