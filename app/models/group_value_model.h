// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>

#include "app/models/flat_table_model.h"
#include "core/pipeline/group_inspection.h"

namespace halftone::app {

/// The values of one group: code, original, decoded, error.
class GroupValueModel : public FlatTableModel {
    Q_OBJECT

  public:
    enum Column { ColumnNumber, Code, Original, Decoded, Error, ColumnCount };

    using FlatTableModel::FlatTableModel;
    /// A group of the row; a null row: none.
    void setGroup(std::shared_ptr<const InspectedRow> row, int64_t group);
    /// Places in the group that are brushed: set off by colour.
    void setLit(const QList<int>& places);
    /// Place of the value that loses most; -1: none.
    [[nodiscard]] int worst() const { return m_worst; }

  protected:
    [[nodiscard]] int rows() const override;
    [[nodiscard]] int columns() const override { return ColumnCount; }
    [[nodiscard]] QString cell(int row, int column) const override;
    [[nodiscard]] QString title(int column) const override;
    [[nodiscard]] QString meaning(int column) const override;
    [[nodiscard]] QVariant detail(int row, int column, int role) const override;

  private:
    [[nodiscard]] const InspectedGroup* group() const;

    std::shared_ptr<const InspectedRow> m_row;
    int64_t m_group = -1;
    int m_worst = -1;
    QList<int> m_lit;  ///< ascending
};

}  // namespace halftone::app
