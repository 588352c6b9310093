// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QStackedWidget>

#include <functional>

class QLabel;
class QPushButton;

namespace halftone::app {

/// A view, or the one sentence that says why there is none and the one button that changes that.
class StateStack : public QStackedWidget {
    Q_OBJECT

  public:
    explicit StateStack(QWidget* content, QWidget* parent = nullptr);

    void showContent();
    void showSentence(const QString& sentence);
    void showSentence(const QString& sentence, const QString& button, std::function<void()> onClick);

  private:
    QWidget* m_content;
    QLabel* m_label;
    QPushButton* m_button;
    std::function<void()> m_onClick;
};

/// A label in the muted colour; long text wraps.
[[nodiscard]] QLabel* mutedLabel(const QString& text, QWidget* parent);
/// One muted line above a view, which never widens it.
[[nodiscard]] QLabel* captionLabel(QWidget* parent);

}  // namespace halftone::app
