// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QFrame>
#include <QPointer>

class QLabel;
class QPushButton;
class QToolButton;

namespace halftone::app {

/// A few sentences beside a widget of the same window, and a frame around that widget. Neither takes the mouse from the
/// rest of the window; both follow the widget when it moves. Escape dismisses it.
class Callout : public QFrame {
    Q_OBJECT

  public:
    explicit Callout(QWidget* window);
    ~Callout() override;

    struct Content {
        QString title, text;
        QString place;   ///< "2 of 5"
        QString button;  ///< of what goes on
        bool hasBack = false;
    };
    /// Shows it at `target`, a visible widget of the window; null: in the middle.
    void showAt(QWidget* target, const Content& content);
    [[nodiscard]] QWidget* target() const { return m_target; }

  signals:
    void nextRequested();
    void backRequested();
    void dismissed();

  protected:
    bool eventFilter(QObject* watched, QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void hideEvent(QHideEvent* event) override;

  private:
    void createLayout();
    void place();
    /// Beside the target where there is room: below, above, right, left; else inside it.
    [[nodiscard]] QPoint cornerBeside(const QRect& target) const;

    QWidget* m_window;
    QPointer<QWidget> m_target;
    QPointer<QWidget> m_ring;
    QLabel *m_title = nullptr, *m_text = nullptr, *m_place = nullptr;
    QPushButton *m_next = nullptr, *m_back = nullptr;
    QToolButton* m_close = nullptr;
};

}  // namespace halftone::app
