// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QComboBox>

#include <optional>

#include "core/quant/methods/method.h"

namespace halftone::app {

/// What a method does, and what it has to know, as a tooltip.
[[nodiscard]] QString methodMeaning(const MethodDescription& method);

/// Chooses a method. Those that make no sense for the format are disabled and say why; the last entry asks for the
/// parameters of the chosen one.
class MethodCombo : public QComboBox {
    Q_OBJECT

  public:
    /// `inherit`: text of a first entry that leaves the choice to somebody else; empty: there is none.
    explicit MethodCombo(const QString& inherit, QWidget* parent = nullptr);

    /// nullopt: the entry that leaves the choice to somebody else.
    void setChoice(const std::optional<MethodChoice>& choice);
    [[nodiscard]] std::optional<MethodChoice> choice() const;
    /// What applies while nothing is chosen here: its parameters can be set too.
    void setInherited(const MethodChoice& inherited);
    /// The choice, or what applies without one.
    [[nodiscard]] MethodChoice effectiveChoice() const;
    /// Disables what makes no sense for `format`; nullopt: nothing.
    void setFormat(const std::optional<Format>& format);

  signals:
    /// A person picked another method, which is choice() now.
    void chosen();
    void parametersWanted();

  protected:
    void wheelEvent(QWheelEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

  private:
    void onActivated(int index);
    void setEntryEnabled(int index, bool enabled);
    void refreshParameters();
    [[nodiscard]] int firstMethod() const { return m_inherits ? 1 : 0; }

    bool m_inherits;
    MethodChoice m_inherited;
    int m_chosen = 0;
    bool m_isStepping = false;  ///< by wheel or key, which pick methods and never open a dialog
};

}  // namespace halftone::app
