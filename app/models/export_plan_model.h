// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QAbstractTableModel>

#include "core/export/gguf_export.h"

namespace halftone::app {

/// What each tensor becomes in the file.
class ExportPlanModel : public QAbstractTableModel {
    Q_OBJECT

  public:
    enum Column { Source, Target, Quantized, Stored, Size, Note, ColumnCount };

    using QAbstractTableModel::QAbstractTableModel;
    void setPlan(ExportPlan plan);
    [[nodiscard]] const ExportPlan& plan() const { return m_plan; }
    [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex& index, int role) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

  private:
    ExportPlan m_plan;
};

}  // namespace halftone::app
