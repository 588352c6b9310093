// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace halftone {

struct BlockSummary;

/// Counts of float values in bins that are the values' own leading bits: sign, exponent and the first
/// `mantissaBits` (0..12) of the mantissa. The bins need no range chosen beforehand, so a stream can be counted in one
/// pass, and two histograms of the same precision add up to the same result in any order. Relative bin width
/// 2^-mantissaBits (7 bits: exact for BF16 values). Non-finite values are not counted. Zeros, and magnitudes below the
/// second bin (2^-133 for 7 bits), share one bin around 0. Percentiles and drawings with any linear or logarithmic axis
/// are derived from it. Memory covers the occupied range only: some tens of kilobytes for the weights of a matrix.
class FloatHistogram {
  public:
    explicit FloatHistogram(int mantissaBits = 7);

    void add(std::span<const float> values);
    void add(float value, uint64_t count);
    void merge(const FloatHistogram& other);  ///< same mantissaBits
    /// With 7 mantissa bits, from how often each leading half of a binary32 value (its upper 16 bits) occurs: 65,536
    /// counts, of which those of values that are not finite are ignored.
    static FloatHistogram ofLeadingHalves(std::span<const uint64_t> counts);

    [[nodiscard]] int mantissaBits() const { return m_mantissaBits; }
    [[nodiscard]] uint64_t total() const;
    [[nodiscard]] bool empty() const { return total() == 0; }

    /// Value below which the fraction q (0..1) of the values lies, linear inside a bin; NaN for an empty histogram.
    [[nodiscard]] double quantile(double q) const;
    /// How many values lie below `value`, linear inside the bin that holds it.
    [[nodiscard]] double countBelow(double value) const;

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
    /// Redistribution on `binCount` equal bins of [lower, upper], for drawing. lower < upper, binCount > 0.
    [[nodiscard]] Resampled resample(double lower, double upper, int binCount) const;

  private:
    friend struct ActivationStats;

    /// The same as add() for a block that has been summarized already; all values finite.
    void addBlock(std::span<const float> values, const BlockSummary& summary);
    /// Makes slots for magnitude indices lo..hi.
    void cover(uint32_t lo, uint32_t hi);
    [[nodiscard]] int shift() const { return 23 - m_mantissaBits; }
    [[nodiscard]] double magnitudeOf(uint32_t index) const;
    template <typename Visit>
    void visitAscending(const Visit& visit) const;

    int m_mantissaBits;
    uint32_t m_first = 1;  // magnitude index of slot 0
    uint32_t m_slots = 0;  // per sign; each sign has some spare slots after them whose counts mean nothing
    uint64_t m_zeroCount = 0;
    std::vector<uint64_t> m_counts;  // negative values by ascending magnitude, then positive ones
};

}  // namespace halftone
