// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QAbstractTableModel>

namespace halftone::app {

/// The contract of a table of texts, done once: who derives says how many rows there are and what a cell says. Numbers
/// stand at the right. A change of all rows is announced between beginResetModel() and endResetModel().
class FlatTableModel : public QAbstractTableModel {
    Q_OBJECT

  public:
    using QAbstractTableModel::QAbstractTableModel;
    [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const final;
    [[nodiscard]] int columnCount(const QModelIndex& parent = {}) const final;
    [[nodiscard]] QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const final;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role) const final;
    /// Titles and all cells, for the clipboard.
    [[nodiscard]] QString csv() const;

  protected:
    [[nodiscard]] virtual int rows() const = 0;
    [[nodiscard]] virtual int columns() const = 0;
    [[nodiscard]] virtual QString cell(int row, int column) const = 0;
    [[nodiscard]] virtual QString title(int column) const = 0;
    /// What a column means, as its tooltip.
    [[nodiscard]] virtual QString meaning(int /*column*/) const { return {}; }
    /// Words stand at the left.
    [[nodiscard]] virtual bool holdsWords(int /*column*/) const { return false; }
    /// Any other role of a cell.
    [[nodiscard]] virtual QVariant detail(int /*row*/, int /*column*/, int /*role*/) const { return {}; }
};

}  // namespace halftone::app
