// SPDX-License-Identifier: GPL-3.0-or-later
// Panels of b are copied so that the inner loop reads memory in order; a register tile is 4 rows by 3 vectors.
#include "core/quant/methods/dense_kernels.h"

#include <algorithm>
#include <vector>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/quant/methods/dense_kernels.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#ifndef HALFTONE_DENSE_KERNELS_SHARED_
#define HALFTONE_DENSE_KERNELS_SHARED_
namespace halftone {
namespace {

constexpr int64_t kTileRows = 4;
constexpr int64_t kTileVectors = 3;
constexpr int64_t kMaxLanes = 16;
constexpr int64_t kMaxPanel = kTileVectors * kMaxLanes;
constexpr int64_t kMaxDepth = 256;  ///< of a panel: it stays in the first-level cache

/// Rows [0, kTileRows) of a, transposed into one run; missing rows are zero.
template <typename T>
void packRows(const MatrixView<T>& a, int64_t rows, int64_t depth, T* out) {
    for (int64_t t = 0; t < depth; ++t) {
        const T* column = a.data + t * a.colStride;
        for (int64_t i = 0; i < kTileRows; ++i) out[t * kTileRows + i] = i < rows ? column[i * a.rowStride] : T{0};
    }
}

template <typename T>
void packPanel(const MatrixView<T>& b, int64_t width, int64_t panel, int64_t depth, T* out) {
    for (int64_t t = 0; t < depth; ++t) {
        const T* row = b.data + t * b.rowStride;
        std::copy(row, row + width, out + t * panel);
        std::fill(out + t * panel + width, out + (t + 1) * panel, T{0});
    }
}

}  // namespace
}  // namespace halftone
#endif  // HALFTONE_DENSE_KERNELS_SHARED_

