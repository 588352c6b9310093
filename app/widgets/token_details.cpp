// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/widgets/token_details.h"

#include <QApplication>
#include <QClipboard>
#include <QEvent>
#include <QHeaderView>
#include <QLabel>
#include <QMenu>
#include <QTableView>
#include <QVBoxLayout>

#include <cmath>

#include "app/models/top_token_model.h"
#include "app/widgets/number_text.h"
#include "app/widgets/share_delegate.h"
#include "app/widgets/state_stack.h"
#include "app/widgets/theme.h"
#include "app/widgets/token_text.h"

namespace halftone::app {

namespace {

constexpr int kRowHeight = 20;

QTableView* createTable(TopTokenModel* model, QWidget* parent) {
    auto* table = new QTableView(parent);
    table->setObjectName(QStringLiteral("topTokens"));
    table->setAccessibleName(TokenDetails::tr("Likeliest tokens"));
    table->setModel(model);
    table->setShowGrid(false);
    table->setWordWrap(false);
    table->setSelectionMode(QAbstractItemView::NoSelection);
    table->setFocusPolicy(Qt::NoFocus);
    table->setItemDelegate(new ShareDelegate(TopTokenModel::ShareRole, table));
    table->verticalHeader()->hide();
    table->verticalHeader()->setMinimumSectionSize(kRowHeight);
    table->verticalHeader()->setDefaultSectionSize(kRowHeight);
    auto* header = table->horizontalHeader();
    header->setHighlightSections(false);
    for (const int column : {TopTokenModel::OriginalToken, TopTokenModel::RecipeToken})
        header->setSectionResizeMode(column, QHeaderView::Stretch);
    const int width = table->fontMetrics().horizontalAdvance(QStringLiteral("< 0.1 %")) + 14;
    for (const int column : {TopTokenModel::OriginalProbability, TopTokenModel::RecipeProbability}) {
        header->setSectionResizeMode(column, QHeaderView::Fixed);
        header->resizeSection(column, width);
    }
    table->setContextMenuPolicy(Qt::CustomContextMenu);
    return table;
}

QString probabilityText(const std::optional<double>& logProb) {
    return logProb ? percentText(std::exp(*logProb)) : noValue();
}

}  // namespace

TokenDetails::TokenDetails(QWidget* parent)
    : QWidget(parent),
      m_model(new TopTokenModel(this)),
      m_title(new QLabel(this)),
      m_figures(new QLabel(this)),
      m_remark(mutedLabel({}, this)),
      m_table(createTable(m_model, this)) {
    setObjectName(QStringLiteral("tokenDetails"));
    m_title->setObjectName(QStringLiteral("tokenTitle"));
    m_title->setTextFormat(Qt::PlainText);
    m_title->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    QFont font = m_title->font();
    font.setBold(true);
    m_title->setFont(font);
    m_figures->setObjectName(QStringLiteral("tokenFigures"));
    m_figures->setTextFormat(Qt::RichText);
    m_figures->setTextInteractionFlags(Qt::TextSelectableByMouse);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(8, 4, 4, 4);
    layout->setSpacing(4);
    layout->addWidget(m_title);
    layout->addWidget(m_figures);
    layout->addWidget(m_remark);
    layout->addWidget(m_table, 1);
    layout->addStretch();
    connect(m_table, &QWidget::customContextMenuRequested, this, &TokenDetails::showMenu);
}

void TokenDetails::showMenu(const QPoint& position) {
    QMenu menu(this);
    menu.addAction(tr("Copy both lists as CSV"), this, [this] { QApplication::clipboard()->setText(m_model->csv()); });
    menu.exec(m_table->viewport()->mapToGlobal(position));
}

void TokenDetails::showFacts(const std::shared_ptr<const Tokenizer>& tokenizer, const TokenFacts& facts) {
    m_facts = facts;
    m_hasFacts = true;
    QStringList title{spelledToken(*tokenizer, facts.token), tr("token %1").arg(facts.position)};
    if (facts.isPinned) title << tr("pinned");
    m_title->setText(title.join(QStringLiteral(" · ")));
    m_figures->setText(figuresOf(facts));
    m_figures->show();
    m_remark->hide();
    m_model->setPredictions(tokenizer, facts.token, facts.original, facts.recipe);
    m_table->setVisible(facts.original || facts.recipe);
}

void TokenDetails::showSentence(const QString& sentence) {
    m_hasFacts = false;
    m_title->clear();
    m_figures->hide();
    m_table->hide();
    m_model->clear();
    setRemark(sentence);
}

void TokenDetails::setRemark(const QString& remark) {
    m_remark->setText(remark);
    m_remark->setVisible(!remark.isEmpty());
}

/// Two columns of figures under the names of the sides.
QString TokenDetails::figuresOf(const TokenFacts& facts) const {
    const QString muted = themeColors(palette()).mutedText.name();
    const auto row = [&](const QString& name, const QString& original, const QString& recipe) {
        return QStringLiteral(
                   "<tr><td style='color:%1; padding-right:12px; vertical-align:bottom'>%2</td>"
                   "<td align='right' style='vertical-align:bottom'>%3</td>"
                   "<td align='right' style='padding-left:16px; vertical-align:bottom'>%4</td></tr>")
            .arg(muted, name, original, recipe);
    };
    const auto header = [&](const QString& name) {
        return QStringLiteral("<span style='color:%1'>%2</span>").arg(muted, name);
    };
    QString text = QStringLiteral("<table cellspacing='0' cellpadding='0'>");
    text += row({}, header(tr("original")), header(tr("recipe")));
    text += row(tr("probability"), probabilityText(facts.originalLogProb), probabilityText(facts.recipeLogProb));
    if (facts.original || facts.recipe) {
        const auto rank = [](const auto& side) { return side ? countText(side->rank) : noValue(); };
        const auto entropy = [](const auto& side) { return side ? fixedText(double(side->entropy), 2) : noValue(); };
        text += row(tr("rank"), rank(facts.original), rank(facts.recipe));
        text += row(tr("entropy, nats"), entropy(facts.original), entropy(facts.recipe));
    }
    text += row(tr("KL divergence"), {}, facts.kld ? numberText(*facts.kld, 4) : noValue());
    return text + QStringLiteral("</table>");
}

void TokenDetails::changeEvent(QEvent* event) {
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange && m_hasFacts) m_figures->setText(figuresOf(m_facts));
}

}  // namespace halftone::app
