// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <vector>

#include "core/tensor/row_source.h"

namespace halftone {

/// Factors of a matrix: element (i, j) is multiplied by rows[i] * columns[j]. Empty: ones.
struct MatrixScale {
    std::vector<float> rows, columns;
    [[nodiscard]] bool isIdentity() const { return rows.empty() && columns.empty(); }
    bool operator==(const MatrixScale&) const = default;
};

/// RowSource over a scaled matrix. Precondition: non-empty factors have the matrix's sizes.
class ScaledRows final : public RowSource {
  public:
    ScaledRows(std::shared_ptr<const RowSource> source, MatrixScale scale)
        : m_source(std::move(source)), m_scale(std::move(scale)) {}

    [[nodiscard]] int64_t rows() const override { return m_source->rows(); }
    [[nodiscard]] int64_t cols() const override { return m_source->cols(); }
    [[nodiscard]] int64_t storedBytes(int64_t count) const override { return m_source->storedBytes(count); }
    Status readRows(int64_t first, int64_t count, std::span<float> out) const override {
        HT_TRY(m_source->readRows(first, count, out));
        const auto width = static_cast<size_t>(cols());
        for (size_t row = 0; row < static_cast<size_t>(count); ++row) {
            float* values = out.data() + row * width;
            const float factor = m_scale.rows.empty() ? 1.0f : m_scale.rows[static_cast<size_t>(first) + row];
            for (size_t i = 0; i < width; ++i) {
                values[i] *= m_scale.columns.empty() ? factor : factor * m_scale.columns[i];
            }
        }
        return {};
    }

  private:
    std::shared_ptr<const RowSource> m_source;
    MatrixScale m_scale;
};

}  // namespace halftone
