// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QDialog>

#include <functional>
#include <vector>

#include "core/quant/methods/method.h"

class QDialogButtonBox;

namespace halftone::app {

/// The numbers that a method works with, each with what it does and its standard value.
class MethodDialog : public QDialog {
    Q_OBJECT

  public:
    explicit MethodDialog(const MethodChoice& choice, QWidget* parent = nullptr);
    /// Only parameters that differ from the standard are named.
    [[nodiscard]] MethodChoice choice() const;
    /// Every parameter to its standard value.
    void reset();

  private:
    struct Field {
        const MethodParameter* parameter;
        QWidget* editor;
        std::function<double()> value;
        std::function<void(double)> setValue;
    };
    void createLayout();
    void addField(const MethodParameter& parameter);
    [[nodiscard]] Field flagField(const MethodParameter& parameter);
    [[nodiscard]] Field numberField(const MethodParameter& parameter);
    void refreshReset();

    MethodId m_method;
    std::vector<Field> m_fields;
    QDialogButtonBox* m_buttons = nullptr;
};

/// Opens the dialog beside `parent`; `onAccepted` hears what was set, and nothing if it was dismissed or if `parent` is
/// gone by then.
void askForParameters(const MethodChoice& choice, QWidget* parent,
                      const std::function<void(const MethodChoice&)>& onAccepted);

}  // namespace halftone::app
