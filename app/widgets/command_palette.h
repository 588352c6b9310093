// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QDialog>
#include <QList>

#include <functional>

class QLineEdit;
class QListWidget;

namespace halftone::app {

struct PaletteEntry {
    QString text;
    QString hint;  ///< shortcut or shape, in the muted colour
    std::function<void()> run;
};

/// A list that narrows while one types; Enter takes the marked entry. For commands (Ctrl+Shift+P) and tensors (Ctrl+P).
class CommandPalette : public QDialog {
    Q_OBJECT

  public:
    CommandPalette(const QString& placeholder, QList<PaletteEntry> entries, QWidget* parent);

  protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

  private:
    void filter(const QString& text);
    void take();

    QList<PaletteEntry> m_entries;
    QLineEdit* m_edit;
    QListWidget* m_list;
};

/// Whether the characters of `wanted` occur in `text` in this order, ignoring case; lower is better, -1 is no match.
[[nodiscard]] int fuzzyScore(const QString& text, const QString& wanted);

}  // namespace halftone::app
