// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>

namespace halftone {

/// The scale searches that K-quants, IQ4 and the weighted legacy types share. Source: the reference page on ggml
/// blocks, section 4 (search kernels). Each works on a batch of independent sub-blocks; sums run in index order inside
/// each, so a vectorized kernel may only spread *different* sub-blocks over its lanes. No multiply-add is ever fused.

/// `count` sub-blocks of `size` values (16 or 32), back to back, with one weight per value.
struct SearchBatch {
    const float* values = nullptr;
    const float* weights = nullptr;
    int count = 0;
    int size = 0;
};

/// Where a search writes: one scale (and minimum, for affine searches) per sub-block, one code per value.
struct SearchResult {
    float* scales = nullptr;
    float* minimums = nullptr;
    uint8_t* codes = nullptr;
};

/// Grid of an affine search: codes 0..maxCode; inverse scales (rmin + rdelta * k + maxCode) / range, k = 0..steps.
struct AffineGrid {
    int maxCode = 15;
    float rmin = -1.0f;
    float rdelta = 0.1f;
    int steps = 20;
    bool absoluteError = false;  ///< minimise weighted absolute instead of squared errors
};

/// Largest magnitude below which a sub-block counts as zero.
inline constexpr float kSearchEpsilon = 1e-15f;

/// One implementation of all kernels. Codes of the signed searches carry their offset.
struct SearchKernels {
    /// Signed codes -levels..levels-1 stored with offset `levels`; an all-zero sub-block gets scale 0 and codes 0.
    void (*symmetric)(const SearchBatch& batch, int levels, const SearchResult& result);
    /// Unsigned codes with a minimum; `minimums` receives the value to subtract (>= 0).
    void (*affine)(const SearchBatch& batch, const AffineGrid& grid, const SearchResult& result);
    /// Three-bit signed codes (offset 4) by coordinate descent, weights x^2; `weights` of the batch is not read.
    void (*threeBit)(const SearchBatch& batch, const SearchResult& result);
    /// Codes into the non-linear IQ4 table; only scales are written.
    void (*nonlinear)(const SearchBatch& batch, float* scales);
    /// codes = codes of the IQ4 values nearest to inverse * x. `count` is a multiple of 16, here and below.
    void (*nonlinearCodes)(const float* values, int count, float inverse, uint8_t* codes);
    /// Weights of the unweighted Q4_K and Q5_K searches: root mean square of the sub-block plus |x|.
    void (*magnitudeWeights)(const float* values, int count, int size, float* weights);
    /// Weights of the weighted searches: importance * sqrt(variance + x^2).
    void (*importanceWeights)(const float* values, const float* importance, float variance, int count, float* weights);
    /// codes = clamp(round((x + offset) / scale), 0, maxCode). Precondition: scale != 0.
    void (*requantizeAffine)(const float* values, int count, float scale, float offset, int maxCode, uint8_t* codes);
    /// codes = clamp(round(x / scale), -levels, levels - 1) + levels. Precondition: scale != 0.
    void (*requantizeSigned)(const float* values, int count, float scale, int levels, uint8_t* codes);
};

/// Scalar kernels: these define the bytes.
[[nodiscard]] const SearchKernels& scalarSearchKernels();
/// The same results, vectorized with run-time dispatch.
[[nodiscard]] const SearchKernels& vectorSearchKernels();

/// Unsigned scale-only search over the scales (or minimums) of a super-block: codes 0..maxCode, returns the scale.
/// Few values, so there is only a scalar form.
[[nodiscard]] float searchPositive(const float* values, const float* weights, int count, int maxCode, uint8_t* codes);

}  // namespace halftone
