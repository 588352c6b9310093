// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/models/tensor_filter_model.h"

#include <QCollator>

#include "app/models/tensor_table_model.h"
#include "app/session/session.h"

namespace halftone::app {

namespace {

const QCollator& naturalOrder() {
    static const QCollator collator = [] {
        QCollator order(QLocale::c());
        order.setNumericMode(true);
        return order;
    }();
    return collator;
}

std::optional<int> textColumn(const QString& name) {
    if (name == QLatin1String("name") || name == QLatin1String("tensor")) return TensorTableModel::Name;
    if (name == QLatin1String("role")) return TensorTableModel::Role;
    if (name == QLatin1String("shape")) return TensorTableModel::Shape;
    if (name == QLatin1String("stored") || name == QLatin1String("dtype")) return TensorTableModel::Stored;
    if (name == QLatin1String("format")) return TensorTableModel::FormatColumn;
    if (name == QLatin1String("method")) return TensorTableModel::MethodColumn;
    return std::nullopt;
}

/// One tensor as filters see it.
class TensorSubject : public FilterSubject {
  public:
    TensorSubject(const Session& session, const QAbstractItemModel& table, int tensor)
        : m_session(session), m_table(table), m_tensor(tensor) {}

    [[nodiscard]] std::optional<double> number(const QString& name) const override {
        const auto measure = measureFromKey(name);
        return measure ? m_session.value(*measure, m_tensor) : std::nullopt;
    }
    [[nodiscard]] QString text(const QString& name) const override {
        const auto column = textColumn(name);
        if (!column) return {};
        // Methods go by the name that recipes use: method=gptq holds whatever its parameters.
        const int role =
            *column == TensorTableModel::MethodColumn ? int(TensorTableModel::MethodNameRole) : int(Qt::DisplayRole);
        return m_table.index(m_tensor, *column).data(role).toString();
    }

  private:
    const Session& m_session;
    const QAbstractItemModel& m_table;
    int m_tensor;
};

FilterField fieldOf(const QString& name) {
    if (textColumn(name)) return FilterField::Text;
    return measureFromKey(name) ? FilterField::Number : FilterField::Unknown;
}

}  // namespace

TensorFilterModel::TensorFilterModel(Session& session, QObject* parent)
    : QSortFilterProxyModel(parent), m_session(session) {
    setSortRole(TensorTableModel::SortRole);
    setDynamicSortFilter(true);
}

std::optional<FilterExpression::Problem> TensorFilterModel::setExpression(const QString& text) {
    std::optional<FilterExpression::Problem> problem;
    auto expression = FilterExpression::parse(text, fieldOf, problem);
    if (problem) return problem;
    m_expression = std::move(expression);
    invalidateFilter();
    return std::nullopt;
}

bool TensorFilterModel::filterAcceptsRow(int row, const QModelIndex&) const {
    return m_expression.isEmpty() || m_expression.matches(TensorSubject(m_session, *sourceModel(), row));
}

bool TensorFilterModel::lessThan(const QModelIndex& left, const QModelIndex& right) const {
    const QVariant a = left.data(sortRole());
    const QVariant b = right.data(sortRole());
    if (!a.isValid() || !b.isValid())
        return a.isValid() == (sortOrder() == Qt::AscendingOrder) && a.isValid() != b.isValid();
    if (a.typeId() == QMetaType::QString) return naturalOrder().compare(a.toString(), b.toString()) < 0;
    return a.toDouble() < b.toDouble();
}

}  // namespace halftone::app
