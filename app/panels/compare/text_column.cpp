// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/panels/compare/text_column.h"

#include <QHBoxLayout>
#include <QVBoxLayout>

#include <algorithm>

#include "app/widgets/elided_label.h"
#include "app/widgets/number_text.h"
#include "app/widgets/token_text.h"
#include "app/widgets/token_view.h"

namespace halftone::app {

namespace {
constexpr int kMargin = 8, kSpacing = 12;
}  // namespace

TextColumn::TextColumn(QWidget* parent)
    : QWidget(parent),
      m_title(new ElidedLabel(this)),
      m_status(new ElidedLabel(this)),
      m_bar(new QHBoxLayout),
      m_view(new TokenView(this)) {
    m_title->setProperty("role", "title");
    m_status->setObjectName(QStringLiteral("columnStatus"));
    m_status->setProperty("role", "muted");
    m_status->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
    m_view->setPlaceholderText(tr("Press Generate (Ctrl+Enter): the text appears here, word by word."));
    m_bar->setContentsMargins(kMargin, 4, kMargin, 4);
    m_bar->setSpacing(kSpacing);
    m_bar->addWidget(m_title);
    m_bar->addWidget(m_status);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addLayout(m_bar);
    layout->addWidget(m_view, 1);
}

void TextColumn::setTitle(const QString& title, bool showsFigures) {
    m_title->setFullText(title);
    m_view->setAccessibleName(title);
    m_status->setVisible(showsFigures);
    shareBar();
}

/// Where there is no room for both, the title has what it needs up to half of the width, and the figures the rest.
void TextColumn::shareBar() {
    const auto wishOf = [](const ElidedLabel& label) {
        return label.isHidden() || label.fullText().isEmpty()
                   ? 0
                   : label.fontMetrics().horizontalAdvance(label.fullText()) + 1;
    };
    const int figures = wishOf(*m_status);
    const int room = std::max(width() - 2 * kMargin - (figures > 0 ? kSpacing : 0), 0);
    const int title = std::max(std::min(wishOf(*m_title), room / 2), room - figures);
    m_bar->setStretch(0, title);
    m_bar->setStretch(1, std::max(room - title, 0));
}

void TextColumn::resizeEvent(QResizeEvent* event) {
    QWidget::resizeEvent(event);
    shareBar();
}

void TextColumn::begin(const QString& prompt) {
    m_view->begin(prompt);
    m_status->setFullText({});
    shareBar();
}

void TextColumn::showColumn(const CompareColumn& column, const Tokenizer* tokenizer, int count) {
    QStringList texts;
    for (int at = m_view->tokenCount(); at < std::min(count, int(column.tokens.size())); ++at) {
        const auto& token = column.tokens[at];
        texts.append(QString::fromStdString(token.text) +
                     (tokenizer ? placeholderOf(*tokenizer, token.id) : QString()));
    }
    if (!texts.isEmpty()) m_view->appendTokens(texts);
    const QString figures = statusOf(column);
    if (figures == m_status->fullText()) return;
    m_status->setFullText(figures);
    shareBar();
}

QString TextColumn::statusOf(const CompareColumn& column) const {
    if (!column.problem.isEmpty()) return column.problem;
    if (column.tokens.isEmpty()) return {};
    const QString count = tr("%n tokens", nullptr, int(column.tokens.size()));
    if (!column.finished) return count;
    // The end is what a narrow column loses: how far the models are apart comes first.
    QStringList parts;
    if (!column.comparisons.empty()) {
        double sum = 0;
        for (const auto& comparison : column.comparisons) sum += comparison.kld;
        parts << tr("mean KLD %1").arg(numberText(sum / double(column.comparisons.size())));
    }
    parts << count;
    if (column.generateSeconds > 0)
        parts << tr("%1 tokens/s").arg(numberText(double(column.tokens.size()) / column.generateSeconds));
    if (column.reason == StopReason::kEndToken) parts << tr("ended by itself");
    if (column.reason == StopReason::kContextFull) parts << tr("context full");
    if (column.reason == StopReason::kCancelled) parts << tr("stopped");
    return parts.join(QStringLiteral(" · "));
}

QString TextColumn::title() const {
    return m_title->fullText();
}

QString TextColumn::text() const {
    return m_view->toPlainText();
}

}  // namespace halftone::app
