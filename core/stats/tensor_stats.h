// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "core/base/job_context.h"
#include "core/stats/float_histogram.h"
#include "core/tensor/row_source.h"

namespace halftone {

/// Running count, mean and central moments up to the fourth; merge() is associative up to rounding
/// (Pébay 2008, "Formulas for robust, one-pass parallel computation of covariances and arbitrary-order statistical
/// moments").
class Moments {
  public:
    void add(double value);
    void addSpan(const float* values, int64_t count);  ///< finite values
    void merge(const Moments& other);
    [[nodiscard]] int64_t count() const { return m_count; }
    [[nodiscard]] double mean() const { return m_mean; }
    [[nodiscard]] double variance() const;  ///< population
    [[nodiscard]] double standardDeviation() const;
    [[nodiscard]] double kurtosis() const;  ///< fourth standardized moment; 3 for a Gaussian; NaN without spread

    /// Of at most kStatsBlock finite values whose sum is known.
    static Moments ofBlock(std::span<const float> values, double sum);
    /// From sums of powers of (value - mean), orders 2, 3, 4, that were taken elsewhere (on a GPU).
    static Moments fromCentralSums(int64_t count, double mean, const std::array<double, 3>& sums);

  private:
    int64_t m_count = 0;
    double m_mean = 0, m_m2 = 0, m_m3 = 0, m_m4 = 0;
};

/// The percentiles that every view shows, in percent.
inline constexpr std::array<double, 6> kShownPercentiles{0.1, 1.0, 50.0, 99.0, 99.9, 99.99};

/// What one pass over a matrix (or a stream of activations) tells. Non-finite values are counted and otherwise left
/// out.
struct TensorStats {
    int64_t count = 0;  ///< elements seen, non-finite included
    int64_t nonFiniteCount = 0;
    int64_t zeroCount = 0;
    int64_t outlierCount = 0;  ///< |x - mean| > 6 standard deviations, from the histogram
    double min = 0, max = 0, mean = 0, standardDeviation = 0;
    double kurtosis = 0;
    double maxAbs = 0;
    std::array<double, kShownPercentiles.size()> percentiles{};
    FloatHistogram histogram;
    std::vector<float> rowAbsMax;  ///< per output channel; empty for activations
    std::vector<float> colAbsMax;  ///< per input channel
    double elapsedSeconds = 0;
    int64_t storedBytesRead = 0;
    [[nodiscard]] double zeroShare() const { return count ? double(zeroCount) / double(count) : 0.0; }
    /// max|x| in standard deviations.
    [[nodiscard]] double maxOverSigma() const { return standardDeviation > 0 ? maxAbs / standardDeviation : 0.0; }
};

/// One streaming pass over the whole matrix, multi-threaded, in pieces that do not depend on the number of threads
/// (same input, same figures). Reads the stored values in place where the source offers them (RowSource::storedRows),
/// else decoded rows. Values of 16-bit types are counted by their bit pattern, so their figures are exact to the last
/// rounding; for others the moments are summed in binary64 and only the histogram is binned. Adds the stored bytes it
/// has read to the progress, which the caller starts (it may cover many tensors). Fails where the source does, and when
/// cancelled.
Result<TensorStats> computeTensorStats(const RowSource& source, const JobContext& context);

/// Statistics of the activations that enter one linear layer, per input channel and overall.
/// Filled by backends through ActivationCapture; mergeable.
struct ActivationStats {
    int64_t tokenCount = 0;
    std::vector<double> sumSquares;  ///< per channel, over tokens
    std::vector<float> absMax;       ///< per channel
    FloatHistogram histogram;
    Moments moments;
    float min = 0, max = 0;
    int64_t nonFiniteCount = 0;
    int64_t zeroCount = 0;
    /// `rows` holds rowCount * channels values; all calls have the same number of channels.
    void add(std::span<const float> rows, int64_t rowCount, int64_t channels);
    void merge(const ActivationStats& other);
    /// Mean square per channel: the importance vector of quantizers (sumSquares / tokenCount).
    [[nodiscard]] std::vector<float> importance() const;
    /// Channels by descending absMax (equal ones by index), at most `count`.
    [[nodiscard]] std::vector<int64_t> worstChannels(int64_t count) const;
    /// The same summary as for weights (rowAbsMax empty, colAbsMax = absMax).
    [[nodiscard]] TensorStats summary() const;

  private:
    void addFinite(std::span<const float> block, const BlockSummary& summary);
};

}  // namespace halftone
