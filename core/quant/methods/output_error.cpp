// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quant/methods/output_error.h"

#include <algorithm>
#include <vector>

#include "core/base/error.h"
#include "core/quant/methods/dense_kernels.h"

namespace halftone {

double outputEnergy(std::span<const float> differences, int64_t rows, const Hessian& hessian) {
    const int64_t channels = hessian.channels;
    HT_CHECK(static_cast<int64_t>(differences.size()) >= rows * channels);
    if (hessian.tokens <= 0) return 0;
    std::vector<float> products(static_cast<size_t>(rows * channels));
    addProduct({rows, channels, channels}, MatrixView<float>{differences.data(), channels, 1},
               MatrixView<float>{hessian.sums.data(), channels, 1}, ProductTarget<float>{products.data(), channels});
    double sum = 0;
    for (size_t i = 0; i < products.size(); ++i) sum += double(products[i]) * double(differences[i]);
    // Rounding may leave a tiny negative number where the true sum is zero.
    return std::max(0.0, sum) / double(hessian.tokens);
}

double outputEnergy(std::span<const float> differences, int64_t rows, std::span<const float> importance) {
    const size_t channels = importance.size();
    double sum = 0;
    for (size_t row = 0; row < static_cast<size_t>(rows); ++row) {
        const float* values = differences.data() + row * channels;
        for (size_t i = 0; i < channels; ++i) sum += double(importance[i]) * double(values[i]) * double(values[i]);
    }
    return sum;
}

}  // namespace halftone