HWY_BEFORE_NAMESPACE();
namespace halftone {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

template <typename T>
using Tag = hn::CappedTag<T, kMaxLanes>;

/// out[4][panel] = packed rows * packed panel; `out` is a whole tile, to be added by the caller.
template <typename T>
HWY_INLINE void multiplyTile(const T* HWY_RESTRICT a, const T* HWY_RESTRICT b, int64_t depth, T* HWY_RESTRICT out) {
    const Tag<T> d;
    const auto lanes = static_cast<int64_t>(hn::Lanes(d));
    const int64_t panel = kTileVectors * lanes;
    auto c00 = hn::Zero(d), c01 = c00, c02 = c00, c10 = c00, c11 = c00, c12 = c00;
    auto c20 = c00, c21 = c00, c22 = c00, c30 = c00, c31 = c00, c32 = c00;
    for (int64_t t = 0; t < depth; ++t, a += kTileRows, b += panel) {
        const auto b0 = hn::LoadU(d, b), b1 = hn::LoadU(d, b + lanes), b2 = hn::LoadU(d, b + 2 * lanes);
        const auto a0 = hn::Set(d, a[0]), a1 = hn::Set(d, a[1]), a2 = hn::Set(d, a[2]), a3 = hn::Set(d, a[3]);
        c00 = hn::Add(c00, hn::Mul(a0, b0)), c01 = hn::Add(c01, hn::Mul(a0, b1)), c02 = hn::Add(c02, hn::Mul(a0, b2));
        c10 = hn::Add(c10, hn::Mul(a1, b0)), c11 = hn::Add(c11, hn::Mul(a1, b1)), c12 = hn::Add(c12, hn::Mul(a1, b2));
        c20 = hn::Add(c20, hn::Mul(a2, b0)), c21 = hn::Add(c21, hn::Mul(a2, b1)), c22 = hn::Add(c22, hn::Mul(a2, b2));
        c30 = hn::Add(c30, hn::Mul(a3, b0)), c31 = hn::Add(c31, hn::Mul(a3, b1)), c32 = hn::Add(c32, hn::Mul(a3, b2));
    }
    const auto store = [&](int64_t row, auto x, auto y, auto z) {
        hn::StoreU(x, d, out + row * panel);
        hn::StoreU(y, d, out + row * panel + lanes);
        hn::StoreU(z, d, out + row * panel + 2 * lanes);
    };
    store(0, c00, c01, c02);
    store(1, c10, c11, c12);
    store(2, c20, c21, c22);
    store(3, c30, c31, c32);
}

template <typename T>
void addPanel(const ProductShape& shape, const MatrixView<T>& a, const T* panelData, int64_t panel,
              const ProductTarget<T>& c, bool subtract) {
    alignas(64) T rows[kMaxDepth * kTileRows];
    alignas(64) T tile[kTileRows * kMaxPanel];
    for (int64_t i = 0; i < shape.m; i += kTileRows) {
        const int64_t count = std::min(kTileRows, shape.m - i);
        packRows(MatrixView<T>{a.data + i * a.rowStride, a.rowStride, a.colStride}, count, shape.k, rows);
        multiplyTile<T>(rows, panelData, shape.k, tile);
        for (int64_t r = 0; r < count; ++r) {
            T* HWY_RESTRICT to = c.data + (i + r) * c.rowStride;
            const T* HWY_RESTRICT from = tile + r * panel;
            if (subtract) {
                for (int64_t j = 0; j < shape.n; ++j) to[j] -= from[j];
            } else {
                for (int64_t j = 0; j < shape.n; ++j) to[j] += from[j];
            }
        }
    }
}

template <typename T>
void addProductImpl(const ProductShape& shape, const MatrixView<T>& a, const MatrixView<T>& b,
                    const ProductTarget<T>& c, bool subtract) {
    const int64_t panel = kTileVectors * static_cast<int64_t>(hn::Lanes(Tag<T>()));
    std::vector<T> packed(static_cast<size_t>(std::min(kMaxDepth, shape.k) * panel));
    for (int64_t t = 0; t < shape.k; t += kMaxDepth) {
        const int64_t depth = std::min(kMaxDepth, shape.k - t);
        for (int64_t j = 0; j < shape.n; j += panel) {
            const int64_t width = std::min(panel, shape.n - j);
            packPanel(MatrixView<T>{b.data + t * b.rowStride + j, b.rowStride, 1}, width, panel, depth, packed.data());
            addPanel<T>({shape.m, width, depth}, {a.data + t * a.colStride, a.rowStride, a.colStride}, packed.data(),
                        panel, {c.data + j, c.rowStride}, subtract);
        }
    }
}

void addProductFloat(const ProductShape& shape, const MatrixView<float>& a, const MatrixView<float>& b,
                     const ProductTarget<float>& c, bool subtract) {
    addProductImpl<float>(shape, a, b, c, subtract);
}

void addProductDouble(const ProductShape& shape, const MatrixView<double>& a, const MatrixView<double>& b,
                      const ProductTarget<double>& c, bool subtract) {
#if HWY_HAVE_FLOAT64
    addProductImpl<double>(shape, a, b, c, subtract);
#else
    for (int64_t i = 0; i < shape.m; ++i) {
        for (int64_t j = 0; j < shape.n; ++j) {
            double sum = 0;
            for (int64_t t = 0; t < shape.k; ++t) {
                sum += a.data[i * a.rowStride + t * a.colStride] * b.data[t * b.rowStride + j];
            }
            c.data[i * c.rowStride + j] += subtract ? -sum : sum;
        }
    }
#endif
}

void subtractScaledImpl(int64_t count, float factor, const float* HWY_RESTRICT x, float* HWY_RESTRICT y) {
    const Tag<float> d;
    const auto lanes = static_cast<int64_t>(hn::Lanes(d));
    const auto f = hn::Set(d, factor);
    int64_t i = 0;
    for (; i + lanes <= count; i += lanes) {
        hn::StoreU(hn::Sub(hn::LoadU(d, y + i), hn::Mul(f, hn::LoadU(d, x + i))), d, y + i);
    }
    for (; i < count; ++i) y[i] -= factor * x[i];
}

}  // namespace
// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace halftone
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace halftone {

HWY_EXPORT(addProductFloat);
HWY_EXPORT(addProductDouble);
HWY_EXPORT(subtractScaledImpl);

void addProduct(const ProductShape& shape, const MatrixView<float>& a, const MatrixView<float>& b,
                const ProductTarget<float>& c, bool subtract) {
    HWY_DYNAMIC_DISPATCH(addProductFloat)(shape, a, b, c, subtract);
}

void addProduct(const ProductShape& shape, const MatrixView<double>& a, const MatrixView<double>& b,
                const ProductTarget<double>& c, bool subtract) {
    HWY_DYNAMIC_DISPATCH(addProductDouble)(shape, a, b, c, subtract);
}

void subtractScaled(int64_t count, float factor, const float* x, float* y) {
    HWY_DYNAMIC_DISPATCH(subtractScaledImpl)(count, factor, x, y);
}

}  // namespace halftone
#endif
