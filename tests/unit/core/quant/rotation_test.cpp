// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quant/transforms/rotation.h"

#include <cmath>

#include <gtest/gtest.h>

#include "core/quant/transforms/rotated_rows.h"
#include "tests/support/test_paths.h"
#include "tests/unit/core/quant/method_support.h"
#include "tests/unit/core/quant/test_data.h"

namespace halftone::test {
namespace {

/// R itself, row-major: what becomes of the unit vectors.
std::vector<double> matrixOf(const Rotation& rotation) {
    const auto n = static_cast<size_t>(rotation.size());
    std::vector<double> matrix(n * n);
    for (size_t i = 0; i < n; ++i) {
        std::vector<double> unit(n);
        unit[i] = 1;
        rotation.apply(unit, 1);
        std::ranges::copy(unit, matrix.begin() + std::ptrdiff_t(i * n));
    }
    return matrix;
}

class RotationSizes : public testing::TestWithParam<int> {};

TEST_P(RotationSizes, IsOrthogonalAndSpreadsEveryElementAlike) {
    const auto n = static_cast<size_t>(GetParam());
    const auto rotation = Rotation::create(GetParam(), 7);
    HT_ASSERT_OK(rotation);
    const std::vector<double> matrix = matrixOf(*rotation);
    for (size_t i = 0; i < n; ++i) {
        for (size_t j = 0; j < n; ++j) {
            EXPECT_NEAR(std::abs(matrix[i * n + j]), 1 / std::sqrt(double(n)), 1e-12);
            double product = 0;
            for (size_t k = 0; k < n; ++k) product += matrix[i * n + k] * matrix[j * n + k];
            ASSERT_NEAR(product, i == j ? 1 : 0, 1e-12) << i << ", " << j;
        }
    }
}

// Sylvester; Paley's first (12, 20, 24, 44 from 11, 19, 23, 43) and second kind (28, 36 from 13, 17); products of them.
INSTANTIATE_TEST_SUITE_P(All, RotationSizes,
                         testing::Values(1, 2, 8, 64, 12, 20, 24, 28, 36, 44, 48, 72, 96, 104, 160, 192, 288),
                         testing::PrintToStringParamName());

TEST(Rotation, SizesOfRealModelsAreKnown) {
    for (const int size : {576,  768,  896,  1024, 1536, 1600,  2048,  2304, 2560, 3072, 3584, 4096, 5120,
                           5376, 6144, 6656, 7168, 8192, 12288, 16384, 64,   80,   96,   128,  256})
        HT_EXPECT_OK(Rotation::create(size, 1)) << size;
    for (const int size : {3, 6, 50, 92}) {
        const auto rotation = Rotation::create(size, 1);
        ASSERT_FALSE(rotation.has_value()) << size;
        EXPECT_EQ(rotation.error().code, ErrorCode::kUnsupported);
    }
}

TEST(Rotation, SeedAndSizeDecide) {
    const auto a = matrixOf(*Rotation::create(64, 1)), same = matrixOf(*Rotation::create(64, 1));
    EXPECT_EQ(a, same);
    EXPECT_NE(a, matrixOf(*Rotation::create(64, 2)));
}

TEST(Rotation, OneLargeChannelIsSpreadOverAll) {
    constexpr int64_t kSize = 768;
    auto values = gaussian(kSize, 0.02f, 5);
    values[100] = 4;  // 200 standard deviations
    std::vector<double> rotated(values.begin(), values.end());
    Rotation::create(kSize, 3)->apply(rotated, 1);
    double largest = 0, squares = 0, before = 0;
    for (size_t i = 0; i < kSize; ++i) {
        largest = std::max(largest, std::abs(rotated[i]));
        squares += rotated[i] * rotated[i];
        before += double(values[i]) * double(values[i]);
    }
    EXPECT_NEAR(squares, before, 1e-9 * before);
    EXPECT_LT(largest, 2 * std::sqrt(squares / kSize));
}

TEST(RotatedRows, EqualTheProductOfTheMatrices) {
    constexpr int64_t kRows = 96, kCols = 48;
    const auto source = std::make_shared<MatrixRows>(kRows, kCols, gaussian(kRows * kCols, 1, 6));
    const auto right = std::make_shared<const Rotation>(*Rotation::create(24, 1));
    const auto left = std::make_shared<const Rotation>(*Rotation::create(32, 2));
    const std::vector<float> scale = gaussian(kCols, 1, 8);
    const auto rotated = rotatedRows(source, {scale, right, left}, contextOf(2));
    HT_ASSERT_OK(rotated);
    std::vector<float> actual(kRows * kCols);
    HT_ASSERT_OK((*rotated)->readRows(0, kRows, actual));
    const auto leftMatrix = matrixOf(*left), rightMatrix = matrixOf(*right);
    for (int64_t row = 0; row < kRows; ++row) {
        for (int64_t col = 0; col < kCols; ++col) {
            double sum = 0;
            for (int64_t i = 0; i < 32; ++i) {
                for (int64_t j = 0; j < 24; ++j) {
                    const auto from = static_cast<size_t>((row / 32 * 32 + i) * kCols + col / 24 * 24 + j);
                    sum += leftMatrix[size_t(i * 32 + row % 32)] * double(source->values()[from]) *
                           double(scale[size_t(col / 24 * 24 + j)]) * rightMatrix[size_t(j * 24 + col % 24)];
                }
            }
            ASSERT_NEAR(actual[size_t(row * kCols + col)], sum, 1e-5);
        }
    }
    EXPECT_FALSE(rotatedRows(source, {{}, left, nullptr}, contextOf(2)).has_value());
}

}  // namespace
}  // namespace halftone::test
