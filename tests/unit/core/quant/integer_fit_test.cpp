// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quant/methods/integer_fit.h"

#include <cmath>
#include <limits>
#include <random>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/quant/formats/codec.h"
#include "tests/support/test_paths.h"
#include "tests/unit/core/quant/method_support.h"
#include "tests/unit/core/quant/test_data.h"

namespace halftone::test {
namespace {

std::vector<float> laplace(size_t count, uint32_t seed) {
    std::mt19937 random(seed);
    std::exponential_distribution<float> magnitude(1.0f);
    std::vector<float> out(count);
    for (float& value : out) value = (random() & 1) ? magnitude(random) : -magnitude(random);
    return out;
}

std::vector<std::byte> bytesOf(const MethodResult& result) {
    return {result.tensor.packed.bytes.begin(), result.tensor.packed.bytes.end()};
}

TEST(IntegerFit, PackingTheNearestCodesGivesTheCodecsBytes) {
    for (const char* name :
         {"int2_g16_asym", "int3_g64_sym", "int4_g128_asym", "int5_channel_asym", "int7_g32_sym", "int8_g256_asym",
          "int4_g64_fzero", "int3_channel_fzero_f32", "int4_g16_sym_dq", "int3_g64_asym_dq", "int2_g32_fzero_dq"}) {
        const MatrixRows source(5, 200, gaussian(1000, 1.0f, 3));
        const auto nearest = quantizeBy(source, name, "nearest");
        const auto whole = quantizeBy(source, name, "percentile:percent=100");
        HT_ASSERT_OK(nearest);
        HT_ASSERT_OK(whole);
        EXPECT_EQ(bytesOf(*nearest), bytesOf(*whole)) << name;
    }
}

// Max 1960, uniform quantizers of a normal variable: 4 levels 0.1188, 8 levels 0.03744, 16 levels 0.01154. The integer
// family must store zero exactly, which shifts the levels by half a step and costs a little more; a result below the
// optimum would mean that the measurement is wrong.
TEST(IntegerFit, MseClippingReachesTheKnownOptimumOfGaussianData) {
    constexpr int64_t kCols = 200000;
    const MatrixRows source(1, kCols, gaussian(kCols, 1.0f, 11));
    const auto errorOf = [&](const char* name, const char* by) {
        return quantizeBy(source, name, by).value().tensor.distortion.relativeMse();
    };
    const double four = errorOf("int4_channel_asym", "mse");
    EXPECT_GT(four, 0.0114);
    EXPECT_LT(four, 0.0125);
    const double three = errorOf("int3_channel_asym", "mse");
    EXPECT_GT(three, 0.0370);
    EXPECT_LT(three, 0.0440);
    // A float zero point allows the optimum itself; the search ends near it.
    const double floatFour = errorOf("int4_channel_fzero", "mse");
    EXPECT_GT(floatFour, 0.0114);
    EXPECT_LT(floatFour, 0.0119);
    const double floatTwo = errorOf("int2_channel_fzero", "mse");
    EXPECT_GT(floatTwo, 0.1175);
    EXPECT_LT(floatTwo, 0.1205);
    EXPECT_GT(errorOf("int4_channel_asym", "nearest"), 1.5 * four);
    EXPECT_LT(errorOf("int4_channel_asym", "percentile:percent=99.5"), errorOf("int4_channel_asym", "nearest"));
}

TEST(IntegerFit, MseClippingIsNeverWorseForAnyRowAndFollowsTheImportance) {
    const MatrixRows source(64, 256, laplace(64 * 256, 5));
    for (const char* name : {"int4_g128_asym", "int3_g64_sym", "int2_g64_asym", "int3_g64_fzero"}) {
        const auto nearest = quantizeBy(source, name, "nearest");
        const auto mse = quantizeBy(source, name, "mse");
        HT_ASSERT_OK(nearest);
        HT_ASSERT_OK(mse);
        for (int64_t row = 0; row < 64; ++row) {
            Distortion before, after;
            const auto at = static_cast<size_t>(row * 256);
            const std::span<const float> original(source.values().data() + at, 256);
            before.add(original, std::span(nearest->decoded).subspan(at, 256));
            after.add(original, std::span(mse->decoded).subspan(at, 256));
            EXPECT_LE(after.sumSquaredError, before.sumSquaredError * (1 + 1e-6)) << name << " row " << row;
        }
        EXPECT_LT(mse->tensor.distortion.relativeMse(), 0.95 * nearest->tensor.distortion.relativeMse()) << name;
    }
    InputStatistics statistics;
    statistics.tokens = 1;
    for (const float weight : importanceWeights(256, 9)) statistics.sumSquares.push_back(double(weight));
    const auto plain = quantizeBy(source, "int3_g64_asym", "mse");
    const auto weighted = quantizeBy(source, "int3_g64_asym", "mse", &statistics);
    HT_ASSERT_OK(weighted);
    const auto weightedError = [&](const MethodResult& result) {
        double sum = 0;
        for (size_t i = 0; i < result.decoded.size(); ++i) {
            const double error = double(result.decoded[i]) - double(source.values()[i]);
            sum += statistics.sumSquares[i % 256] * error * error;
        }
        return sum;
    };
    EXPECT_LT(weightedError(*weighted), weightedError(*plain));
}

TEST(IntegerFit, HqqLowersTheErrorOfEveryWidth) {
    const MatrixRows source(48, 512, laplace(48 * 512, 6));
    for (const char* name : {"int4_g64_asym", "int3_g64_asym", "int2_g64_asym", "int3_channel_asym", "int4_g64_fzero",
                             "int2_g64_fzero", "int3_g64_asym_dq", "int3_g64_fzero_dq"}) {
        const double nearest = quantizeBy(source, name, "nearest").value().tensor.distortion.relativeMse();
        const double asPublished = quantizeBy(source, name, "hqq:scales=1").value().tensor.distortion.relativeMse();
        const double hqq = quantizeBy(source, name, "hqq").value().tensor.distortion.relativeMse();
        EXPECT_LE(asPublished, nearest) << name;
        EXPECT_LT(hqq, 0.97 * nearest) << name;
    }
}

TEST(IntegerFit, FloatZeroPointsAndRefittedLinesBeatWholeOnes) {
    const MatrixRows source(48, 512, laplace(48 * 512, 7));
    for (const char* by : {"mse", "hqq"}) {
        for (const char* bits : {"int4", "int3", "int2"}) {
            const std::string name(bits);
            const double whole = quantizeBy(source, name + "_g32_asym", by).value().tensor.distortion.relativeMse();
            const double real = quantizeBy(source, name + "_g32_fzero", by).value().tensor.distortion.relativeMse();
            EXPECT_LT(real, 0.98 * whole) << name << " " << by;
        }
    }
}

// One value far out on one side: with the range left as it is, the zero point that fits most values is another than
// that of the extremes.
TEST(IntegerFit, HqqMovesTheZeroPoint) {
    std::vector<float> values(64);
    for (size_t i = 0; i < values.size(); ++i) values[i] = -0.4f + 0.001f * static_cast<float>(i % 3);
    values[0] = 1.0f;
    const MatrixRows source(1, 64, values);
    const auto nearest = quantizeBy(source, "int2_g64_asym", "nearest");
    const auto hqq = quantizeBy(source, "int2_g64_asym", "hqq");
    HT_ASSERT_OK(hqq);
    EXPECT_LT(hqq->tensor.distortion.sumSquaredError, 0.5 * nearest->tensor.distortion.sumSquaredError);
}

TEST(IntegerFit, DegenerateGroupsStayFinite) {
    std::vector<float> values(6 * 64, 0.0f);
    for (size_t i = 64; i < 128; ++i) values[i] = 3.0f;                                       // constant
    values[130] = 1e30f;                                                                      // one huge value
    for (size_t i = 192; i < 256; ++i) values[i] = std::numeric_limits<float>::denorm_min();  // subnormal
    for (size_t i = 256; i < 320; ++i) values[i] = -1e-20f;
    values[330] = -5.0f;
    const MatrixRows source(6, 64, values);
    for (const char* by : {"mse", "hqq", "percentile", "percentile:percent=50"}) {
        const auto result = quantizeBy(source, "int4_g64_asym", by);
        HT_ASSERT_OK(result);
        for (const float value : result->decoded) ASSERT_TRUE(std::isfinite(value)) << by;
        for (size_t i = 0; i < 64; ++i) ASSERT_EQ(result->decoded[i], 0.0f) << by;
        EXPECT_NEAR(result->decoded[70], 3.0f, 0.21f) << by;
        EXPECT_NEAR(result->decoded[330], -5.0f, 0.4f) << by;
        for (const char* name : {"int4_g64_fzero", "int4_g16_fzero_dq", "int4_g16_sym_dq"}) {
            const auto other = quantizeBy(source, name, by);
            if (!other) continue;  // HQQ has nothing to move in a symmetric format
            for (const float value : other->decoded) ASSERT_TRUE(std::isfinite(value)) << name << " " << by;
            for (size_t i = 0; i < 64; ++i) ASSERT_EQ(other->decoded[i], 0.0f) << name << " " << by;
        }
    }
}

TEST(IntegerFit, SameBytesOnAnyThreadCountAndCancels) {
    const MatrixRows source(300, 192, laplace(300 * 192, 8));
    for (const char* by : {"mse", "hqq", "percentile"}) {
        for (const char* name : {"int4_g64_asym", "int4_g64_fzero", "int4_g16_fzero_dq"}) {
            const auto one = quantizeBy(source, name, by, nullptr, 1);
            const auto two = quantizeBy(source, name, by, nullptr, 2);
            HT_ASSERT_OK(one);
            HT_ASSERT_OK(two);
            EXPECT_EQ(bytesOf(*one), bytesOf(*two)) << name << " " << by;
        }
    }
    std::stop_source stop;
    stop.request_stop();
    JobContext context;
    context.stop = stop.get_token();
    const auto encoder = createMseEncoder({}, {});
    const auto result = quantizeTensor(source, format("int4_g64_asym"),
                                       {.importance = {}, .tensorName = "w", .encoder = encoder.get()}, context);
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().code, ErrorCode::kCancelled);
}

}  // namespace
}  // namespace halftone::test
