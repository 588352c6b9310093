// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace halftone {

/// Counts of float values in bins that are the values' own leading bits: sign, exponent and the first
/// `mantissaBits` of the mantissa. The bins need no range chosen beforehand, so a stream can be counted in one pass, and
/// two histograms of the same precision add up to the same result in any order. Relative bin width 2^-mantissaBits
/// (7 bits: exact for BF16 values). Non-finite values are not counted here.
/// Percentiles and drawings with any linear or logarithmic axis are derived from it.
class FloatHistogram {
  public:
    explicit FloatHistogram(int mantissaBits = 7);

    void add(std::span<const float> values);
    void add(float value, uint64_t count);
    void merge(const FloatHistogram& other);  ///< same mantissaBits

    [[nodiscard]] int mantissaBits() const { return m_mantissaBits; }
    [[nodiscard]] uint64_t total() const;
    [[nodiscard]] bool empty() const { return total() == 0; }

    /// Value below which the fraction q (0..1) of the values lies, linear inside a bin.
    [[nodiscard]] double quantile(double q) const;

    struct Bin {
        double lower = 0;  ///< bin covers [lower, upper), ascending by value
        double upper = 0;
        uint64_t count = 0;
    };
    /// Non-empty bins, ascending.
    [[nodiscard]] std::vector<Bin> bins() const;

    struct Resampled {
        double lower = 0;
        double upper = 0;
        std::vector<double> counts;  ///< equal bins over [lower, upper]; a source bin is shared out by overlap
        double underflow = 0;
        double overflow = 0;
    };
    /// Redistribution on `binCount` equal bins of [lower, upper], for drawing.
    [[nodiscard]] Resampled resample(double lower, double upper, int binCount) const;

  private:
    int m_mantissaBits;
    std::vector<uint64_t> m_counts;  // indexed by the leading bits, mapped so that indices ascend with value
};

}  // namespace halftone
