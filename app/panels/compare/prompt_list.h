// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QStringList>
#include <QWidget>

class QListWidget;
class QPlainTextEdit;
class QToolButton;

namespace halftone::app {

/// Prompts in a list, and the one in work in an editor beside it. There is always at least one.
class PromptList : public QWidget {
    Q_OBJECT

  public:
    explicit PromptList(QWidget* parent = nullptr);

    [[nodiscard]] QStringList prompts() const;
    /// The first one becomes the one in work. An empty list is one empty prompt.
    void setPrompts(const QStringList& prompts);
    [[nodiscard]] QString current() const;
    void setCurrent(const QString& prompt);
    void add(const QString& prompt);
    void removeCurrent();

  signals:
    void promptsChanged();

  private:
    void createList();
    void showCurrent();
    void takeEdit();
    void setItem(int row, const QString& prompt);

    QListWidget* m_list = nullptr;
    QPlainTextEdit* m_editor = nullptr;
    QToolButton *m_add = nullptr, *m_remove = nullptr;
};

}  // namespace halftone::app
