// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QList>
#include <QPoint>
#include <QRect>
#include <QString>

#include <span>
#include <vector>

#include "core/tensor/tensor_info.h"

namespace halftone::app {

/// Which tensors stand in which cell of the layer x role matrix: blocks down, roles across; what belongs to no block
/// stands in rows of its own, the embedding above and the head below. Biases are left out; experts share a cell.
/// Geometry in cells, no painting: can be tested without a window.
class MatrixLayout {
  public:
    struct Row {
        QString label;
        int block = -1;  ///< -1: embedding, head, other
    };
    struct Cell {
        QList<int> tensors;
        TensorRole role = TensorRole::kOther;
    };

    MatrixLayout() = default;
    explicit MatrixLayout(std::span<const TensorInfo> tensors);

    [[nodiscard]] const std::vector<Row>& rows() const { return m_rows; }
    /// Short names of the roles ("q", "gate", "down").
    [[nodiscard]] const std::vector<QString>& columns() const { return m_columns; }
    /// The cell may hold no tensor. `position` is (column, row).
    [[nodiscard]] const Cell& cell(QPoint position) const;
    /// Where a tensor stands; (-1, -1) if nowhere.
    [[nodiscard]] QPoint find(int tensor) const;
    /// All tensors in a rectangle of cells.
    [[nodiscard]] QList<int> tensorsIn(QRect cells) const;
    [[nodiscard]] bool isEmpty() const { return m_cells.empty(); }

  private:
    void addOuterRow(const QString& label, const std::vector<int>& members, std::span<const TensorInfo> tensors);
    void addBlockRows(std::span<const TensorInfo> tensors, const std::vector<TensorRole>& roles);
    Cell& at(size_t column, size_t row) { return m_cells[row * m_columns.size() + column]; }

    std::vector<Row> m_rows;
    std::vector<QString> m_columns;
    std::vector<Cell> m_cells;  ///< row by row
};

/// "q" for attn_q, "down" for ffn_down, "n1" for the norm before attention, ...
[[nodiscard]] QString shortRoleName(TensorRole role);

}  // namespace halftone::app
