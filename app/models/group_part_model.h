// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>

#include "app/models/flat_table_model.h"
#include "core/pipeline/group_inspection.h"

namespace halftone::app {

/// What a group stores besides its codes: scale and minimum of each sub-block, or of the whole group.
class GroupPartModel : public FlatTableModel {
    Q_OBJECT

  public:
    enum Column { Columns, ScaleCode, Scale, MinimumCode, Zero, RelativeError, ColumnCount };

    using FlatTableModel::FlatTableModel;
    /// A group of the row; a null row: none.
    void setGroup(std::shared_ptr<const InspectedRow> row, int64_t group);
    /// Whether any part has something in the column.
    [[nodiscard]] bool isUsed(int column) const;

  protected:
    [[nodiscard]] int rows() const override;
    [[nodiscard]] int columns() const override { return ColumnCount; }
    [[nodiscard]] QString cell(int row, int column) const override;
    [[nodiscard]] QString title(int column) const override;
    [[nodiscard]] QString meaning(int column) const override;

  private:
    [[nodiscard]] const InspectedGroup* group() const;
    [[nodiscard]] QString errorText(const GroupPart& part) const;

    std::shared_ptr<const InspectedRow> m_row;
    int64_t m_group = -1;
};

}  // namespace halftone::app
