// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QList>
#include <QObject>
#include <QString>
#include <QUndoStack>

#include <memory>
#include <optional>
#include <vector>

#include "core/checkpoint/checkpoint.h"
#include "core/recipe/recipe.h"

namespace halftone::app {

/// What a recipe makes of the tensors, as one number: equal for recipes that come to the same.
[[nodiscard]] quint64 recipeKey(const ResolvedRecipe& resolved);

/// The recipe in work and its undo history. Every edit is one named step that keeps the recipe before and after it.
/// Resolves at once: size and problems are never out of date.
class RecipeEditor : public QObject {
    Q_OBJECT

  public:
    explicit RecipeEditor(QObject* parent = nullptr);

    /// Another checkpoint (or none): history starts over.
    void reset(std::shared_ptr<const Checkpoint> checkpoint, Recipe recipe);

    [[nodiscard]] const Recipe& recipe() const { return m_recipe; }
    [[nodiscard]] const ResolvedRecipe& resolved() const { return m_resolved; }
    /// Resolved entry of a tensor of the checkpoint, or null.
    [[nodiscard]] const ResolvedTensor* resolvedTensor(int tensor) const;
    [[nodiscard]] QUndoStack& undoStack() { return m_undoStack; }
    /// recipeKey() of resolved().
    [[nodiscard]] quint64 key() const { return m_key; }
    [[nodiscard]] bool changesNothing() const;

    /// One undo step; an empty name is made from what changes. Does nothing if the recipe is the same.
    void apply(Recipe next, const QString& name = {});
    void setFormat(const QList<int>& tensors, const Format& format);
    /// Back to what rules and default say.
    void clearOverrides(const QList<int>& tensors);
    void setDefaultFormat(std::optional<Format> format);
    void setDefaultMethod(const MethodChoice& method);
    void addRule(const RecipeRule& rule);
    void replaceRule(int index, const RecipeRule& rule);
    void removeRule(int index);
    void moveRule(int from, int to);

  signals:
    /// `tensors` changed their format or method; may be empty (a rule that matches nothing).
    void changed(const QList<int>& tensors);

  private:
    friend class RecipeCommand;
    void assign(const Recipe& recipe);
    [[nodiscard]] QString nameOfStep(const Recipe& next) const;

    std::shared_ptr<const Checkpoint> m_checkpoint;
    Recipe m_recipe;
    ResolvedRecipe m_resolved;
    quint64 m_key = 0;
    QUndoStack m_undoStack;
};

}  // namespace halftone::app
