// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QLabel>

namespace halftone::app {

/// One line of plain text that ends in dots where it has no room, and is its own tooltip then. Takes the width it is
/// given and asks for none.
class ElidedLabel : public QLabel {
    Q_OBJECT

  public:
    explicit ElidedLabel(QWidget* parent = nullptr);
    /// In place of setText(), which would not be remembered.
    void setFullText(const QString& text);
    [[nodiscard]] const QString& fullText() const { return m_fullText; }

  protected:
    void resizeEvent(QResizeEvent* event) override;
    void changeEvent(QEvent* event) override;

  private:
    void elide();
    QString m_fullText;
};

}  // namespace halftone::app
