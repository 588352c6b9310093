// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/models/group_value_model.h"

#include <QColor>
#include <QFont>
#include <QGuiApplication>

#include <algorithm>
#include <cmath>

#include "app/widgets/number_text.h"
#include "app/widgets/theme.h"

namespace halftone::app {

void GroupValueModel::setGroup(std::shared_ptr<const InspectedRow> row, int64_t group) {
    beginResetModel();
    m_row = std::move(row);
    m_group = group;
    m_worst = -1;
    if (const auto* shown = this->group(); shown && !shown->original.empty()) {
        float largest = -1;
        for (size_t i = 0; i < shown->original.size(); ++i) {
            const float error = std::abs(shown->original[i] - shown->description.values[i]);
            if (!(error > largest)) continue;
            largest = error;
            m_worst = int(i);
        }
    }
    endResetModel();
}

const InspectedGroup* GroupValueModel::group() const {
    if (!m_row || m_group < 0 || size_t(m_group) >= m_row->groups.size()) return nullptr;
    return &m_row->groups[size_t(m_group)];
}

int GroupValueModel::rows() const {
    const auto* shown = group();
    return shown ? int(shown->description.values.size()) : 0;
}

QString GroupValueModel::cell(int row, int column) const {
    const auto& shown = *group();
    const auto at = size_t(row);
    const double decoded = double(shown.description.values[at]);
    switch (column) {
        case ColumnNumber:
            return QString::number(shown.description.firstColumn + row);
        case Code:
            return shown.description.codes.empty() ? noValue() : QString::number(shown.description.codes[at]);
        case Original:
            return shown.original.empty() ? noValue() : numberText(double(shown.original[at]));
        case Decoded:
            return numberText(decoded);
        case Error:
            return shown.original.empty() ? noValue() : numberText(decoded - double(shown.original[at]));
        default:
            return {};
    }
}

QString GroupValueModel::title(int column) const {
    switch (column) {
        case ColumnNumber:
            return tr("column");
        case Code:
            return tr("code");
        case Original:
            return tr("original");
        case Decoded:
            return tr("decoded");
        case Error:
            return tr("error");
        default:
            return {};
    }
}

QString GroupValueModel::meaning(int column) const {
    if (column == Code) return tr("The code as it is stored");
    if (column == Error) return tr("Decoded less original; the largest is set in bold");
    return {};
}

void GroupValueModel::setLit(const QList<int>& places) {
    if (places == m_lit) return;
    m_lit = places;
    if (rows() > 0) emit dataChanged(index(0, 0), index(rows() - 1, ColumnCount - 1), {Qt::BackgroundRole});
}

QVariant GroupValueModel::detail(int row, int /*column*/, int role) const {
    if (role == Qt::BackgroundRole && std::binary_search(m_lit.begin(), m_lit.end(), row)) {
        QColor lit = themeColors(QGuiApplication::palette()).second;
        lit.setAlpha(60);
        return lit;
    }
    if (role != Qt::FontRole || row != m_worst) return {};
    QFont font;
    font.setBold(true);
    return font;
}

}  // namespace halftone::app
