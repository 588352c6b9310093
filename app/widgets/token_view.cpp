// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/widgets/token_view.h"

#include <QKeyEvent>
#include <QMouseEvent>
#include <QPen>
#include <QScrollBar>

#include <algorithm>

#include "app/plots/token_scale.h"
#include "app/widgets/theme.h"

namespace halftone::app {

TokenView::TokenView(QWidget* parent) : QTextEdit(parent) {
    setReadOnly(true);
    setUndoRedoEnabled(false);
    setFrameShape(QFrame::NoFrame);
    setAcceptRichText(false);
    document()->setDocumentMargin(8);
    viewport()->setMouseTracking(true);
    viewport()->setCursor(Qt::ArrowCursor);
    m_overlayTimer.setSingleShot(true);
    m_overlayTimer.setInterval(0);
    connect(&m_overlayTimer, &QTimer::timeout, this, &TokenView::updateOverlays);
    connect(verticalScrollBar(), &QScrollBar::valueChanged, &m_overlayTimer, qOverload<>(&QTimer::start));
}

void TokenView::begin(const QString& prefix) {
    clear();
    m_starts.clear();
    m_colors.clear();
    m_mark = m_current = m_hovered = -1;
    QTextCharFormat format;
    format.setForeground(themeColors(palette()).mutedText);
    QTextCursor cursor(document());
    cursor.insertText(prefix, format);
    m_end = cursor.position();
    m_overlayTimer.start();
}

void TokenView::appendToken(const QString& text) {
    appendTokens({text});
}

/// Keeps the end in sight if it was; several tokens are laid out once.
void TokenView::appendTokens(const QStringList& texts) {
    const auto* bar = verticalScrollBar();
    const bool followsEnd = bar->value() >= bar->maximum() - 4 && m_current < 0;
    QTextCharFormat format;
    format.setForeground(palette().color(QPalette::Text));
    QTextCursor cursor(document());
    cursor.movePosition(QTextCursor::End);
    cursor.beginEditBlock();
    for (const auto& text : texts) {
        m_starts.append(cursor.position());
        cursor.insertText(text, format);
    }
    cursor.endEditBlock();
    m_end = cursor.position();
    if (followsEnd) verticalScrollBar()->setValue(verticalScrollBar()->maximum());
    m_overlayTimer.start();
}

void TokenView::setColors(QList<QColor> colors) {
    m_colors = std::move(colors);
    m_overlayTimer.start();
}

void TokenView::setMark(int token) {
    if (m_mark == token) return;
    m_mark = token;
    m_overlayTimer.start();
}

void TokenView::setCurrent(int token) {
    if (m_current == token) return;
    m_current = token;
    m_overlayTimer.start();
}

void TokenView::reveal(int token) {
    if (token < 0 || token >= tokenCount()) return;
    const QRect rect = tokenRect(token);
    if (rect.top() >= 0 && rect.bottom() <= viewport()->height()) return;
    auto* bar = verticalScrollBar();
    bar->setValue(bar->value() + rect.center().y() - viewport()->height() / 2);
}

int TokenView::endOf(int token) const {
    return token + 1 < tokenCount() ? m_starts[token + 1] : m_end;
}

QTextCursor TokenView::cursorOf(int token) const {
    QTextCursor cursor(document());
    cursor.setPosition(m_starts[token]);
    cursor.setPosition(endOf(token), QTextCursor::KeepAnchor);
    return cursor;
}

int TokenView::tokenAtCharacter(int character) const {
    if (m_starts.isEmpty() || character < m_starts.first() || character >= m_end) return -1;
    return int(std::upper_bound(m_starts.begin(), m_starts.end(), character) - m_starts.begin()) - 1;
}

int TokenView::tokenAt(const QPoint& position) const {
    const QTextCursor cursor = cursorForPosition(position);
    const QRect caret = cursorRect(cursor);
    // The nearest gap between characters may lie behind the one under the mouse, or far beside the text.
    if (position.y() < caret.top() || position.y() > caret.bottom() + 2) return -1;
    if (std::abs(position.x() - caret.center().x()) > 2 * fontMetrics().maxWidth()) return -1;
    return tokenAtCharacter(cursor.position() - (position.x() < caret.center().x() ? 1 : 0));
}

QRect TokenView::tokenRect(int token) const {
    QTextCursor cursor(document());
    cursor.setPosition(m_starts[token]);
    const QRect first = cursorRect(cursor);
    cursor.setPosition(endOf(token));
    const QRect last = cursorRect(cursor);
    if (last.top() == first.top()) return first.united(last);
    return {first.topLeft(), QSize(viewport()->width() - first.left(), first.height())};
}

void TokenView::addOverlay(QList<ExtraSelection>& overlays, int token) const {
    const auto colors = themeColors(palette());
    ExtraSelection overlay;
    overlay.cursor = cursorOf(token);
    const QColor ground = token == m_hovered && !m_colors.value(token).isValid() ? colors.hover : m_colors.value(token);
    if (ground.isValid()) {
        overlay.format.setBackground(ground);
        overlay.format.setForeground(readableOn(ground));
    }
    if (token == m_mark) {
        overlay.format.setFontUnderline(true);
        overlay.format.setFontWeight(QFont::Bold);
        if (!ground.isValid()) overlay.format.setForeground(colors.second);
    }
    if (token == m_current) overlay.format.setProperty(QTextFormat::OutlinePen, QPen(colors.text, 1));
    overlays.append(overlay);
}

void TokenView::updateOverlays() {
    QList<ExtraSelection> overlays;
    if (!m_starts.isEmpty()) {
        const int firstCharacter = cursorForPosition({0, 0}).position();
        const int lastCharacter = cursorForPosition({viewport()->width(), viewport()->height()}).position();
        const auto first = std::upper_bound(m_starts.begin(), m_starts.end(), firstCharacter) - m_starts.begin();
        for (int token = std::max(0, int(first) - 1); token < tokenCount() && m_starts[token] <= lastCharacter;
             ++token) {
            const bool isPlain = !m_colors.value(token).isValid() && token != m_mark && token != m_current;
            if (isPlain && token != m_hovered) continue;
            if (endOf(token) > m_starts[token]) addOverlay(overlays, token);
        }
    }
    setExtraSelections(overlays);
}

void TokenView::mouseMoveEvent(QMouseEvent* event) {
    QTextEdit::mouseMoveEvent(event);
    const int token = tokenAt(event->position().toPoint());
    if (token == m_hovered) return;
    m_hovered = token;
    m_overlayTimer.start();
    emit tokenHovered(token);
}

void TokenView::mouseReleaseEvent(QMouseEvent* event) {
    QTextEdit::mouseReleaseEvent(event);
    if (event->button() != Qt::LeftButton || textCursor().hasSelection()) return;
    const int token = tokenAt(event->position().toPoint());
    if (token >= 0) emit tokenClicked(token);
}

void TokenView::keyPressEvent(QKeyEvent* event) {
    const int step = event->key() == Qt::Key_Right ? 1 : event->key() == Qt::Key_Left ? -1 : 0;
    if (step == 0 || event->modifiers() != Qt::NoModifier || m_starts.isEmpty()) return QTextEdit::keyPressEvent(event);
    const int next = m_current < 0 ? 0 : std::clamp(m_current + step, 0, tokenCount() - 1);
    reveal(next);
    if (next != m_current) emit tokenClicked(next);
}

void TokenView::resizeEvent(QResizeEvent* event) {
    QTextEdit::resizeEvent(event);
    m_overlayTimer.start();
}

void TokenView::changeEvent(QEvent* event) {
    QTextEdit::changeEvent(event);
    if (event->type() != QEvent::PaletteChange) return;
    // The ink was written with the palette of before.
    const auto colors = themeColors(palette());
    QTextCursor cursor(document());
    QTextCharFormat format;
    const int begin = m_starts.isEmpty() ? m_end : m_starts.first();
    cursor.setPosition(begin, QTextCursor::KeepAnchor);
    format.setForeground(colors.mutedText);
    cursor.mergeCharFormat(format);
    cursor.setPosition(begin);
    cursor.movePosition(QTextCursor::End, QTextCursor::KeepAnchor);
    format.setForeground(colors.text);
    cursor.mergeCharFormat(format);
    m_overlayTimer.start();
}

bool TokenView::viewportEvent(QEvent* event) {
    if (event->type() == QEvent::Leave && m_hovered >= 0) {
        m_hovered = -1;
        m_overlayTimer.start();
        emit tokenHovered(-1);
    }
    return QTextEdit::viewportEvent(event);
}

}  // namespace halftone::app
