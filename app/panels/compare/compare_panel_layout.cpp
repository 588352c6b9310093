// SPDX-License-Identifier: GPL-3.0-or-later
// What the panel is made of and where it stands; what it does is in compare_panel.cpp.
#include <QCheckBox>
#include <QComboBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QSplitter>
#include <QToolButton>
#include <QVBoxLayout>

#include "app/panels/compare/compare_panel.h"
#include "app/panels/compare/prompt_list.h"
#include "app/panels/compare/sampling_bar.h"
#include "app/panels/compare/text_column.h"
#include "app/panels/compare/vote_bar.h"
#include "app/plots/token_legend.h"
#include "app/session/session.h"
#include "app/widgets/token_details.h"

namespace halftone::app {

void ComparePanel::createControls() {
    m_prompts = new PromptList(this);
    m_sampling = new SamplingBar(this);
    m_mode = new QComboBox(this);
    m_mode->setObjectName(QStringLiteral("compareMode"));
    m_mode->setAccessibleName(tr("What the models do"));
    m_mode->addItem(tr("free-running"));
    m_mode->addItem(tr("forced: original's words"));
    m_mode->addItem(tr("forced: own text"));
    m_mode->setItemData(0, tr("Each model continues the prompt by itself, with the same seed"), Qt::ToolTipRole);
    m_mode->setItemData(1, tr("The original continues the prompt; the recipe reads the same words (teacher forcing)"),
                        Qt::ToolTipRole);
    m_mode->setItemData(2, tr("Both read the text that you give after the prompt (teacher forcing)"), Qt::ToolTipRole);
    m_given = new QPlainTextEdit(this);
    m_given->setObjectName(QStringLiteral("givenText"));
    m_given->setAccessibleName(tr("Text that both models read"));
    m_given->setPlaceholderText(tr("Text that both models read after the prompt"));
    m_given->setTabChangesFocus(true);
    m_given->setFixedHeight(m_given->fontMetrics().lineSpacing() * 3 + 16);
    m_template = new QCheckBox(tr("chat template"), this);
    m_template->setObjectName(QStringLiteral("chatTemplate"));
    m_blind = new QCheckBox(tr("blind"), this);
    m_blind->setObjectName(QStringLiteral("blind"));
    m_blind->setToolTip(tr("Shuffles the sides and hides whose text is whose until you have voted"));
    m_run = new QPushButton(tr("Generate"), this);
    m_run->setObjectName(QStringLiteral("generate"));
    m_measureAll = new QToolButton(this);
    m_measureAll->setObjectName(QStringLiteral("measureAllPrompts"));
    m_measureAll->setToolTip(tr(
        "Both models continue every prompt of the list; BLEU and ROUGE-L of the recipe's texts against the original's "
        "go into the table of runs"));
}

QToolButton* ComparePanel::createArrow(const QString& text, const QString& tip, int direction) {
    auto* button = new QToolButton(this);
    button->setText(text);
    button->setToolTip(tip);
    button->setAccessibleName(tip);
    connect(button, &QToolButton::clicked, this, [this, direction] { goToDivergence(direction); });
    return button;
}

void ComparePanel::createColorControls() {
    m_measure = new QComboBox(this);
    m_measure->setObjectName(QStringLiteral("tokenMeasure"));
    m_measure->setAccessibleName(tr("What the colours say"));
    m_measure->addItem(tr("colour: KL divergence"), int(TokenMeasure::Divergence));
    m_measure->addItem(tr("colour: change of probability"), int(TokenMeasure::ProbabilityChange));
    m_measure->addItem(tr("no colours"), int(TokenMeasure::None));
    m_legend = new TokenLegend(this);
    m_previous = createArrow(QStringLiteral("◂"), tr("Previous word where the models disagree (Shift+F8)"), -1);
    m_previous->setObjectName(QStringLiteral("previousDivergence"));
    m_next = createArrow(QStringLiteral("▸"), tr("Next word where the models disagree (F8)"), 1);
    m_next->setObjectName(QStringLiteral("nextDivergence"));
    m_status = new QLabel(this);
    m_status->setObjectName(QStringLiteral("compareStatus"));
    m_status->setProperty("role", "muted");
    m_status->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    m_votes = new VoteBar(m_session.compare(), this);
    m_recolorTimer.setSingleShot(true);
    m_recolorTimer.setInterval(0);
    connect(&m_recolorTimer, &QTimer::timeout, this, &ComparePanel::recolor);
}

void ComparePanel::createColumns() {
    for (int place = 0; place < 2; ++place) m_columns[size_t(place)] = new TextColumn(this);
    m_columns[0]->setObjectName(QStringLiteral("leftColumn"));
    m_columns[1]->setObjectName(QStringLiteral("rightColumn"));
    m_details = new TokenDetails(this);
}

/// What is done stands beside the prompt it is done with.
QHBoxLayout* ComparePanel::createPromptBar() {
    auto* checks = new QHBoxLayout;
    checks->setSpacing(8);
    checks->addWidget(m_blind);
    checks->addWidget(m_template);
    checks->addStretch();
    checks->addWidget(m_run);
    auto* run = new QVBoxLayout;
    run->setSpacing(4);
    run->addWidget(m_mode);
    run->addLayout(checks);
    run->addStretch();
    auto* bar = new QHBoxLayout;
    bar->setSpacing(6);
    bar->addWidget(m_prompts, 1);
    bar->addLayout(run);
    return bar;
}

QHBoxLayout* ComparePanel::createSamplingBar() {
    auto* bar = new QHBoxLayout;
    bar->addWidget(m_sampling);
    bar->addStretch();
    bar->addWidget(m_measureAll);
    return bar;
}

QHBoxLayout* ComparePanel::createColorBar() {
    auto* bar = new QHBoxLayout;
    bar->setSpacing(6);
    bar->addWidget(m_measure);
    bar->addWidget(m_legend);
    bar->addSpacing(8);
    bar->addWidget(m_previous);
    bar->addWidget(m_next);
    bar->addWidget(m_status, 1);
    bar->addWidget(m_votes);
    return bar;
}

void ComparePanel::createLayout() {
    auto* top = new QVBoxLayout;
    top->setContentsMargins(8, 8, 8, 4);
    top->setSpacing(4);
    top->addLayout(createPromptBar());
    top->addWidget(m_given);
    top->addLayout(createSamplingBar());
    top->addLayout(createColorBar());
    auto* columns = new QSplitter(Qt::Horizontal, this);
    for (auto* column : m_columns) columns->addWidget(column);
    columns->addWidget(m_details);
    columns->setChildrenCollapsible(false);
    columns->setHandleWidth(1);
    columns->setSizes({1000, 1000, 300});
    columns->setStretchFactor(0, 1);
    columns->setStretchFactor(1, 1);
    columns->setStretchFactor(2, 0);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addLayout(top);
    layout->addWidget(columns, 1);
}

}  // namespace halftone::app
