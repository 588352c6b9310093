// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QAbstractTableModel>

#include <vector>

#include "core/recipe/recipe.h"

namespace halftone::app {

class RecipeEditor;

/// The rules of the recipe in order; later ones win.
class RuleTableModel : public QAbstractTableModel {
    Q_OBJECT

  public:
    enum Column { Roles, Blocks, Names, FormatColumn, MethodColumn, ColumnCount };

    explicit RuleTableModel(RecipeEditor& editor, QObject* parent = nullptr);
    [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex& index, int role) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

  private:
    void refresh();
    std::vector<RecipeRule> m_rules;  ///< as shown; follows the editor
    RecipeEditor& m_editor;
};

/// "attn_v, ffn_down", or "any".
[[nodiscard]] QString rolesText(const RuleMatch& match);
/// "0–3", "from 8", "any".
[[nodiscard]] QString blocksText(const RuleMatch& match);

}  // namespace halftone::app
