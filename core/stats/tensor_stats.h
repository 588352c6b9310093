// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/base/job_context.h"
#include "core/stats/float_histogram.h"
#include "core/tensor/row_source.h"

namespace halftone {

/// Running count, mean and central moments up to the fourth; merge() is associative up to rounding
/// (Pébay 2008, "Formulas for robust, one-pass parallel computation of covariances and arbitrary-order statistical moments").
class Moments {
  public:
    void add(double value);
    void addSpan(const float* values, int64_t count);
    void merge(const Moments& other);
    [[nodiscard]] int64_t count() const { return m_count; }
    [[nodiscard]] double mean() const { return m_mean; }
    [[nodiscard]] double variance() const;      ///< population
    [[nodiscard]] double standardDeviation() const;
    [[nodiscard]] double kurtosis() const;      ///< fourth standardized moment; 3 for a Gaussian; NaN without spread

  private:
    int64_t m_count = 0;
    double m_mean = 0, m_m2 = 0, m_m3 = 0, m_m4 = 0;
};

/// The percentiles that every view shows, in percent.
inline constexpr std::array<double, 6> kShownPercentiles{0.1, 1.0, 50.0, 99.0, 99.9, 99.99};

/// What one pass over a matrix (or a stream of activations) tells. Non-finite values are counted and otherwise left out.
struct TensorStats {
    int64_t count = 0;           ///< elements seen, non-finite included
    int64_t nonFiniteCount = 0;
    int64_t zeroCount = 0;
    int64_t outlierCount = 0;    ///< |x - mean| > 6 standard deviations, from the histogram
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

/// Mergeable accumulator behind TensorStats: one per thread or tile, merged in tile order.
class StatsAccumulator {
  public:
    StatsAccumulator(int64_t rows, int64_t cols);
    /// `values` holds `count` rows starting at `firstRow`.
    void addRows(int64_t firstRow, int64_t count, std::span<const float> values);
    void merge(const StatsAccumulator& other);
    [[nodiscard]] TensorStats finish() const;

  private:
    int64_t m_cols;
    int64_t m_count = 0, m_nonFinite = 0, m_zero = 0;
    float m_min, m_max;
    Moments m_moments;
    FloatHistogram m_histogram;
    std::vector<float> m_rowAbsMax, m_colAbsMax;
};

/// One streaming pass over the whole matrix, multi-threaded, in tiles whose partition does not depend on the number of
/// threads (same input, same figures). Progress in stored bytes.
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
    void add(std::span<const float> rows, int64_t rowCount, int64_t channels);
    void merge(const ActivationStats& other);
    /// Mean square per channel: the importance vector of quantizers (sumSquares / tokenCount).
    [[nodiscard]] std::vector<float> importance() const;
    /// Channels by descending absMax, at most `count`.
    [[nodiscard]] std::vector<int64_t> worstChannels(int64_t count) const;
    /// The same summary as for weights (rowAbsMax empty, colAbsMax = absMax).
    [[nodiscard]] TensorStats summary() const;
};

}  // namespace halftone
