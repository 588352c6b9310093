// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/stats/value_bands.h"

#include <algorithm>
#include <limits>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace halftone {
namespace {

TEST(ValueBands, OfSingleValuesInterpolate) {
    std::vector<float> values;
    for (int i = 100; i >= 0; --i) values.push_back(float(i));
    const auto bands = bandsOf(values);
    ASSERT_TRUE(bands);
    for (size_t i = 0; i < kBandQuantiles.size(); ++i) EXPECT_NEAR(bands->values[i], 100 * kBandQuantiles[i], 1e-9);
    EXPECT_EQ(bands->least(), 0);
    EXPECT_EQ(bands->median(), 50);
    EXPECT_EQ(bands->most(), 100);
    const auto one = bandsOf(std::vector<float>{3.0f});
    ASSERT_TRUE(one);
    EXPECT_EQ(one->least(), 3);
    EXPECT_EQ(one->most(), 3);
}

TEST(ValueBands, LeaveOutWhatIsNotFinite) {
    const float nan = std::numeric_limits<float>::quiet_NaN(), infinity = std::numeric_limits<float>::infinity();
    const auto bands = bandsOf(std::vector<float>{nan, 1, infinity, 2, -infinity, 3});
    ASSERT_TRUE(bands);
    EXPECT_EQ(bands->least(), 1);
    EXPECT_EQ(bands->median(), 2);
    EXPECT_EQ(bands->most(), 3);
    EXPECT_FALSE(bandsOf(std::vector<float>{nan}));
    EXPECT_FALSE(bandsOf(std::vector<float>{}));
}

TEST(ValueBands, OfAHistogramAreThoseOfItsValuesToTheWidthOfABin) {
    std::mt19937 random(3);
    std::normal_distribution<float> normal(0.5f, 2.0f);
    std::vector<float> values(50'000);
    for (float& value : values) value = normal(random);
    FloatHistogram histogram;
    histogram.add(values);
    const auto [least, most] = std::ranges::minmax(values);
    const auto counted = bandsOf(histogram, double(least), double(most));
    const auto exact = bandsOf(values);
    ASSERT_TRUE(counted && exact);
    EXPECT_EQ(counted->least(), double(least));
    EXPECT_EQ(counted->most(), double(most));
    EXPECT_TRUE(std::ranges::is_sorted(counted->values));
    for (size_t i = 0; i < kBandQuantiles.size(); ++i) EXPECT_NEAR(counted->values[i], exact->values[i], 0.06);
    EXPECT_NEAR(exact->atQuantile(0.25), 0.5 - 0.6745 * 2.0, 0.03) << "of a Gaussian";
    EXPECT_NEAR(exact->atQuantile(0.999), 0.5 + 3.0902 * 2.0, 0.3);
    EXPECT_EQ(exact->atQuantile(0.5), exact->median());
    EXPECT_FALSE(bandsOf(FloatHistogram(), 0, 0));
}

}  // namespace
}  // namespace halftone
