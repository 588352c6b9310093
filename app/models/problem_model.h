// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QAbstractListModel>

#include <vector>

#include "core/recipe/recipe.h"

namespace halftone::app {

/// What is worth telling about a recipe or an export plan, worst first.
class ProblemModel : public QAbstractListModel {
    Q_OBJECT

  public:
    using QAbstractListModel::QAbstractListModel;
    void setProblems(std::vector<RecipeProblem> problems);
    [[nodiscard]] const RecipeProblem& problem(int row) const { return m_problems[size_t(row)]; }
    [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex& index, int role) const override;

  private:
    std::vector<RecipeProblem> m_problems;
};

}  // namespace halftone::app
