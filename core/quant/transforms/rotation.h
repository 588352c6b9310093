// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/base/error.h"

namespace halftone {

/// A randomized Hadamard matrix R = D H / sqrt(n): H has entries of 1 and -1 and orthogonal rows, D random signs.
/// Orthogonal, so that x R has the length of x; every element of x goes into every element of the result alike, which
/// is what takes outliers out of weights and activations (QuaRot, arXiv 2404.00456; the reference page on algorithms,
/// section 12). H is Sylvester's for powers of two, else the product of one of those with a matrix of Paley's. Computed
/// in binary64. Immutable; any number of threads.
class Rotation {
  public:
    /// kUnsupported where no Hadamard matrix of that order is known here: n must be 1, 2 or a multiple of 4, and most
    /// of these work. The same size and seed give the same matrix everywhere.
    static Result<Rotation> create(int64_t size, uint64_t seed);

    [[nodiscard]] int64_t size() const { return m_size; }
    /// Replaces each of `width` interleaved vectors x (element i of vector j at values[i * width + j]) by x R.
    /// Precondition: values.size() == size() * width.
    void apply(std::span<double> values, int64_t width) const;

  private:
    void applyCore(std::span<double> values, int64_t width) const;

    int64_t m_size = 0;
    int64_t m_coreSize = 1;       ///< the factor that is no power of two; 1: none
    std::vector<int8_t> m_core;   ///< Paley's matrix, row-major
    std::vector<double> m_signs;  ///< with 1 / sqrt(n) in them
};

}  // namespace halftone
