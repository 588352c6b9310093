// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/models/saved_filters.h"

#include <QSettings>

#include <algorithm>

namespace halftone::app {

namespace {
const QString kArray = QStringLiteral("tensors/filters");
constexpr int kMostKept = 200;
constexpr int kLongestName = 80;

bool isBefore(const SavedFilter& a, const SavedFilter& b) {
    if (a.isBuiltIn != b.isBuiltIn) return a.isBuiltIn;
    return !a.isBuiltIn && QString::localeAwareCompare(a.name, b.name) < 0;
}
}  // namespace

SavedFilters::SavedFilters(QObject* parent) : QAbstractListModel(parent) {
    const auto builtIn = [this](const QString& name, const char* expression) {
        m_filters.append({name, QString::fromLatin1(expression), true});
    };
    builtIn(tr("Outliers"), "kurtosis>20");
    builtIn(tr("Far from the bulk"), "maxsigma>30");
    builtIn(tr("Worst ten by KLD alone"), "kld>=#10");
    builtIn(tr("Worst ten by error"), "error>=#10");
    builtIn(tr("Largest ten"), "size>=#10");
    builtIn(tr("Attention matrices"), "role~attn bits<32");
    builtIn(tr("Not finite"), "nonfinite>0");
    load();
}

void SavedFilters::load() {
    QSettings settings;
    const int count = std::min(settings.beginReadArray(kArray), kMostKept);
    for (int i = 0; i < count; ++i) {
        settings.setArrayIndex(i);
        const QString name = settings.value(QStringLiteral("name")).toString().left(kLongestName);
        const QString expression = settings.value(QStringLiteral("expression")).toString();
        if (!name.isEmpty() && !expression.isEmpty()) m_filters.append({name, expression, false});
    }
    settings.endArray();
    std::ranges::stable_sort(m_filters, isBefore);
}

void SavedFilters::save() const {
    QSettings settings;
    settings.remove(kArray);
    settings.beginWriteArray(kArray);
    int place = 0;
    for (const auto& filter : m_filters) {
        if (filter.isBuiltIn) continue;
        settings.setArrayIndex(place++);
        settings.setValue(QStringLiteral("name"), filter.name);
        settings.setValue(QStringLiteral("expression"), filter.expression);
    }
    settings.endArray();
}

bool SavedFilters::add(const QString& name, const QString& expression) {
    const SavedFilter filter{name.trimmed().left(kLongestName), expression.trimmed(), false};
    if (filter.name.isEmpty() || filter.expression.isEmpty()) return false;
    const auto same = std::ranges::find(m_filters, filter.name, &SavedFilter::name);
    if (same != m_filters.end()) {
        if (same->isBuiltIn) return false;
        same->expression = filter.expression;
        const auto changed = index(int(same - m_filters.begin()));
        emit dataChanged(changed, changed);
    } else {
        const auto place = int(std::ranges::lower_bound(m_filters, filter, isBefore) - m_filters.begin());
        beginInsertRows({}, place, place);
        m_filters.insert(place, filter);
        endInsertRows();
    }
    save();
    return true;
}

bool SavedFilters::remove(int row) {
    if (row < 0 || row >= m_filters.size() || m_filters[row].isBuiltIn) return false;
    beginRemoveRows({}, row, row);
    m_filters.removeAt(row);
    endRemoveRows();
    save();
    return true;
}

int SavedFilters::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : int(m_filters.size());
}

QVariant SavedFilters::data(const QModelIndex& index, int role) const {
    if (!index.isValid() || index.row() >= m_filters.size()) return {};
    const auto& filter = m_filters[index.row()];
    if (role == Qt::DisplayRole) return filter.name;
    if (role == Qt::ToolTipRole || role == ExpressionRole) return filter.expression;
    return role == BuiltInRole ? QVariant(filter.isBuiltIn) : QVariant();
}

}  // namespace halftone::app
