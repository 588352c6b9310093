// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QList>
#include <QString>
#include <QVariant>

class QWidget;

namespace halftone::app {

/// What stands in the fields of a window: texts, numbers, choices, checks, rows of lists, dividers. Written down of one
/// window, applied to another that is built alike, in whatever language: fields are known by their place. Fields of
/// dialogs and menus are left out, as are widgets with the property `followsView`, which show what another view does.
/// GUI thread.
class FieldState {
  public:
    [[nodiscard]] static FieldState of(const QWidget& window);
    /// Fields answer as if a person had changed them. What the other window does not have is dropped.
    void applyTo(QWidget& window) const;
    [[nodiscard]] qsizetype count() const { return m_fields.size(); }

  private:
    struct Field {
        QString place;
        QVariant value;
    };
    QList<Field> m_fields;
};

}  // namespace halftone::app
