// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/models/row_group_model.h"

#include "app/widgets/number_text.h"

namespace halftone::app {

namespace {

/// The scale of a group, or the unit of the scales of its sub-blocks.
QString scaleText(const GroupDescription& group) {
    if (group.blockScale) return numberText(double(*group.blockScale));
    return group.parts.empty() ? noValue() : numberText(double(group.parts.front().scale));
}

QString zeroText(const GroupDescription& group) {
    if (group.blockMinimum) return numberText(double(*group.blockMinimum));
    if (group.parts.empty()) return noValue();
    const auto& part = group.parts.front();
    if (part.zeroPoint) return QString::number(*part.zeroPoint);
    return part.offset ? numberText(double(*part.offset)) : noValue();
}

}  // namespace

void RowGroupModel::setRow(std::shared_ptr<const InspectedRow> row) {
    beginResetModel();
    m_row = std::move(row);
    endResetModel();
}

QString RowGroupModel::cell(int row, int column) const {
    const auto& group = m_row->groups[size_t(row)];
    const auto& what = group.description;
    switch (column) {
        case Group:
            return countText(row);
        case Columns:
            return QStringLiteral("%1–%2").arg(what.firstColumn).arg(what.firstColumn + what.columns - 1);
        case Scale:
            return scaleText(what);
        case Zero:
            return zeroText(what);
        case RelativeError:
            return group.original.empty() ? noValue() : numberText(group.error.relative());
        case LargestError:
            return group.original.empty() ? noValue() : numberText(group.error.largest);
        default:
            return {};
    }
}

QString RowGroupModel::title(int column) const {
    switch (column) {
        case Group:
            return tr("group");
        case Columns:
            return tr("columns");
        case Scale:
            return tr("scale");
        case Zero:
            return tr("zero/min");
        case RelativeError:
            return tr("rel. error");
        case LargestError:
            return tr("largest");
        default:
            return {};
    }
}

QString RowGroupModel::meaning(int column) const {
    switch (column) {
        case Scale:
            return tr("What codes are multiplied by; in formats with sub-blocks the unit of their scales");
        case Zero:
            return tr("Zero point, or minimum; in formats with sub-blocks the unit of their minimums");
        case RelativeError:
            return tr("Squared error of the group relative to its squared weights");
        case LargestError:
            return tr("Largest error of a single weight");
        default:
            return {};
    }
}

}  // namespace halftone::app
