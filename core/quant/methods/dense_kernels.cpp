// SPDX-License-Identifier: GPL-3.0-or-later
// Both operands are copied so that the inner loop reads memory in order; a register tile is 4 or 8 rows by 3 vectors.
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

constexpr int64_t kTileVectors = 3;
constexpr int64_t kMaxLanes = 16;
constexpr int64_t kMaxPanel = kTileVectors * kMaxLanes;
constexpr int64_t kMaxDepth = 256;  ///< of a panel: it stays in the first-level cache
constexpr int64_t kMaxRows = 512;   ///< of a that are packed at once: they stay in the second-level cache

/// Rows of a in groups of `tile`, each transposed into one run; missing rows are zero.
template <typename T>
void packRows(const MatrixView<T>& a, int64_t rows, int64_t depth, int64_t tile, T* out) {
    for (int64_t first = 0; first < rows; first += tile, out += tile * depth) {
        const int64_t count = std::min(tile, rows - first);
        const T* source = a.data + first * a.rowStride;
        if (count < tile) std::fill(out, out + tile * depth, T{0});
        for (int64_t t = 0; a.rowStride == 1 && t < depth; ++t) {
            std::copy(source + t * a.colStride, source + t * a.colStride + count, out + t * tile);
        }
        for (int64_t i = 0; a.rowStride != 1 && i < count; ++i) {
            for (int64_t t = 0; t < depth; ++t) out[t * tile + i] = source[i * a.rowStride + t * a.colStride];
        }
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

/// Rows of a register tile: as many as leave room for the panel's vectors and one of a.
constexpr int64_t kTileRows = HWY_TARGET <= HWY_AVX3 ? 8 : 4;

template <bool kFused, typename V>
HWY_INLINE V addMultiple(V sum, V factor, V value) {
    if constexpr (kFused) return hn::MulAdd(factor, value, sum);
    return hn::Add(sum, hn::Mul(factor, value));
}

/// out[kTileRows][panel] = packed rows * packed panel of kVectors vectors; `out` is a whole tile, to be added by the
/// caller.
template <bool kFused, int64_t kVectors, typename T>
HWY_INLINE void multiplyTile(const T* HWY_RESTRICT a, const T* HWY_RESTRICT b, int64_t depth, T* HWY_RESTRICT out) {
    const Tag<T> d;
    const auto lanes = static_cast<int64_t>(hn::Lanes(d));
    using Vector = hn::Vec<decltype(d)>;
    Vector sums[kTileRows][kVectors];
    // Unrolled, or the sums would lie in memory.
#pragma GCC unroll 24
    for (int64_t i = 0; i < kTileRows * kVectors; ++i) sums[i / kVectors][i % kVectors] = hn::Zero(d);
    for (int64_t t = 0; t < depth; ++t, a += kTileRows, b += kVectors * lanes) {
        const Vector first = hn::LoadU(d, b), second = hn::LoadU(d, b + lanes);
        const Vector third = hn::LoadU(d, b + (kVectors - 1) * lanes);
#pragma GCC unroll 8
        for (int64_t r = 0; r < kTileRows; ++r) {
            const Vector factor = hn::Set(d, a[r]);
            sums[r][0] = addMultiple<kFused>(sums[r][0], factor, first);
            sums[r][1] = addMultiple<kFused>(sums[r][1], factor, second);
            if constexpr (kVectors == 3) sums[r][2] = addMultiple<kFused>(sums[r][2], factor, third);
        }
    }
#pragma GCC unroll 24
    for (int64_t i = 0; i < kTileRows * kVectors; ++i) {
        hn::StoreU(sums[i / kVectors][i % kVectors], d, out + i * lanes);
    }
}

/// Packed rows times one panel, added to its columns of c.
template <bool kFused, int64_t kVectors, typename T>
void addPanel(const ProductShape& shape, const T* rows, const T* panelData, const ProductTarget<T>& c, bool subtract) {
    const int64_t panel = kVectors * static_cast<int64_t>(hn::Lanes(Tag<T>()));
    alignas(64) T tile[kTileRows * kMaxPanel];
    for (int64_t i = 0; i < shape.m; i += kTileRows) {
        const int64_t count = std::min(kTileRows, shape.m - i);
        multiplyTile<kFused, kVectors, T>(rows + i * shape.k, panelData, shape.k, tile);
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

/// Vectors of the next panel: two where a third would be empty, or where 64 columns make two panels of two.
int64_t panelVectors(int64_t columns, int64_t lanes) {
    return columns <= 2 * lanes || columns == 4 * lanes ? 2 : 3;
}

template <bool kFused, typename T>
void addProductImpl(const ProductShape& shape, const MatrixView<T>& a, const MatrixView<T>& b,
                    const ProductTarget<T>& c, bool subtract) {
    const auto lanes = static_cast<int64_t>(hn::Lanes(Tag<T>()));
    const int64_t mostDepth = std::min(kMaxDepth, shape.k), mostRows = std::min(kMaxRows, shape.m);
    std::vector<T> packed(static_cast<size_t>(mostDepth * kTileVectors * lanes));
    std::vector<T> rows(static_cast<size_t>(mostDepth * (mostRows + kTileRows)));
    for (int64_t t = 0; t < shape.k; t += kMaxDepth) {
        const int64_t depth = std::min(kMaxDepth, shape.k - t);
        for (int64_t i = 0; i < shape.m; i += kMaxRows) {
            const int64_t count = std::min(kMaxRows, shape.m - i);
            packRows<T>({a.data + i * a.rowStride + t * a.colStride, a.rowStride, a.colStride}, count, depth, kTileRows,
                        rows.data());
            for (int64_t j = 0; j < shape.n;) {
                const int64_t vectors = panelVectors(shape.n - j, lanes), panel = vectors * lanes;
                const int64_t width = std::min(panel, shape.n - j);
                packPanel(MatrixView<T>{b.data + t * b.rowStride + j, b.rowStride, 1}, width, panel, depth,
                          packed.data());
                const ProductTarget<T> target{c.data + i * c.rowStride + j, c.rowStride};
                const auto add = vectors == 2 ? addPanel<kFused, 2, T> : addPanel<kFused, 3, T>;
                add({count, width, depth}, rows.data(), packed.data(), target, subtract);
                j += width;
            }
        }
    }
}

void addProductFloat(const ProductShape& shape, const MatrixView<float>& a, const MatrixView<float>& b,
                     const ProductTarget<float>& c, bool subtract) {
    addProductImpl<false, float>(shape, a, b, c, subtract);
}

void addProductFusedImpl(const ProductShape& shape, const MatrixView<float>& a, const MatrixView<float>& b,
                         const ProductTarget<float>& c) {
    addProductImpl<true, float>(shape, a, b, c, false);
}

void addProductDouble(const ProductShape& shape, const MatrixView<double>& a, const MatrixView<double>& b,
                      const ProductTarget<double>& c, bool subtract) {
#if HWY_HAVE_FLOAT64
    addProductImpl<false, double>(shape, a, b, c, subtract);
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
HWY_EXPORT(addProductFusedImpl);
HWY_EXPORT(addProductDouble);
HWY_EXPORT(subtractScaledImpl);

void addProduct(const ProductShape& shape, const MatrixView<float>& a, const MatrixView<float>& b,
                const ProductTarget<float>& c, bool subtract) {
    HWY_DYNAMIC_DISPATCH(addProductFloat)(shape, a, b, c, subtract);
}

void addProductFused(const ProductShape& shape, const MatrixView<float>& a, const MatrixView<float>& b,
                     const ProductTarget<float>& c) {
    HWY_DYNAMIC_DISPATCH(addProductFusedImpl)(shape, a, b, c);
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
