// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/panels/compare/vote_bar.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>

#include "app/session/compare_service.h"

namespace halftone::app {

VoteBar::VoteBar(CompareService& compare, QWidget* parent)
    : QWidget(parent),
      m_compare(compare),
      m_left(new QPushButton(tr("A is better"), this)),
      m_tie(new QPushButton(tr("Tie"), this)),
      m_right(new QPushButton(tr("B is better"), this)),
      m_tally(new QLabel(this)) {
    m_left->setObjectName(QStringLiteral("voteLeft"));
    m_tie->setObjectName(QStringLiteral("voteTie"));
    m_right->setObjectName(QStringLiteral("voteRight"));
    m_tally->setObjectName(QStringLiteral("voteTally"));
    m_tally->setProperty("role", "muted");
    m_tally->setToolTip(tr("Blind votes of this session; saved with it"));
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(4);
    for (auto* button : {m_left, m_tie, m_right}) layout->addWidget(button);
    layout->addWidget(m_tally);
    using Vote = CompareService::Vote;
    connect(m_left, &QPushButton::clicked, this, [this] { m_compare.vote(Vote::Left); });
    connect(m_tie, &QPushButton::clicked, this, [this] { m_compare.vote(Vote::Tie); });
    connect(m_right, &QPushButton::clicked, this, [this] { m_compare.vote(Vote::Right); });
    connect(&m_compare, &CompareService::stateChanged, this, &VoteBar::refresh);
    connect(&m_compare, &CompareService::tokenAdded, this, &VoteBar::refresh);
    refresh();
}

QString VoteBar::tallyText() const {
    const auto& tally = m_compare.tally();
    if (tally == VoteTally{}) return {};
    return tr("votes: original %1 · recipe %2 · tie %3").arg(tally.original).arg(tally.recipe).arg(tally.ties);
}

void VoteBar::refresh() {
    const bool isBlind = m_compare.isBlind();
    for (auto* button : {m_left, m_tie, m_right}) {
        button->setVisible(isBlind);
        button->setEnabled(m_compare.canVote());
    }
    m_tally->setText(tallyText());
    m_tally->setVisible(!m_tally->text().isEmpty() && !isBlind);
    setVisible(isBlind || !m_tally->text().isEmpty());
}

}  // namespace halftone::app
