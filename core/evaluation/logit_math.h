// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>

/// Sums over rows of logits, vectorized with run-time dispatch; every sum is in F64. The result depends on the values
/// and the instruction set alone, so equal rows give equal bits. Private to core/evaluation.
namespace halftone {

/// exp(logit - largest) summed over a row.
struct LogitSum {
    float largest = 0;
    int64_t top = 0;  ///< index of the largest logit, the first of equals
    double sum = 0;
    bool isFinite = true;  ///< false: the row holds NaN or infinity and the rest means nothing
};
LogitSum sumExponentials(std::span<const float> logits);

/// log p[i] = reference[i] - referenceNormalizer, log q[i] = own[i] - ownNormalizer; the lengths are equal.
struct DivergenceSum {
    double divergence = 0;     ///< sum of p (log p - log q)
    double referenceMass = 0;  ///< sum of p
    double ownMass = 0;        ///< sum of q
};
DivergenceSum sumDivergence(std::span<const float> reference, double referenceNormalizer, std::span<const float> own,
                            double ownNormalizer);

/// out[i] = exp(x) - 1 - x for x = own[i] - stored[i] + shift; never negative, zero for x = 0. The lengths are equal.
void computeRatioTerms(std::span<const float> own, std::span<const float> stored, double shift, std::span<double> out);

}  // namespace halftone
