// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QDialog>

#include <set>
#include <span>

#include "core/recipe/recipe.h"

class QComboBox;
class QDialogButtonBox;
class QLabel;
class QLineEdit;
class QListWidget;
class QSpinBox;
class QToolButton;

namespace halftone {
struct HardwareTarget;
}

namespace halftone::app {

class MethodCombo;

/// Edits one rule; `defaultMethod` is what it takes while it names no method of its own. Tells beside the fields what
/// is wrong and how many tensors it matches.
class RuleDialog : public QDialog {
    Q_OBJECT

  public:
    RuleDialog(const RecipeRule& rule, const MethodChoice& defaultMethod, std::span<const TensorInfo> tensors,
               QWidget* parent = nullptr);
    [[nodiscard]] RecipeRule rule() const;
    /// The machine that formats are to suit; null: any.
    void setTarget(const HardwareTarget* target);

  private:
    void createFields(const RecipeRule& rule);
    void createMethod(const std::optional<MethodChoice>& method, const MethodChoice& defaultMethod);
    [[nodiscard]] static QString problemOf(const RecipeRule& rule, const ResolvedRecipe& resolved);
    void createLayout();
    void askForFormatExtras();
    void refresh();

    std::span<const TensorInfo> m_tensors;
    QListWidget* m_roles = nullptr;
    QSpinBox *m_first = nullptr, *m_last = nullptr;
    QLineEdit* m_regex = nullptr;
    QComboBox* m_format = nullptr;
    QToolButton* m_extras = nullptr;
    MethodCombo* m_method = nullptr;
    QLabel* m_verdict = nullptr;
    QDialogButtonBox* m_buttons = nullptr;
};

}  // namespace halftone::app
