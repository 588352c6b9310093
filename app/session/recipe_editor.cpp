// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/session/recipe_editor.h"

#include <QUndoCommand>

#include <iterator>
#include <span>

#include "app/language/core_text.h"
#include "core/base/hash.h"
#include "core/recipe/hardware_target.h"

namespace halftone::app {

/// One step, named in the language that is spoken.
class EditCommand : public QUndoCommand {
  public:
    explicit EditCommand(const SpokenText& name) : QUndoCommand(name.text()), m_name(name) {}
    void retranslate() { setText(m_name.spokenNow()); }

  private:
    SpokenText m_name;
};

/// The recipes before and after it.
class RecipeCommand : public EditCommand {
  public:
    RecipeCommand(RecipeEditor& editor, Recipe before, Recipe after, const SpokenText& name)
        : EditCommand(name), m_editor(editor), m_before(std::move(before)), m_after(std::move(after)) {}
    void undo() override { m_editor.assign(m_before); }
    void redo() override { m_editor.assign(m_after); }

  private:
    RecipeEditor& m_editor;
    Recipe m_before, m_after;
};

/// Tensors that are locked or unlocked.
class LockCommand : public EditCommand {
  public:
    LockCommand(RecipeEditor& editor, QList<int> tensors, bool locked, const SpokenText& name)
        : EditCommand(name), m_editor(editor), m_tensors(std::move(tensors)), m_locked(locked) {}
    void undo() override { m_editor.assignLocks(m_tensors, !m_locked); }
    void redo() override { m_editor.assignLocks(m_tensors, m_locked); }

