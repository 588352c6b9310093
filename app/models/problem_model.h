// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QAbstractListModel>
#include <QStringList>

#include <vector>

#include "core/recipe/recipe.h"

namespace halftone::app {

/// What is worth telling about a recipe or an export plan, worst first. A sentence that holds for many tensors stands
/// there once, with their number.
class ProblemModel : public QAbstractListModel {
    Q_OBJECT

  public:
    using QAbstractListModel::QAbstractListModel;
    void setProblems(const std::vector<RecipeProblem>& problems);
    /// Canonical names of the tensors that the row is about; none for a remark on the whole.
    [[nodiscard]] const QStringList& tensorsOf(int row) const { return m_rows[size_t(row)].tensors; }
    [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex& index, int role) const override;

  private:
    struct Row {
        RecipeProblem::Severity severity{};
        QString sentence;   ///< as it was told of the first tensor
        QString remainder;  ///< without the name of a tensor
        QStringList tensors;
    };
    static Row rowOf(const RecipeProblem& problem);
    [[nodiscard]] static QString textOf(const Row& row);
    std::vector<Row> m_rows;
};

}  // namespace halftone::app
