// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QColor>
#include <QList>
#include <QTextEdit>
#include <QTimer>

namespace halftone::app {

/// Running text made of tokens: a colour behind each, one of them current, one marked as the place where texts part.
/// Colours are laid over the tokens in sight only and never change the layout, so that recolouring costs nothing.
/// The arrow keys step from token to token.
class TokenView : public QTextEdit {
    Q_OBJECT

  public:
    explicit TokenView(QWidget* parent = nullptr);

    /// Empties the view and writes what stands before the first token.
    void begin(const QString& prefix);
    void appendToken(const QString& text);
    void appendTokens(const QStringList& texts);
    /// One colour per token; an invalid one is none.
    void setColors(QList<QColor> colors);
    /// Underlined; -1: none.
    void setMark(int token);
    /// Framed; -1: none.
    void setCurrent(int token);
    [[nodiscard]] int current() const { return m_current; }
    void reveal(int token);
    [[nodiscard]] int tokenCount() const { return int(m_starts.size()); }
    [[nodiscard]] QColor colorOf(int token) const { return m_colors.value(token); }
    /// The token at a place of the viewport; -1: none.
    [[nodiscard]] int tokenAt(const QPoint& position) const;
    /// Where the token stands in the viewport.
    [[nodiscard]] QRect tokenRect(int token) const;

  signals:
    void tokenHovered(int token);  ///< -1: the mouse left
    void tokenClicked(int token);

  protected:
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void changeEvent(QEvent* event) override;
    bool viewportEvent(QEvent* event) override;

  private:
    [[nodiscard]] int tokenAtCharacter(int character) const;
    [[nodiscard]] int endOf(int token) const;
    [[nodiscard]] QTextCursor cursorOf(int token) const;
    void updateOverlays();
    void addOverlay(QList<ExtraSelection>& overlays, int token) const;

    QList<int> m_starts;  ///< character where each token begins
    int m_end = 0;
    QList<QColor> m_colors;
    int m_mark = -1, m_current = -1, m_hovered = -1;
    QTimer m_overlayTimer;
};

}  // namespace halftone::app