  private:
    RecipeEditor& m_editor;
    QList<int> m_tensors;
    bool m_locked;
};

namespace {

bool comesToTheSame(const ResolvedTensor& a, const ResolvedTensor& b) {
    return a.name == b.name && a.format == b.format && a.requested == b.requested && a.kept == b.kept &&
           a.method == b.method && a.requestedMethod == b.requestedMethod;
}

}  // namespace

quint64 recipeKey(const ResolvedRecipe& resolved) {
    std::string text;
    for (const auto& tensor : resolved.tensors) {
        text += tensor.name;
        text += tensor.kept ? "=" : "=" + tensor.format.name() + ' ' + tensor.method.name();
        text += '\n';
    }
    return hashBytes(std::as_bytes(std::span(text)));
}

RecipeEditor::RecipeEditor(QObject* parent) : QObject(parent) {}

void RecipeEditor::reset(std::shared_ptr<const Checkpoint> checkpoint, Recipe recipe) {
    m_checkpoint = std::move(checkpoint);
    m_undoStack.clear();
    m_locked.clear();
    assign(recipe);
}

const ResolvedTensor* RecipeEditor::resolvedTensor(int tensor) const {
    if (tensor < 0 || size_t(tensor) >= m_resolved.tensors.size()) return nullptr;
    return &m_resolved.tensors[size_t(tensor)];
}

bool RecipeEditor::changesNothing() const {
    for (const auto& tensor : m_resolved.tensors) {
        if (tensor.quantizable && !tensor.kept) return false;
    }
    return true;
}

void RecipeEditor::apply(Recipe next, const SpokenText& name) {
    keepLocked(next);
    if (next == m_recipe) return;
    const auto changes = [this, before = m_recipe, next] {
        return m_checkpoint ? nameOfStep(resolve(before, m_checkpoint->tensors()), next) : QString();
    };
    const auto step = name.isEmpty() ? SpokenText(nameOfStep(m_resolved, next), changes) : name;
    m_undoStack.push(new RecipeCommand(*this, m_recipe, next, step));
}

void RecipeEditor::retranslate() {
    // The stack hands its commands out as const; they are those that were made here.
    for (int i = 0; i < m_undoStack.count(); ++i)
        static_cast<EditCommand*>(const_cast<QUndoCommand*>(m_undoStack.command(i)))->retranslate();
}

void RecipeEditor::setFormat(const QList<int>& tensors, const Format& format) {
    changeFormats(tensors, [&](const ResolvedTensor&) { return std::optional(format); });
}

void RecipeEditor::changeFormats(const QList<int>& tensors, const FormatChange& change) {
    Recipe next = m_recipe;
    for (const int tensor : editable(tensors)) {
        const auto* entry = resolvedTensor(tensor);
        if (!entry || !entry->quantizable) continue;
        if (const auto format = change(*entry)) next.overrides[entry->name] = *format;
    }
    apply(std::move(next));
}

void RecipeEditor::setMethod(const QList<int>& tensors, const std::optional<MethodChoice>& method) {
    Recipe next = m_recipe;
    for (const int tensor : editable(tensors)) {
        const auto* entry = resolvedTensor(tensor);
        if (!entry) continue;
        if (!method) {
            next.methodOverrides.erase(entry->name);
        } else if (methodObstacleOf(tensor, method->id).isEmpty()) {
            next.methodOverrides[entry->name] = *method;
        }
    }
    apply(std::move(next));
}

void RecipeEditor::clearOverrides(const QList<int>& tensors) {
    Recipe next = m_recipe;
    for (const int tensor : editable(tensors)) {
        const auto* entry = resolvedTensor(tensor);
        if (!entry) continue;
        next.overrides.erase(entry->name);
        next.methodOverrides.erase(entry->name);
    }
    apply(std::move(next), [] { return tr("Clear what was set by hand"); });
}

void RecipeEditor::clearAllOverrides() {
    const auto isOpen = [this](const auto& entry) { return !m_locked.contains(entry.first); };
    Recipe next = m_recipe;
    std::erase_if(next.overrides, isOpen);
    std::erase_if(next.methodOverrides, isOpen);
    apply(std::move(next), [] { return tr("Clear what was set by hand"); });
}

void RecipeEditor::setDefaultFormat(std::optional<Format> format) {
    Recipe next = m_recipe;
    next.defaultFormat = format;
    apply(std::move(next), [format] {
        return format ? tr("Default format: %1").arg(QString::fromStdString(format->displayName()))
                      : tr("Default format: keep as stored");
    });
}

void RecipeEditor::setDefaultMethod(const MethodChoice& method) {
    Recipe next = m_recipe;
    next.defaultMethod = method;
    apply(std::move(next), [method] { return tr("Default method: %1").arg(methodName(method)); });
}

void RecipeEditor::addRule(const RecipeRule& rule) {
    Recipe next = m_recipe;
    next.rules.push_back(rule);
    apply(std::move(next), [] { return tr("Add a rule"); });
}

void RecipeEditor::replaceRule(int index, const RecipeRule& rule) {
    if (index < 0 || size_t(index) >= m_recipe.rules.size()) return;
    Recipe next = m_recipe;
    next.rules[size_t(index)] = rule;
    apply(std::move(next), [index] { return tr("Edit rule %1").arg(index + 1); });
}

void RecipeEditor::removeRule(int index) {
    if (index < 0 || size_t(index) >= m_recipe.rules.size()) return;
    Recipe next = m_recipe;
    next.rules.erase(next.rules.begin() + index);
    apply(std::move(next), [index] { return tr("Remove rule %1").arg(index + 1); });
}

void RecipeEditor::moveRule(int from, int to) {
    const auto count = int(m_recipe.rules.size());
    if (from < 0 || from >= count || to < 0 || to >= count) return;
    Recipe next = m_recipe;
    std::swap(next.rules[size_t(from)], next.rules[size_t(to)]);
    apply(std::move(next), [from] { return tr("Move rule %1").arg(from + 1); });
}

const MethodChoice* RecipeEditor::methodByHand(int tensor) const {
    const auto* entry = resolvedTensor(tensor);
    if (!entry) return nullptr;
    const auto found = m_recipe.methodOverrides.find(entry->name);
    return found == m_recipe.methodOverrides.end() ? nullptr : &found->second;
}

QString RecipeEditor::methodObstacleOf(int tensor, MethodId method) const {
    const auto* entry = resolvedTensor(tensor);
    if (!entry || !entry->quantizable) return tr("This tensor is not quantized.");
    if (entry->kept) return tr("The tensor stays as stored: choose a format first.");
    return coreText(methodObstacle(method, entry->format));
}

int RecipeEditor::overrideCount() const {
    return int(m_recipe.overriddenTensorCount());
}

QList<int> RecipeEditor::lockable(const QList<int>& tensors, bool locked) const {
    QList<int> found;
    for (const int tensor : tensors) {
        const auto* entry = resolvedTensor(tensor);
        if (entry && entry->quantizable && isLocked(tensor) != locked && !found.contains(tensor)) found.append(tensor);
    }
    return found;
}

void RecipeEditor::setLocked(const QList<int>& tensors, bool locked) {
    const QList<int> changes = lockable(tensors, locked);
    if (changes.isEmpty()) return;
    const auto name = [locked, count = int(changes.size())] {
        return locked ? tr("Lock %n tensors", nullptr, count) : tr("Unlock %n tensors", nullptr, count);
    };
    m_undoStack.push(new LockCommand(*this, changes, locked, name));
}

void RecipeEditor::assignLocks(const QList<int>& tensors, bool locked) {
    for (const int tensor : tensors) {
        const auto* entry = resolvedTensor(tensor);
        if (!entry) continue;
        if (locked) {
            m_locked.insert(entry->name);
        } else {
            m_locked.erase(entry->name);
        }
    }
    emit locksChanged(tensors);
}

bool RecipeEditor::isLocked(int tensor) const {
    const auto* entry = resolvedTensor(tensor);
    return entry && m_locked.contains(entry->name);
}

/// As the session was: no step that could be undone.
void RecipeEditor::restoreLocks(const std::vector<std::string>& names) {
    const std::set<std::string> wanted(names.begin(), names.end());
    QList<int> tensors;
    for (size_t i = 0; i < m_resolved.tensors.size(); ++i) {
        if (wanted.contains(m_resolved.tensors[i].name)) tensors.append(int(i));
    }
    const QList<int> changes = lockable(tensors, true);
    if (!changes.isEmpty()) assignLocks(changes, true);
}

QList<int> RecipeEditor::editable(const QList<int>& tensors) {
    QList<int> open;
    for (const int tensor : tensors) {
        if (!isLocked(tensor)) open.append(tensor);
    }
    if (open.size() < tensors.size()) emit lockedSkipped(int(tensors.size() - open.size()));
    return open;
}

void RecipeEditor::keepLocked(Recipe& next) const {
    if (m_locked.empty() || !m_checkpoint) return;
    const ResolvedRecipe result = resolve(next, m_checkpoint->tensors());
    for (size_t i = 0; i < m_resolved.tensors.size(); ++i) {
        const auto& now = m_resolved.tensors[i];
        if (!m_locked.contains(now.name) || comesToTheSame(now, result.tensors[i])) continue;
        next.overrides[now.name] = now.requested;
        if (!now.kept) next.methodOverrides[now.name] = now.requestedMethod;
    }
}

void RecipeEditor::assign(const Recipe& recipe) {
    const ResolvedRecipe before = std::move(m_resolved);
    m_recipe = recipe;
    resolveAgain();
    m_key = recipeKey(m_resolved);
    QList<int> tensors;
    for (size_t i = 0; i < m_resolved.tensors.size(); ++i) {
        const auto& now = m_resolved.tensors[i];
        if (i >= before.tensors.size() || !comesToTheSame(before.tensors[i], now)) tensors.append(int(i));
    }
    emit changed(tensors);
}

void RecipeEditor::resolveAgain() {
    m_resolved = m_checkpoint ? resolve(m_recipe, m_checkpoint->tensors()) : ResolvedRecipe{};
    if (!m_target) return;
    auto more = targetProblems(*m_target, m_resolved);
    m_resolved.problems.insert(m_resolved.problems.end(), std::make_move_iterator(more.begin()),
                               std::make_move_iterator(more.end()));
}

void RecipeEditor::setTarget(const HardwareTarget* target) {
    if (target == m_target) return;
    m_target = target;
    resolveAgain();
    emit targetChanged();
}

QString RecipeEditor::targetObstacleOf(const Format& format) const {
    return m_target ? coreText(targetObstacle(*m_target, format)) : QString();
}

QString RecipeEditor::nameOfStep(const ResolvedRecipe& before, const Recipe& next) const {
    if (!m_checkpoint) return tr("Edit the recipe");
    const auto changes = diff(before, resolve(next, m_checkpoint->tensors()));
    if (changes.empty()) return tr("Edit the recipe");
    return changeText(describeChanges(changes, m_checkpoint->tensors()));
}

}  // namespace halftone::app
