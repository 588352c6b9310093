// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/models/rule_table_model.h"

#include <QStringList>

#include "app/language/core_text.h"
#include "app/session/recipe_editor.h"

namespace halftone::app {

QString rolesText(const RuleMatch& match) {
    QStringList names;
    for (const auto role : match.roles) {
        const auto name = roleName(role);
        names.append(QString::fromUtf8(name.data(), qsizetype(name.size())));
    }
    return names.isEmpty() ? RuleTableModel::tr("any") : names.join(QStringLiteral(", "));
}

QString blocksText(const RuleMatch& match) {
    if (!match.firstBlock && !match.lastBlock) return RuleTableModel::tr("any");
    if (!match.lastBlock) return RuleTableModel::tr("from %1").arg(*match.firstBlock);
    if (!match.firstBlock) return RuleTableModel::tr("to %1").arg(*match.lastBlock);
    if (match.firstBlock == match.lastBlock) return QString::number(*match.firstBlock);
    return QStringLiteral("%1–%2").arg(*match.firstBlock).arg(*match.lastBlock);
}

RuleTableModel::RuleTableModel(RecipeEditor& editor, QObject* parent)
    : QAbstractTableModel(parent), m_rules(editor.recipe().rules), m_editor(editor) {
    connect(&m_editor, &RecipeEditor::changed, this, &RuleTableModel::refresh);
}

void RuleTableModel::refresh() {
    if (m_rules == m_editor.recipe().rules) return;
    beginResetModel();
    m_rules = m_editor.recipe().rules;
    endResetModel();
}

int RuleTableModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : int(m_rules.size());
}

int RuleTableModel::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : int(ColumnCount);
}

QVariant RuleTableModel::data(const QModelIndex& index, int role) const {
    if (!index.isValid() || size_t(index.row()) >= m_rules.size()) return {};
    if (role == Qt::ToolTipRole) return tr("Double-click to edit the rule. Later rules win over earlier ones.");
    if (role != Qt::DisplayRole) return {};
    const auto& rule = m_rules[size_t(index.row())];
    switch (index.column()) {
        case Roles:
            return rolesText(rule.match);
        case Blocks:
            return blocksText(rule.match);
        case Names:
            return rule.match.regex.empty() ? tr("any") : QString::fromStdString(rule.match.regex);
        case FormatColumn:
            return QString::fromStdString(rule.format.displayName());
        case MethodColumn:
            return rule.method ? methodName(*rule.method) : tr("default");
        default:
            return {};
    }
}

QVariant RuleTableModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (role == Qt::TextAlignmentRole && orientation == Qt::Horizontal)
        return QVariant::fromValue(Qt::Alignment(Qt::AlignLeft | Qt::AlignVCenter));
    if (role != Qt::DisplayRole) return {};
    if (orientation == Qt::Vertical) return section + 1;
    switch (section) {
        case Roles:
            return tr("role");
        case Blocks:
            return tr("blocks");
        case Names:
            return tr("name matches");
        case FormatColumn:
            return tr("format");
        case MethodColumn:
            return tr("method");
        default:
            return {};
    }
}

}  // namespace halftone::app
