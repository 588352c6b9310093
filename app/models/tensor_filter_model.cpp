// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/models/tensor_filter_model.h"

#include <QCollator>

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

#include "app/models/tensor_table_model.h"
#include "app/session/session.h"

namespace halftone::app {

namespace {

constexpr int kRefreshMs = 250;

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

}  // namespace

/// One tensor as filters see it.
class TensorSubject : public FilterSubject {
  public:
    TensorSubject(const TensorFilterModel& model, int tensor)
        : m_model(model), m_session(model.m_session), m_table(*model.sourceModel()), m_tensor(tensor) {}

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

    [[nodiscard]] std::optional<double> ranked(const QString& name, int rank) const override {
        return m_model.ranked(name, rank);
    }

  private:
    const TensorFilterModel& m_model;
    const Session& m_session;
    const QAbstractItemModel& m_table;
    int m_tensor;
};

namespace {

FilterField fieldOf(const QString& name) {
    if (textColumn(name)) return FilterField::Text;
    return measureFromKey(name) ? FilterField::Number : FilterField::Unknown;
}

}  // namespace

TensorFilterModel::TensorFilterModel(Session& session, QObject* parent)
    : QSortFilterProxyModel(parent), m_session(session) {
    setSortRole(TensorTableModel::SortRole);
    setDynamicSortFilter(true);
    m_refresh.setSingleShot(true);
    m_refresh.setInterval(kRefreshMs);
    connect(&m_refresh, &QTimer::timeout, this, [this] {
        m_ranked.clear();
        invalidateFilter();
    });
    connect(&m_session, &Session::tensorsChanged, this, [this] {
        if (m_expression.usesRanks() && !m_refresh.isActive()) m_refresh.start();
    });
}

std::optional<FilterExpression::Problem> TensorFilterModel::setExpression(const QString& text) {
    std::optional<FilterExpression::Problem> problem;
    auto expression = FilterExpression::parse(text, fieldOf, problem);
    if (problem) return problem;
    m_expression = std::move(expression);
    m_ranked.clear();
    invalidateFilter();
    return std::nullopt;
}

std::optional<double> TensorFilterModel::ranked(const QString& name, int rank) const {
    const auto [found, isNew] = m_ranked.try_emplace({name, rank});
    const auto measure = measureFromKey(name);
    if (!isNew || !measure) return found->second;
    std::vector<double> values;
    for (int tensor = 0; tensor < m_session.tensorCount(); ++tensor) {
        const auto value = m_session.value(*measure, tensor);
        if (value && !std::isnan(*value)) values.push_back(*value);
    }
    if (values.empty()) return std::nullopt;
    const auto place = values.begin() + std::ptrdiff_t(std::min(size_t(rank), values.size()) - 1);
    std::nth_element(values.begin(), place, values.end(), std::greater());
    return found->second = *place;
}

bool TensorFilterModel::filterAcceptsRow(int row, const QModelIndex&) const {
    return m_expression.isEmpty() || m_expression.matches(TensorSubject(*this, row));
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
