// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "core/quant/methods/quantize.h"

namespace halftone {

void Distortion::add(std::span<const float> original, std::span<const float> quantized) {
    // Fixed lanes, so that the compiler can use vector registers and the sums do not depend on which ones.
    constexpr size_t kLanes = 8;
    std::array<double, kLanes> errors{};
    std::array<double, kLanes> squares{};
    std::array<double, kLanes> products{};
    std::array<double, kLanes> quantizedSquares{};
    std::array<double, kLanes> largest{};
    const size_t total = std::min(original.size(), quantized.size());
    const auto addOne = [&](size_t lane, size_t i) {
        const double x = original[i];
        const double y = quantized[i];
        const double error = x - y;
        errors[lane] += error * error;
        squares[lane] += x * x;
        products[lane] += x * y;
        quantizedSquares[lane] += y * y;
        largest[lane] = std::max(largest[lane], std::fabs(error));
    };
    size_t i = 0;
    for (; i + kLanes <= total; i += kLanes) {
        for (size_t lane = 0; lane < kLanes; ++lane) addOne(lane, i + lane);
    }
    for (size_t lane = 0; i + lane < total; ++lane) addOne(lane, i + lane);
    Distortion sum;
    sum.count = static_cast<int64_t>(total);
    for (size_t lane = 0; lane < kLanes; ++lane) {
        sum.sumSquaredError += errors[lane];
        sum.sumSquares += squares[lane];
        sum.sumProduct += products[lane];
        sum.sumSquaresQuantized += quantizedSquares[lane];
        sum.maxAbsError = std::max(sum.maxAbsError, largest[lane]);
    }
    merge(sum);
}

void Distortion::merge(const Distortion& other) {
    count += other.count;
    sumSquaredError += other.sumSquaredError;
    sumSquares += other.sumSquares;
    sumProduct += other.sumProduct;
    sumSquaresQuantized += other.sumSquaresQuantized;
    maxAbsError = std::max(maxAbsError, other.maxAbsError);
}

double Distortion::relativeMse() const {
    if (sumSquaredError == 0) return 0;
    return sumSquares > 0 ? sumSquaredError / sumSquares : std::numeric_limits<double>::infinity();
}

double Distortion::sqnrDb() const {
    const double ratio = relativeMse();
    return ratio > 0 ? -10.0 * std::log10(ratio) : std::numeric_limits<double>::infinity();
}

double Distortion::cosine() const {
    if (sumSquaredError == 0) return 1;
    const double norms = std::sqrt(sumSquares) * std::sqrt(sumSquaresQuantized);
    return norms > 0 ? sumProduct / norms : 0;
}

}  // namespace halftone
