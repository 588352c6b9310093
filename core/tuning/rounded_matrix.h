// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "core/base/job_context.h"
#include "core/quant/formats/packed_tensor.h"
#include "core/quant/methods/gptq_row.h"

namespace halftone {

/// A matrix whose rounding is being learned: each value is moved by a share of the distance between its levels before
/// it takes the nearest one, and each scale that can be set by itself has a factor. Both start from where fitting the
/// scales for least weighted squared error leaves them. Not thread-safe.
class RoundedMatrix {
  public:
    /// Fits the scales. `original`: rows * layout.cols; `importance`: one per column, or empty. Precondition:
    /// methodObstacle(kAutoRound, layout.format) is empty.
    static Result<std::unique_ptr<RoundedMatrix>> create(const PackedLayout& layout, std::vector<float> original,
                                                         std::span<const float> importance, const JobContext& context);
    /// Starts from the scales and codes of `start`, a packed matrix of that layout, instead: values whose code is not
    /// the nearest are pushed just over the border to it. Does nothing where scales are nested.
    Status startFrom(const PackedTensor& start, const JobContext& context);

    [[nodiscard]] int64_t rows() const { return static_cast<int64_t>(m_rows.size()); }
    [[nodiscard]] std::span<const float> original() const { return m_original; }
    /// What the matrix is rounded to as things stand; valid until the next call.
    std::span<const float> round(const JobContext& context);
    /// Moves values against their derivative, by `rate` steps of their levels where that is of the size usual in its
    /// row or larger, in proportion where it is smaller; scales by a twentieth of the rate against its sign (rounding
    /// is taken for the identity; a value outside the range follows its scale alone). `gradient`: by the values of the
    /// last round().
    void step(std::span<const float> gradient, float rate, bool withScales, const JobContext& context);

    /// Remembers the state, and goes back to it.
    void keep();
    void restore();
    /// The bytes.
    Result<PackedTensor> pack(const JobContext& context);

  private:
    RoundedMatrix(const PackedLayout& layout, std::vector<float> original, std::span<const float> importance);
    Status fit(const JobContext& context);
    void startRow(int64_t row, const float* levels);
    void noteScales(int64_t row);
    Status overRows(const std::function<Status(int64_t row)>& body, const JobContext& context);
    void stepRow(int64_t row, const float* gradient, float rate, bool withScales);
    void stepScale(int64_t row, int64_t unit, const float* gradient, float rate);
    void applyScales();

    PackedLayout m_layout;
    GptqUnits m_units;
    GptqSettings m_settings;
    std::vector<float> m_original, m_importance, m_values;
    std::vector<std::byte> m_packed;
    std::vector<GptqRow> m_rows;
    std::vector<float> m_shift, m_keptShift;    ///< by value, in steps of its levels
    std::vector<float> m_factor, m_keptFactor;  ///< by row and unit
    std::vector<float> m_scale;                 ///< as fitted; 0: not free
};

}  // namespace halftone
