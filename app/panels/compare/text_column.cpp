// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/panels/compare/text_column.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QTimer>
#include <QVBoxLayout>

#include <algorithm>

#include "app/widgets/number_text.h"
#include "app/widgets/token_view.h"

namespace halftone::app {

TextColumn::TextColumn(QWidget* parent)
    : QWidget(parent), m_title(new QLabel(this)), m_status(new QLabel(this)), m_view(new TokenView(this)) {
    m_title->setProperty("role", "title");
    m_title->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    m_status->setObjectName(QStringLiteral("columnStatus"));
    m_status->setProperty("role", "muted");
    m_view->setPlaceholderText(tr("Press Generate (Ctrl+Enter): the text appears here, word by word."));
    auto* bar = new QHBoxLayout;
    bar->setContentsMargins(8, 4, 8, 4);
    bar->setSpacing(12);
    bar->addWidget(m_title, 1);
    bar->addWidget(m_status);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addLayout(bar);
    layout->addWidget(m_view, 1);
}

void TextColumn::setTitle(const QString& title, bool showsFigures) {
    m_fullTitle = title;
    m_title->setToolTip(title);
    m_view->setAccessibleName(title);
    m_status->setVisible(showsFigures);
    showTitle();
}

/// A long name ends in dots and has its whole self as tooltip.
void TextColumn::showTitle() {
    m_title->setText(m_title->fontMetrics().elidedText(m_fullTitle, Qt::ElideRight, m_title->width()));
}

void TextColumn::resizeEvent(QResizeEvent* event) {
    QWidget::resizeEvent(event);
    showTitle();
}

void TextColumn::begin(const QString& prompt) {
    m_view->begin(prompt);
    m_status->clear();
}

void TextColumn::showColumn(const CompareColumn& column, int count) {
    QStringList texts;
    for (int at = m_view->tokenCount(); at < std::min(count, int(column.tokens.size())); ++at)
        texts.append(QString::fromStdString(column.tokens[at].text));
    if (!texts.isEmpty()) m_view->appendTokens(texts);
    const QString status = statusOf(column);
    if (status == m_status->text()) return;
    m_status->setText(status);
    // The title has what the figures leave.
    QTimer::singleShot(0, this, &TextColumn::showTitle);
}

QString TextColumn::statusOf(const CompareColumn& column) const {
    if (!column.problem.isEmpty()) return column.problem;
    if (column.tokens.isEmpty()) return {};
    const QString count = tr("%n tokens", nullptr, int(column.tokens.size()));
    if (!column.finished) return count;
    QStringList parts{count};
    if (column.generateSeconds > 0)
        parts << tr("%1 tokens/s").arg(numberText(double(column.tokens.size()) / column.generateSeconds));
    if (!column.comparisons.empty()) {
        double sum = 0;
        for (const auto& comparison : column.comparisons) sum += comparison.kld;
        parts << tr("mean KLD %1").arg(numberText(sum / double(column.comparisons.size())));
    }
    if (column.reason == StopReason::kEndToken) parts << tr("ended by itself");
    if (column.reason == StopReason::kContextFull) parts << tr("context full");
    if (column.reason == StopReason::kCancelled) parts << tr("stopped");
    return parts.join(QStringLiteral(" · "));
}

QString TextColumn::title() const {
    return m_fullTitle;
}

QString TextColumn::text() const {
    return m_view->toPlainText();
}

}  // namespace halftone::app
