// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cmath>
#include <limits>

#include "core/quant/methods/quantize.h"
#include "core/quant/methods/tile_kernels.h"

namespace halftone {

void Distortion::add(std::span<const float> original, std::span<const float> quantized) {
    const size_t total = std::min(original.size(), quantized.size());
    const ErrorSums sums = sumErrors(original.first(total), quantized.first(total));
    Distortion sum;
    sum.count = static_cast<int64_t>(total);
    for (size_t lane = 0; lane < kErrorLanes; ++lane) {
        sum.sumSquaredError += sums.errors[lane];
        sum.sumSquares += sums.squares[lane];
        sum.sumSquaresQuantized += sums.quantizedSquares[lane];
    }
    // 2 x y = x^2 + y^2 - (x - y)^2
    sum.sumProduct = (sum.sumSquares + sum.sumSquaresQuantized - sum.sumSquaredError) / 2;
    sum.maxAbsError = double(sums.largest);
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
    return norms > 0 ? std::clamp(sumProduct / norms, -1.0, 1.0) : 0;
}

}  // namespace halftone
