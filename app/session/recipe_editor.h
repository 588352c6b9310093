// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QList>
#include <QObject>
#include <QString>
#include <QUndoStack>

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "app/language/spoken_text.h"
#include "core/checkpoint/checkpoint.h"
#include "core/recipe/recipe.h"

namespace halftone {
struct HardwareTarget;
}

namespace halftone::app {

/// What a recipe makes of the tensors, as one number: equal for recipes that come to the same.
[[nodiscard]] quint64 recipeKey(const ResolvedRecipe& resolved);

/// The recipe in work and its undo history. Every edit is one named step that keeps the recipe before and after it.
/// Resolves at once: size and problems are never out of date.
///
/// Tensors can be locked: edits of a selection leave them out, and where rules, defaults or another recipe would give
/// them something else, what they have is set by hand. Locks are no part of the recipe, but steps of the history beside
/// its edits: what undo changes was not locked then.
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
    [[nodiscard]] const QUndoStack& undoStack() const { return m_undoStack; }
    /// recipeKey() of resolved().
    [[nodiscard]] quint64 key() const { return m_key; }
    [[nodiscard]] bool changesNothing() const;

    /// One undo step; an empty name is made from what changes. Does nothing if the recipe is the same.
    void apply(Recipe next, const SpokenText& name = {});
    /// Names the steps in the language now spoken.
    void retranslate();
    void setFormat(const QList<int>& tensors, const Format& format);
    /// A format for each of them; nullopt leaves it as it is.
    using FormatChange = std::function<std::optional<Format>(const ResolvedTensor&)>;
    void changeFormats(const QList<int>& tensors, const FormatChange& change);
    /// For those that are quantized to a format that the method makes sense for; nullopt: what rules and default say.
    void setMethod(const QList<int>& tensors, const std::optional<MethodChoice>& method);
    /// Format and method go back to what rules and default say.
    void clearOverrides(const QList<int>& tensors);
    /// The same for all, also for names that the checkpoint does not have.
    void clearAllOverrides();
    void setDefaultFormat(std::optional<Format> format);
    void setDefaultMethod(const MethodChoice& method);
    void addRule(const RecipeRule& rule);
    void replaceRule(int index, const RecipeRule& rule);
    void removeRule(int index);
    void moveRule(int from, int to);

    /// The kind of machine that the recipe is for, whose limits are among its problems; null: any. No part of the
    /// recipe and of its history.
    [[nodiscard]] const HardwareTarget* target() const { return m_target; }
    void setTarget(const HardwareTarget* target);
    /// Why the target cannot take a format; empty: it can, or there is no target.
    [[nodiscard]] QString targetObstacleOf(const Format& format) const;

    /// The method that was set by hand for a tensor, or null.
    [[nodiscard]] const MethodChoice* methodByHand(int tensor) const;
    /// Whether `method` can be set for a tensor; empty, or the sentence that says why not.
    [[nodiscard]] QString methodObstacleOf(int tensor, MethodId method) const;
    /// Tensors whose format or method was set by hand.
    [[nodiscard]] int overrideCount() const;

    /// Tensors that take no format have nothing to lock.
    void setLocked(const QList<int>& tensors, bool locked);
    [[nodiscard]] bool isLocked(int tensor) const;
    /// Canonical names, in order.
    [[nodiscard]] const std::set<std::string>& lockedTensors() const { return m_locked; }
    /// As a session file says; names that the checkpoint does not have are left out.
    void restoreLocks(const std::vector<std::string>& names);

  signals:
    /// `tensors` changed their format or method; may be empty (a rule that matches nothing).
    void changed(const QList<int>& tensors);
    /// Another target; formats and sizes are what they were, their problems may not be.
    void targetChanged();
    /// `tensors` were locked or unlocked.
    void locksChanged(const QList<int>& tensors);
    /// An edit of a selection left out so many tensors because they are locked.
    void lockedSkipped(int count);

  private:
    friend class RecipeCommand;
    friend class LockCommand;
    void assign(const Recipe& recipe);
    void assignLocks(const QList<int>& tensors, bool locked);
    /// Those of them whose lock is not so yet, and that can have one.
    [[nodiscard]] QList<int> lockable(const QList<int>& tensors, bool locked) const;
    void resolveAgain();
    [[nodiscard]] QString nameOfStep(const ResolvedRecipe& before, const Recipe& next) const;
    /// Those that can be edited; tells how many are locked.
    [[nodiscard]] QList<int> editable(const QList<int>& tensors);
    /// Writes what locked tensors have into `next` where it would change that.
    void keepLocked(Recipe& next) const;

    std::shared_ptr<const Checkpoint> m_checkpoint;
    Recipe m_recipe;
    ResolvedRecipe m_resolved;
    quint64 m_key = 0;
    const HardwareTarget* m_target = nullptr;
    std::set<std::string> m_locked;  ///< canonical names
    QUndoStack m_undoStack;
};

}  // namespace halftone::app
