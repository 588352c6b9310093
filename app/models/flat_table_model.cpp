// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/models/flat_table_model.h"

namespace halftone::app {

int FlatTableModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : rows();
}

int FlatTableModel::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : columns();
}

QVariant FlatTableModel::data(const QModelIndex& index, int role) const {
    if (!index.isValid() || index.row() >= rows() || index.column() >= columns()) return {};
    if (role == Qt::DisplayRole) return cell(index.row(), index.column());
    if (role == Qt::TextAlignmentRole) {
        const auto side = holdsWords(index.column()) ? Qt::AlignLeft : Qt::AlignRight;
        return QVariant::fromValue(Qt::Alignment(side | Qt::AlignVCenter));
    }
    return detail(index.row(), index.column(), role);
}

QVariant FlatTableModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal || section < 0 || section >= columns()) return {};
    switch (role) {
        case Qt::DisplayRole:
            return title(section);
        case Qt::ToolTipRole:
            return meaning(section);
        case Qt::TextAlignmentRole: {
            const auto side = holdsWords(section) ? Qt::AlignLeft : Qt::AlignRight;
            return QVariant::fromValue(Qt::Alignment(side | Qt::AlignVCenter));
        }
        default:
            return {};
    }
}

QString FlatTableModel::csv() const {
    const auto quoted = [](QString text) { return '"' + text.replace('"', QStringLiteral("\"\"")) + '"'; };
    QString lines;
    for (int row = -1; row < rows(); ++row) {
        QStringList cells;
        for (int column = 0; column < columns(); ++column)
            cells.append(quoted(row < 0 ? title(column) : cell(row, column)));
        lines += cells.join(',') + '\n';
    }
    return lines;
}

}  // namespace halftone::app
