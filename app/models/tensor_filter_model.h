// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QSortFilterProxyModel>
#include <QTimer>

#include <map>
#include <utility>

#include "app/models/filter_expression.h"

namespace halftone::app {

class Session;

/// Sorts the tensor table and hides what a filter expression does not match. Names sort naturally (blk.2 before
/// blk.10); rows without a number come last in either direction.
class TensorFilterModel : public QSortFilterProxyModel {
    Q_OBJECT

  public:
    explicit TensorFilterModel(Session& session, QObject* parent = nullptr);

    /// Takes the expression; on a problem the last good one stays and the problem is returned.
    std::optional<FilterExpression::Problem> setExpression(const QString& text);

  protected:
    [[nodiscard]] bool filterAcceptsRow(int row, const QModelIndex& parent) const override;
    [[nodiscard]] bool lessThan(const QModelIndex& left, const QModelIndex& right) const override;

  private:
    Session& m_session;
    /// By name and rank.
    [[nodiscard]] std::optional<double> ranked(const QString& name, int rank) const;
    friend class TensorSubject;

    FilterExpression m_expression;
    mutable std::map<std::pair<QString, int>, std::optional<double>> m_ranked;
    QTimer m_refresh;  ///< values arrive tensor by tensor; ranks follow a few times a second
};

}  // namespace halftone::app
