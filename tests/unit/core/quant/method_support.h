// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "core/quant/methods/calibration.h"
#include "core/quant/methods/method.h"
#include "core/quant/methods/quantize.h"
#include "core/tensor/row_source.h"

namespace halftone::test {

/// A matrix in memory.
class MatrixRows final : public RowSource {
  public:
    MatrixRows(int64_t rows, int64_t cols, std::vector<float> values);
    [[nodiscard]] int64_t rows() const override { return m_rows; }
    [[nodiscard]] int64_t cols() const override { return m_cols; }
    Status readRows(int64_t first, int64_t count, std::span<float> out) const override;
    [[nodiscard]] const std::vector<float>& values() const { return m_values; }

  private:
    int64_t m_rows, m_cols;
    std::vector<float> m_values;
};

JobContext contextOf(int threads);
Format format(std::string_view name);
MethodChoice method(std::string_view name);

/// Tokens whose channels are correlated and of very different size, as the inputs of a layer are.
std::vector<float> correlatedInputs(int64_t tokens, int64_t channels, uint32_t seed);
/// Their statistics, with the Hessian.
InputStatistics statisticsOf(const std::vector<float>& inputs, int64_t channels);

/// Quantizes with a method and decodes.
struct MethodResult {
    QuantizedTensor tensor;
    std::vector<float> decoded;
    std::vector<std::string> notes;
};
Result<MethodResult> quantizeBy(const MatrixRows& source, std::string_view formatName, std::string_view methodName,
                                const InputStatistics* statistics = nullptr, int threads = 2);

/// Sum over tokens of |(decoded - original) x|^2, in double, from the inputs themselves.
double directOutputError(const MatrixRows& source, std::span<const float> decoded, const std::vector<float>& inputs);

}  // namespace halftone::test
