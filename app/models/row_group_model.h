// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>

#include "app/models/flat_table_model.h"
#include "core/pipeline/group_inspection.h"

namespace halftone::app {

/// The groups of one row, from the first to the last.
class RowGroupModel : public FlatTableModel {
    Q_OBJECT

  public:
    enum Column { Group, Columns, Scale, Zero, RelativeError, LargestError, ColumnCount };

    using FlatTableModel::FlatTableModel;
    /// Null: none.
    void setRow(std::shared_ptr<const InspectedRow> row);

  protected:
    [[nodiscard]] int rows() const override { return m_row ? int(m_row->groups.size()) : 0; }
    [[nodiscard]] int columns() const override { return ColumnCount; }
    [[nodiscard]] QString cell(int row, int column) const override;
    [[nodiscard]] QString title(int column) const override;
    [[nodiscard]] QString meaning(int column) const override;

  private:
    std::shared_ptr<const InspectedRow> m_row;
};

}  // namespace halftone::app
