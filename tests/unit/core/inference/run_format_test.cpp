// SPDX-License-Identifier: GPL-3.0-or-later
// Roundings against their definitions written out in binary64, and what a sequence's format does to a whole model.
#include "core/inference/run_format.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/test_paths.h"
#include "tests/unit/core/inference/loaded_model.h"
#include "tests/unit/core/inference/synthetic_model.h"

namespace halftone::test {
namespace {

std::vector<float> someRow(int64_t width, float magnitude) {
    std::vector<float> row;
    uint64_t state = 12345;
    for (int64_t i = 0; i < width; ++i) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        row.push_back(magnitude * static_cast<float>((double(state >> 40) / double(1 << 24)) * 2.0 - 1.0));
    }
    return row;
}

std::vector<float> rounded(ActivationRounding rounding, const std::vector<float>& row, float scale = 0) {
    std::vector<float> out(row.size(), -1.0f);
    roundActivations(rounding, scale, row.data(), out.data(), std::ssize(row));
    return out;
}

TEST(ActivationRounding, Int8IsTheNearestOf255Steps) {
    for (const float magnitude : {1e-20f, 0.3f, 7.0f, 1e20f}) {
        const std::vector<float> row = someRow(333, magnitude);
        double most = 0;
        for (const float value : row) most = std::max(most, std::abs(double(value)));
        const std::vector<float> actual = rounded(ActivationRounding::kInt8, row);
        for (size_t i = 0; i < row.size(); ++i) {
            const double code = double(actual[i]) / (most / 127);
            EXPECT_NEAR(code, std::round(code), 1e-4);
            EXPECT_LE(std::abs(code), 127.001);
            EXPECT_LE(std::abs(double(row[i]) / (most / 127) - code), 0.5001) << row[i];
        }
    }
}

TEST(ActivationRounding, StaticScaleClipsWhatIsLarger) {
    const std::vector<float> row{0.0f, 0.24f, -0.26f, 1.0f, 63.5f, 63.8f, -1000.0f};
    EXPECT_EQ(rounded(ActivationRounding::kInt8Static, row, 0.5f),
              (std::vector<float>{0.0f, 0.0f, -0.5f, 1.0f, 63.5f, 63.5f, -63.5f}));
}

TEST(ActivationRounding, TellsTheStepOfItsCodes) {
    const std::vector<float> row{1.0f, -63.5f, 20.25f};
    std::vector<float> out(row.size());
    const auto stepOf = [&](ActivationRounding rounding, const std::vector<float>& in) {
        return roundActivations(rounding, 0.25f, in.data(), out.data(), std::ssize(in));
    };
    EXPECT_EQ(stepOf(ActivationRounding::kInt8, row), 0.5f);
    EXPECT_EQ(stepOf(ActivationRounding::kInt8Static, row), 0.25f);
    EXPECT_EQ(stepOf(ActivationRounding::kInt8, {0.0f, 0.0f}), 0.0f);
    EXPECT_TRUE(std::isnan(stepOf(ActivationRounding::kFp8, row)));
    EXPECT_TRUE(std::isnan(stepOf(ActivationRounding::kNone, row)));
    EXPECT_TRUE(std::isnan(stepOf(ActivationRounding::kInt8, {1.0f, NAN})));
}

/// Every magnitude of E4M3 in order: eight subnormal ones, then eight for each exponent, without the code of NaN.
std::vector<double> e4m3Values() {
    std::vector<double> values;
    for (int code = 0; code < 127; ++code) {
        const int exponent = code / 8, mantissa = code % 8;
        values.push_back(exponent == 0 ? mantissa * 0x1p-9 : std::ldexp(1.0 + mantissa / 8.0, exponent - 7));
    }
    return values;
}

TEST(ActivationRounding, Fp8IsTheNearestValueOfE4M3) {
    const std::vector<double> levels = e4m3Values();
    ASSERT_EQ(levels.back(), 448.0);
    // A largest value of 448 makes the scale one, so that rows hold what is rounded.
    std::vector<float> row = someRow(4000, 448.0f);
    for (size_t i = 0; i < row.size(); ++i) row[i] *= std::ldexp(1.0f, -static_cast<int>(i % 17));
    row[0] = -448.0f;
    const std::vector<float> actual = rounded(ActivationRounding::kFp8, row);
    for (size_t i = 0; i < row.size(); ++i) {
        double best = 1e9;
        for (const double level : levels) best = std::min(best, std::abs(level - std::abs(double(row[i]))));
        EXPECT_EQ(std::abs(double(actual[i]) - double(row[i])), best) << row[i];
        EXPECT_NE(std::ranges::find(levels, std::abs(double(actual[i]))), levels.end()) << actual[i];
    }
    // Ties go to the even code: 17 lies between 16 and 18, 19 between 18 and 20, half a subnormal step becomes zero.
    EXPECT_EQ(rounded(ActivationRounding::kFp8, {448.0f, 17.0f, 19.0f, 0x1p-10f, 0x3p-10f}),
              (std::vector<float>{448.0f, 16.0f, 20.0f, 0.0f, 0x1p-8f}));
}

TEST(ActivationRounding, LeavesWhatIsNotFiniteAndDropsWhatIsNothing) {
    for (const ActivationRounding rounding : {ActivationRounding::kInt8, ActivationRounding::kFp8}) {
        const std::vector<float> wrong{1.0f, INFINITY, 0.3f};
        EXPECT_EQ(rounded(rounding, wrong), wrong);
        EXPECT_TRUE(std::isnan(rounded(rounding, {0.3f, NAN})[1]));
        EXPECT_EQ(rounded(rounding, {0.0f, -0.0f, 1e-38f}), (std::vector<float>{0.0f, 0.0f, 0.0f}));
    }
}

TEST(RunFormat, SaysWhatItIs) {
    RunFormat format;
    EXPECT_TRUE(format.isFull());
    EXPECT_EQ(format.name(), "");
    EXPECT_EQ(format.signature(), 0u);
    format.cache = {DType::kQ8_0, DType::kQ8_0};
    EXPECT_EQ(format.name(), "cache q8_0");
    const uint64_t cacheAlone = format.signature();
    format.activations = ActivationFormat::parse("int8").value();
    EXPECT_EQ(format.name(), "cache q8_0, activations int8");
    EXPECT_NE(format.signature(), cacheAlone);
    format.activations = ActivationFormat::parse("int8-static").value();
    format.activations.scales = std::make_shared<const std::vector<float>>(3, 1.0f);
    const uint64_t first = format.signature();
    format.activations.scales = std::make_shared<const std::vector<float>>(3, 2.0f);
    EXPECT_NE(format.signature(), first);
    const auto refused = ActivationFormat::parse("int7");
    ASSERT_FALSE(refused.has_value());
    EXPECT_NE(refused.error().message.find("int8-static"), std::string::npos);
}

/// Relative difference of the logits of a format from those that keep everything.
double changeOf(const RunFormat& format, const char* backend) {
    const TemporaryFolder folder;
    SyntheticOptions options;
    options.headDim = 32;
    makeSyntheticModel(options).write(folder.path());
    auto model = loadModel(folder.path(), *backendByName(backend));
    EXPECT_TRUE(model.has_value());
    std::vector<TokenId> ids;
    for (int i = 0; i < 60; ++i) ids.push_back((i * 29 + 3) % 97);
    const auto full = model->executable->createSequence(64), changed = model->executable->createSequence(64, format);
    EXPECT_TRUE(full && changed);
    // Sequences of both formats live side by side on one executable.
    const auto expected = runLogits(*model->executable, **full, ids, 0, 60);
    const auto actual = runLogits(*model->executable, **changed, ids, 0, 60);
    const auto again = runLogits(*model->executable, **model->executable->createSequence(64), ids, 0, 60);
    EXPECT_EQ(*again, *expected);
    return relativeError(*actual, *expected);
}

TEST(RunFormat, CoarserFormatsChangeMore) {
    for (const char* backend : {"cpu", "cpu-reference"}) {
        const auto cache = [&](const char* name) {
            return changeOf({.cache = CacheFormat::parse(name).value(), .activations = {}}, backend);
        };
        const double half = cache("f16"), eight = cache("q8_0"), four = cache("q4_0");
        EXPECT_GT(half, 0);
        EXPECT_LT(half, 1e-3);
        EXPECT_GT(eight, half);
        EXPECT_LT(eight, 0.05);
        EXPECT_GT(four, 3 * eight);
        EXPECT_EQ(cache("f32"), 0);
        const double bytes = changeOf({.cache = {}, .activations = ActivationFormat::parse("int8").value()}, backend);
        EXPECT_GT(bytes, 1e-4);
        EXPECT_LT(bytes, 0.1);
    }
}

}  // namespace
}  // namespace halftone::test
