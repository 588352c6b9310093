// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/panels/compare/text_column.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QScrollBar>
#include <QTextEdit>
#include <QVBoxLayout>

#include "app/widgets/number_text.h"
#include "app/widgets/theme.h"

namespace halftone::app {

TextColumn::TextColumn(const QString& title, QWidget* parent)
    : QWidget(parent), m_title(new QLabel(title, this)), m_status(new QLabel(this)), m_text(new QTextEdit(this)) {
    m_title->setProperty("role", "title");
    m_status->setProperty("role", "muted");
    m_text->setReadOnly(true);
    m_text->setFrameShape(QFrame::NoFrame);
    m_text->setAccessibleName(title);
    m_text->setPlaceholderText(tr("Press Generate (Ctrl+Enter): the text appears here, word by word."));
    m_text->document()->setDocumentMargin(8);
    auto* bar = new QHBoxLayout;
    bar->setContentsMargins(8, 4, 8, 4);
    bar->setSpacing(12);
    m_title->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    bar->addWidget(m_title, 1);
    bar->addWidget(m_status);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addLayout(bar);
    layout->addWidget(m_text, 1);
}

void TextColumn::setTitle(const QString& title, bool isStale) {
    m_title->setText(isStale ? tr("◷ %1 (of an earlier recipe)").arg(title) : title);
}

void TextColumn::begin(const QString& prompt) {
    m_text->clear();
    m_shown = 0;
    m_divergence = -1;
    m_starts.clear();
    QTextCharFormat format;
    format.setForeground(themeColors(palette()).mutedText);
    QTextCursor cursor(m_text->document());
    cursor.insertText(prompt, format);
    m_status->clear();
}

void TextColumn::append(const QString& text, bool differs) {
    const auto colors = themeColors(palette());
    QTextCharFormat format;
    format.setForeground(colors.text);
    if (differs) format.setBackground(colors.hover);
    QTextCursor cursor(m_text->document());
    cursor.movePosition(QTextCursor::End);
    m_starts.append(cursor.position());
    cursor.insertText(text, format);
}

/// The first differing token is underlined; everything after it gets the tint that new tokens get.
void TextColumn::markDivergence() {
    if (m_divergence < 0 || m_divergence >= m_starts.size()) return;
    const auto colors = themeColors(palette());
    QTextCursor cursor(m_text->document());
    cursor.setPosition(m_starts[m_divergence]);
    cursor.movePosition(QTextCursor::End, QTextCursor::KeepAnchor);
    QTextCharFormat tint;
    tint.setBackground(colors.hover);
    cursor.mergeCharFormat(tint);
    cursor.setPosition(m_starts[m_divergence]);
    if (m_divergence + 1 < m_starts.size()) {
        cursor.setPosition(m_starts[m_divergence + 1], QTextCursor::KeepAnchor);
    } else {
        cursor.movePosition(QTextCursor::End, QTextCursor::KeepAnchor);
    }
    QTextCharFormat mark;
    mark.setForeground(colors.second);
    mark.setFontUnderline(true);
    cursor.mergeCharFormat(mark);
}

void TextColumn::showColumn(const CompareColumn& column, int divergence) {
    const auto* bar = m_text->verticalScrollBar();
    const bool atEnd = bar->value() >= bar->maximum() - 4;
    for (; m_shown < column.tokens.size(); ++m_shown) {
        append(QString::fromStdString(column.tokens[m_shown].text), m_divergence >= 0 && m_shown >= m_divergence);
    }
    if (divergence >= 0 && divergence != m_divergence) {
        m_divergence = divergence;
        markDivergence();
    }
    if (atEnd) m_text->verticalScrollBar()->setValue(m_text->verticalScrollBar()->maximum());
    m_status->setText(statusOf(column));
}

QString TextColumn::statusOf(const CompareColumn& column) const {
    if (!column.problem.isEmpty()) return column.problem;
    if (column.tokens.isEmpty()) return {};
    QString text = column.tokens.size() == 1 ? tr("1 token") : tr("%1 tokens").arg(column.tokens.size());
    if (!column.finished) return text;
    if (column.generateSeconds > 0)
        text += tr(" · %1 tokens/s").arg(numberText(double(column.tokens.size()) / column.generateSeconds));
    double sum = 0;
    for (const auto& token : column.tokens) sum += double(token.prediction.logProb);
    text += tr(" · mean log p %1").arg(fixedText(sum / double(column.tokens.size()), 2));
    if (column.reason == StopReason::kEndToken) text += tr(" · ended by itself");
    if (column.reason == StopReason::kContextFull) text += tr(" · context full");
    if (column.reason == StopReason::kCancelled) text += tr(" · stopped");
    return text;
}

QString TextColumn::text() const {
    return m_text->toPlainText();
}

}  // namespace halftone::app
