// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/models/problem_model.h"

#include <QGuiApplication>
#include <QHash>
#include <QPalette>

#include <algorithm>

#include "app/language/core_text.h"
#include "app/widgets/theme.h"

namespace halftone::app {

namespace {
constexpr qsizetype kMostNamed = 20;

QString toolTipOf(const QStringList& tensors) {
    const QString names = tensors.mid(0, kMostNamed).join('\n');
    return tensors.size() > kMostNamed ? names + QStringLiteral("\n…") : names;
}
}  // namespace

ProblemModel::Row ProblemModel::rowOf(const RecipeProblem& problem) {
    Row row{problem.severity, QString::fromStdString(problem.message), {}, {}};
    const QString name = QString::fromStdString(problem.tensor);
    if (name.isEmpty()) return row;
    row.tensors = {name};
    if (row.sentence.startsWith(name)) row.remainder = row.sentence.mid(name.size());
    return row;
}

void ProblemModel::setProblems(const std::vector<RecipeProblem>& problems) {
    beginResetModel();
    m_rows.clear();
    QHash<QString, size_t> known;
    for (const auto& problem : problems) {
        Row row = rowOf(problem);
        const QString key = QString::number(int(row.severity)) + row.remainder;
        const auto found = row.remainder.isEmpty() ? known.end() : known.find(key);
        if (found != known.end()) {
            m_rows[*found].tensors.append(row.tensors);
            continue;
        }
        if (!row.remainder.isEmpty()) known.insert(key, m_rows.size());
        m_rows.push_back(std::move(row));
    }
    std::stable_sort(m_rows.begin(), m_rows.end(),
                     [](const auto& a, const auto& b) { return a.severity > b.severity; });
    endResetModel();
}

QString ProblemModel::textOf(const Row& row) {
    if (row.tensors.size() < 2) return coreText(row.sentence.toStdString());
    return tr("%1 (and %n more)", nullptr, int(row.tensors.size()) - 1).arg(coreText(row.sentence.toStdString()));
}

int ProblemModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : int(m_rows.size());
}

QVariant ProblemModel::data(const QModelIndex& index, int role) const {
    if (!index.isValid() || size_t(index.row()) >= m_rows.size()) return {};
    const auto& row = m_rows[size_t(index.row())];
    if (role == Qt::DisplayRole) return textOf(row);
    if (role == Qt::ToolTipRole) return row.tensors.size() < 2 ? row.sentence : toolTipOf(row.tensors);
    if (role == Qt::ForegroundRole) {
        const auto colors = themeColors(QGuiApplication::palette());
        if (row.severity == RecipeProblem::Severity::kError) return colors.failed;
        if (row.severity == RecipeProblem::Severity::kWarning) return colors.stale;
        return colors.mutedText;
    }
    return {};
}

}  // namespace halftone::app
