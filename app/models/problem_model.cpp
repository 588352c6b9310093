// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/models/problem_model.h"

#include <QGuiApplication>
#include <QPalette>

#include <algorithm>

#include "app/widgets/theme.h"

namespace halftone::app {

void ProblemModel::setProblems(std::vector<RecipeProblem> problems) {
    std::stable_sort(problems.begin(), problems.end(),
                     [](const auto& a, const auto& b) { return a.severity > b.severity; });
    beginResetModel();
    m_problems = std::move(problems);
    endResetModel();
}

int ProblemModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : int(m_problems.size());
}

QVariant ProblemModel::data(const QModelIndex& index, int role) const {
    if (!index.isValid() || size_t(index.row()) >= m_problems.size()) return {};
    const auto& entry = m_problems[size_t(index.row())];
    if (role == Qt::DisplayRole || role == Qt::ToolTipRole) return QString::fromStdString(entry.message);
    if (role == Qt::ForegroundRole) {
        const auto colors = themeColors(QGuiApplication::palette());
        if (entry.severity == RecipeProblem::Severity::kError) return colors.failed;
        if (entry.severity == RecipeProblem::Severity::kWarning) return colors.stale;
        return colors.mutedText;
    }
    return {};
}

}  // namespace halftone::app
