// SPDX-License-Identifier: GPL-3.0-or-later
// The error of every offered format on seeded data of three kinds, bounded from both sides: an encoder that became
// better for no known reason is as suspect as one that became worse.
#include <charconv>
#include <cmath>
#include <fstream>
#include <map>
#include <random>
#include <sstream>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/support/test_paths.h"
#include "tests/unit/core/quant/method_support.h"
#include "tests/unit/core/quant/test_data.h"

namespace halftone::test {
namespace {

constexpr int64_t kRows = 32, kCols = 1024;
constexpr double kTolerance = 0.02;

using Errors = std::vector<double>;

std::vector<MatrixRows> makeSources() {
    auto normal = gaussian(kRows * kCols, 0.02f, 91);
    std::mt19937 random(92);
    std::exponential_distribution<float> exponential(1.0f);
    std::vector<float> laplace(kRows * kCols);
    for (float& value : laplace) value = (random() & 1) ? exponential(random) : -exponential(random);
    // One element in two hundred is ten times as large, as in layers with outliers.
    auto outliers = gaussian(kRows * kCols, 0.02f, 93);
    for (size_t i = 0; i < outliers.size(); ++i) {
        if (random() % 200 == 0) outliers[i] *= 10;
    }
    std::vector<MatrixRows> sources;
    for (auto* values : {&normal, &laplace, &outliers}) sources.emplace_back(kRows, kCols, std::move(*values));
    return sources;
}

Errors errorsOf(const Format& format, const std::vector<MatrixRows>& sources) {
    Errors errors;
    for (const MatrixRows& source : sources) {
        const auto quantized = quantizeTensor(source, format, QuantizeOptions{}, contextOf(2));
        errors.push_back(quantized ? quantized->distortion.relativeMse() : NAN);
    }
    return errors;
}

std::map<std::string, Errors> expectedErrors() {
    std::map<std::string, Errors> expected;
    std::istringstream lines(readFile(sourceDir() / "tests" / "golden" / "distortion.csv"));
    std::string line, cell;
    std::getline(lines, line);
    while (std::getline(lines, line)) {
        std::istringstream cells(line);
        std::string name;
        std::getline(cells, name, ',');
        while (std::getline(cells, cell, ',')) expected[name].push_back(std::stod(cell));
    }
    return expected;
}

TEST(Distortion, OfEveryFormatIsWhatItWas) {
    const auto sources = makeSources();
    const auto expected = expectedErrors();
    std::string measured = "format,gaussian,laplace,outliers\n";
    for (const Format& format : offeredFormats()) {
        const Errors errors = errorsOf(format, sources);
        measured += fmt::format("{},{:.4g},{:.4g},{:.4g}\n", format.name(), errors[0], errors[1], errors[2]);
        const auto known = expected.find(format.name());
        if (known == expected.end() || known->second.size() != errors.size()) {
            ADD_FAILURE() << format.name() << " has no line in tests/golden/distortion.csv";
            continue;
        }
        for (size_t i = 0; i < errors.size(); ++i)
            EXPECT_NEAR(errors[i], known->second[i], kTolerance * known->second[i]) << format.name() << ", data " << i;
    }
    // What was measured lies where a person who knows why it changed can take it from.
    if (HasFailure()) std::ofstream("distortion.csv") << measured;
}

TEST(Distortion, FallsWithEveryBit) {
    const auto sources = makeSources();
    const std::vector<std::vector<const char*>> rising{
        {"q2_k", "q3_k", "q4_k", "q5_k", "q6_k", "q8_0", "f16", "f32"},
        {"q4_0", "q5_0", "q8_0"},
        {"q4_1", "q5_1"},
        {"int2_g64_asym", "int3_g64_asym", "int4_g64_asym", "int5_g64_asym", "int6_g64_asym", "int8_g64_asym"},
        {"int4_channel_sym", "int4_g256_sym", "int4_g128_sym", "int4_g64_sym", "int4_g32_sym", "int4_g16_sym"},
        {"kmeans2_channel", "kmeans3_channel", "kmeans4_channel"},
        {"binary_g64", "ternary_g64", "nf4_g64", "fp6_e2m3_g64"}};
    for (const auto& family : rising) {
        Errors before(sources.size(), HUGE_VAL);
        for (const char* name : family) {
            const Errors errors = errorsOf(format(name), sources);
            for (size_t i = 0; i < errors.size(); ++i) EXPECT_LT(errors[i], before[i]) << name << ", data " << i;
            before = errors;
        }
    }
}

}  // namespace
}  // namespace halftone::test
