// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/base/job_context.h"
#include "core/quant/methods/learned_codes.h"

namespace halftone {

/// Sum over tokens of x x^T, F32, both triangles, row-major: channels * channels values in memory or in a mapped file.
/// Immutable and shared: the layers that read one input share one matrix.
struct Hessian {
    int64_t channels = 0;
    int64_t tokens = 0;
    std::span<const float> sums;
    std::shared_ptr<const void> owner;
    [[nodiscard]] float at(int64_t row, int64_t col) const { return sums[static_cast<size_t>(row * channels + col)]; }
};

/// What is known about the inputs of one linear layer, summed over calibration tokens. What a source of calibration
/// does not have is empty (llama.cpp's importance files hold the squares alone).
struct InputStatistics {
    double tokens = 0;  ///< a whole number, but for files that were averaged
    std::vector<double> sumSquares;
    std::vector<double> sumMagnitudes;
    std::vector<float> largest;  ///< largest magnitude per channel
    std::shared_ptr<const Hessian> hessian;

    [[nodiscard]] int64_t channels() const { return static_cast<int64_t>(sumSquares.size()); }
    /// Mean square per channel: the importance vector of quantizers. All ones where no token was seen.
    [[nodiscard]] std::vector<float> importance() const;
    /// Mean magnitude per channel; the root of the mean square where the magnitudes are not known.
    [[nodiscard]] std::vector<float> meanMagnitude() const;
    /// Adds another run over the same layer. kInvalidArgument if the widths differ. What one side lacks is dropped.
    Status merge(const InputStatistics& other, const JobContext& context);
};

/// The statistics of inputs that were divided by `scale`, one factor per channel; empty: the same.
InputStatistics scaledStatistics(const InputStatistics& statistics, std::span<const float> scale);

/// Everything one pass over a text tells quantizers, by canonical weight name.
struct Calibration {
    std::map<std::string, InputStatistics> byTensor;
    std::vector<std::string> datasets;  ///< file names of the texts
    int64_t chunkCount = 0;             ///< windows that were run
    int64_t chunkSize = 0;              ///< tokens of a window
    /// The windows themselves, BOS included, for methods that run the model again; empty where a file has none.
    std::vector<std::vector<int32_t>> windows{};
    /// What methods learned from it; shared by its copies.
    std::shared_ptr<LearnedCodes> learned = std::make_shared<LearnedCodes>();

    [[nodiscard]] const InputStatistics* find(std::string_view tensor) const;
    [[nodiscard]] bool hasHessians() const;
    /// Adds another calibration of the same model; tensors that only one side has are kept.
    Status merge(const Calibration& other, const JobContext& context);
};

/// Accumulates InputStatistics from rows of activations. Same result for any number of threads.
class InputAccumulator {
  public:
    InputAccumulator(int64_t channels, bool withHessian);
    /// `rows` holds count * channels values. Rows with NaN or infinity are left out and counted.
    void add(std::span<const float> rows, int64_t count, const JobContext& context);
    [[nodiscard]] int64_t leftOut() const { return m_leftOut; }
    /// The sums so far; the accumulator is empty afterwards.
    [[nodiscard]] InputStatistics take(const JobContext& context);

  private:
    std::span<const float> keepFinite(std::span<const float> rows, int64_t& count);
    void addMoments(std::span<const float> rows, int64_t count);
    void addHessian(std::span<const float> rows, int64_t count, const JobContext& context);

    int64_t m_channels;
    int64_t m_tokens = 0;
    int64_t m_leftOut = 0;
    std::vector<double> m_sumSquares, m_sumMagnitudes;
    std::vector<float> m_largest;
    std::shared_ptr<std::vector<float>> m_hessian;  // upper triangle until take()
    std::vector<float> m_finite;
};

}  // namespace halftone
