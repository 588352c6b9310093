// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/models/flat_table_model.h"
#include "core/pipeline/group_inspection.h"

namespace halftone::app {

/// The groups of a tensor that lose most, worst first.
class GroupRankModel : public FlatTableModel {
    Q_OBJECT

  public:
    enum Column { Row, Group, RelativeError, SquaredError, LargestError, ColumnCount };

    using FlatTableModel::FlatTableModel;
    void setRanking(GroupRanking ranking);
    void setMeasure(GroupMeasure measure);
    void clear() { setRanking({}); }
    [[nodiscard]] const GroupRanking& ranking() const { return m_ranking; }
    [[nodiscard]] const std::vector<GroupError>& entries() const { return m_ranking.by(m_measure); }
    /// Its place in the list; -1: it is not among the worst.
    [[nodiscard]] int find(int64_t row, int64_t group) const;

  protected:
    [[nodiscard]] int rows() const override { return int(entries().size()); }
    [[nodiscard]] int columns() const override { return ColumnCount; }
    [[nodiscard]] QString cell(int row, int column) const override;
    [[nodiscard]] QString title(int column) const override;
    [[nodiscard]] QString meaning(int column) const override;

  private:
    GroupRanking m_ranking;
    GroupMeasure m_measure = GroupMeasure::kSquaredError;
};

}  // namespace halftone::app
