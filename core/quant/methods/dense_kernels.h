// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>

namespace halftone {

/// A dense matrix in memory, either way round.
template <typename T>
struct MatrixView {
    const T* data = nullptr;
    int64_t rowStride = 0;
    int64_t colStride = 1;
};

/// c[i][j] += factor * sum over t of a[i][t] * b[t][j], for i < m, j < n, t < k; b and c are row-major. Vectorized
/// over j with run-time dispatch. The sum runs in the order of t, product and sum are rounded separately, and the
/// factor is 1 or -1: the same result on every instruction set and however the caller cuts m and n. Any thread.
struct ProductShape {
    int64_t m = 0, n = 0, k = 0;
};
template <typename T>
struct ProductTarget {
    T* data = nullptr;
    int64_t rowStride = 0;
};
void addProduct(const ProductShape& shape, const MatrixView<float>& a, const MatrixView<float>& b,
                const ProductTarget<float>& c, bool subtract = false);
void addProduct(const ProductShape& shape, const MatrixView<double>& a, const MatrixView<double>& b,
                const ProductTarget<double>& c, bool subtract = false);

/// The same with products and sums rounded once where the machine can: about twice as fast, and not the same to the
/// last bit on every instruction set.
void addProductFused(const ProductShape& shape, const MatrixView<float>& a, const MatrixView<float>& b,
                     const ProductTarget<float>& c);

/// y[i] -= factor * x[i].
void subtractScaled(int64_t count, float factor, const float* x, float* y);

}  // namespace halftone
