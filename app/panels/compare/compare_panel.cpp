// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/panels/compare/compare_panel.h"

#include <QCheckBox>
#include <QComboBox>
#include <QLabel>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QToolButton>

#include <algorithm>
#include <cmath>
#include <limits>

#include "app/language/core_text.h"
#include "app/panels/compare/default_prompts.h"
#include "app/panels/compare/prompt_list.h"
#include "app/panels/compare/sampling_bar.h"
#include "app/panels/compare/text_column.h"
#include "app/panels/compare/vote_bar.h"
#include "app/plots/token_legend.h"
#include "app/session/resources.h"
#include "app/session/session.h"
#include "app/widgets/number_text.h"
#include "app/widgets/state_stack.h"
#include "app/widgets/token_details.h"
#include "app/widgets/token_view.h"

namespace halftone::app {

ComparePanel::ComparePanel(Session& session, QWidget* parent) : QWidget(parent), m_session(session) {
    setObjectName(QStringLiteral("comparePanel"));
    createControls();
    offerPrompts();
    createColorControls();
    createColumns();
    createLayout();
    connectSession();
    connectColumns();
    restorePrompts();
    refreshTemplate();
    if (!m_session.compare().column(CompareService::Original).tokens.isEmpty()) beginColumns();
    refresh();
}

void ComparePanel::connectSession() {
    auto& compare = m_session.compare();
    connect(m_run, &QPushButton::clicked, this, [this] {
        if (m_session.compare().isRunning()) return m_session.compare().stop();
        start();
    });
    connect(m_measureAll, &QToolButton::clicked, this, &ComparePanel::measureAllPrompts);
    connect(m_mode, &QComboBox::currentIndexChanged, this, &ComparePanel::refresh);
    connect(m_measure, &QComboBox::currentIndexChanged, this, &ComparePanel::recolor);
    connect(m_prompts, &PromptList::promptsChanged, this, &ComparePanel::keepPrompts);
    connect(&compare, &CompareService::started, this, &ComparePanel::beginColumns);
    connect(&compare, &CompareService::tokenAdded, this, &ComparePanel::refreshText);
    connect(&compare, &CompareService::comparisonsAdded, &m_recolorTimer, qOverload<>(&QTimer::start));
    connect(&compare, &CompareService::stateChanged, this, &ComparePanel::refresh);
    connect(&m_session.jobs(), &JobManager::jobsChanged, this, &ComparePanel::refresh);
    connect(&m_session, &Session::modelChanged, this, [this] {
        offerPrompts();
        refreshTemplate();
        refresh();
    });
    connect(&m_session, &Session::checkpointChanged, this, [this] {
        offerPrompts();
        keepPrompts();
    });
    connect(&m_session, &Session::sessionRestored, this, &ComparePanel::restorePrompts);
}

void ComparePanel::connectColumns() {
    for (int place = 0; place < 2; ++place) {
        auto& view = m_columns[size_t(place)]->view();
        connect(&view, &TokenView::tokenHovered, this, [this, place](int token) { onHovered(place, token); });
        connect(&view, &TokenView::tokenClicked, this, [this, place](int token) {
            const bool isPinned = place == m_pinnedPlace && token == m_pinnedToken;
            isPinned ? unpin() : pin(place, token);
        });
    }
}

void ComparePanel::keepPrompts() {
    auto& kept = m_session.preferences().prompts;
    kept.clear();
    for (const auto& prompt : m_prompts->prompts()) kept.push_back(prompt.toStdString());
}

/// What was offered gives way to what suits the checkpoint; prompts of one's own stay.
void ComparePanel::offerPrompts() {
    const QStringList offered = defaultPrompts(m_session.checkpoint().get(), m_session.compare().tokenizer().get());
    if (m_offered.isEmpty() || m_prompts->prompts() == m_offered) m_prompts->setPrompts(offered);
    m_offered = offered;
}

void ComparePanel::restorePrompts() {
    QStringList prompts;
    for (const auto& prompt : m_session.preferences().prompts) prompts.append(QString::fromStdString(prompt));
    if (!prompts.isEmpty()) m_prompts->setPrompts(prompts);
}

void ComparePanel::setPrompt(const QString& prompt) {
    m_prompts->setCurrent(prompt);
}

void ComparePanel::setMode(CompareMode mode) {
    m_mode->setCurrentIndex(int(mode));
}

void ComparePanel::setGivenText(const QString& text) {
    m_given->setPlainText(text);
}

void ComparePanel::setBlind(bool blind) {
    m_blind->setChecked(blind);
}

CompareOptions ComparePanel::options() const {
    CompareOptions options;
    options.prompt = m_prompts->current();
    options.mode = CompareMode(m_mode->currentIndex());
    options.text = m_given->toPlainText();
    options.chatTemplate = m_template->isEnabled() && m_template->isChecked();
    options.blind = m_blind->isChecked();
    options.generate = m_sampling->options();
    return options;
}

void ComparePanel::start() {
    m_session.compare().start(options());
}

void ComparePanel::measureAllPrompts() {
    auto& overlap = m_session.overlap();
    if (overlap.isRunning()) return overlap.stop();
    const auto chosen = options();
    overlap.start({m_prompts->prompts(), chosen.chatTemplate, chosen.generate});
}

TokenMeasure ComparePanel::measure() const {
    return TokenMeasure(m_measure->currentData().toInt());
}

bool ComparePanel::isForced() const {
    return m_session.compare().mode() != CompareMode::FreeRunning;
}

const CompareColumn& ComparePanel::columnAt(int place) const {
    const auto& compare = m_session.compare();
    return compare.column(compare.sideAt(place));
}

/// Blind columns grow evenly: the one that is a word ahead would tell whose it is.
int ComparePanel::shownCount() const {
    const auto& compare = m_session.compare();
    if (!compare.isBlind() || !compare.isGenerating()) return std::numeric_limits<int>::max();
    return int(std::min(columnAt(0).tokens.size(), columnAt(1).tokens.size()));
}

void ComparePanel::beginColumns() {
    unpin();
    for (auto* column : m_columns) column->begin(m_session.compare().prompt());
    if (m_session.compare().isBlind()) m_sampling->setSeed(m_session.compare().seed());
    m_columns[1]->setVisible(!isForced());
    recolor();
}

void ComparePanel::refreshText() {
    const auto& compare = m_session.compare();
    const int count = shownCount();
    const auto tokenizer = compare.tokenizer();
    for (int place = 0; place < 2; ++place) {
        auto& column = *m_columns[size_t(place)];
        column.showColumn(columnAt(place), tokenizer.get(), count);
        column.view().setMark(compare.isBlind() ? -1 : compare.divergence());
    }
    m_status->setText(statusText());
    m_status->setToolTip(m_status->text());
}

/// Colours of all tokens whose predictions are known, on one scale for both columns.
void ComparePanel::recolor() {
    const bool isHidden = m_session.compare().isBlind();
    std::array<std::vector<double>, 2> values;
    std::vector<double> all;
    for (int place = 0; place < 2; ++place) {
        for (const auto& comparison : columnAt(place).comparisons) {
            const double change =
                std::exp(double(comparison.own.logProb)) - std::exp(double(comparison.reference.logProb));
            values[size_t(place)].push_back(measure() == TokenMeasure::ProbabilityChange ? change : comparison.kld);
        }
        all.insert(all.end(), values[size_t(place)].begin(), values[size_t(place)].end());
    }
    const auto scale = isHidden ? TokenScale{} : TokenScale::fit(measure(), all);
    const auto colors = themeColors(palette());
    for (size_t place = 0; place < 2; ++place) {
        QList<QColor> tints;
        for (const double value : values[place]) tints.append(scale.color(value, colors));
        m_columns[place]->view().setColors(isHidden ? QList<QColor>() : tints);
    }
    m_legend->setScale(all.empty() ? TokenScale{} : scale);
    refreshText();
    if (m_pinnedPlace >= 0) showToken(m_pinnedPlace, m_pinnedToken, true);
}

TokenFacts ComparePanel::factsOf(int place, int token) const {
    const auto& column = columnAt(place);
    TokenFacts facts{.token = column.tokens[token].id, .position = token + 1};
    if (size_t(token) < column.comparisons.size()) {
        const auto& comparison = column.comparisons[size_t(token)];
        facts.original = comparison.reference;
        facts.recipe = comparison.own;
        facts.kld = comparison.kld;
    } else if (!column.tokens[token].prediction.likeliest.empty()) {
        // What the model said that wrote the word; the other has not read it yet.
        const bool isOriginal = m_session.compare().sideAt(place) == CompareService::Original;
        (isOriginal ? facts.original : facts.recipe) = column.tokens[token].prediction;
    }
    if (facts.original) facts.originalLogProb = double(facts.original->logProb);
    if (facts.recipe) facts.recipeLogProb = double(facts.recipe->logProb);
    return facts;
}

void ComparePanel::showToken(int place, int token, bool isPinned) {
    const auto tokenizer = m_session.compare().tokenizer();
    if (!tokenizer || token < 0 || token >= columnAt(place).tokens.size()) return;
    auto facts = factsOf(place, token);
    facts.isPinned = isPinned;
    m_details->showFacts(tokenizer, facts);
}

void ComparePanel::onHovered(int place, int token) {
    if (m_session.compare().isBlind()) return;
    if (token >= 0) return showToken(place, token, place == m_pinnedPlace && token == m_pinnedToken);
    if (m_pinnedPlace >= 0) return showToken(m_pinnedPlace, m_pinnedToken, true);
    m_details->showSentence(hintText());
}

void ComparePanel::pin(int place, int token) {
    if (m_session.compare().isBlind()) return;
    m_pinnedPlace = place;
    m_pinnedToken = token;
    for (int other = 0; other < 2; ++other) m_columns[size_t(other)]->view().setCurrent(other == place ? token : -1);
    m_columns[size_t(place)]->view().reveal(token);
    showToken(place, token, true);
}

void ComparePanel::unpin() {
    m_pinnedPlace = m_pinnedToken = -1;
    for (auto* column : m_columns) column->view().setCurrent(-1);
    m_details->showSentence(hintText());
}

void ComparePanel::goToDivergence(int direction) {
    const auto& compare = m_session.compare();
    if (compare.isBlind()) return;
    const int place = m_pinnedPlace < 0 ? 0 : m_pinnedPlace;
    const auto found = compare.divergences(compare.sideAt(place));
    if (found.isEmpty()) return;
    int at = 0;
    if (direction > 0) {
        at = int(std::upper_bound(found.begin(), found.end(), m_pinnedToken) - found.begin());
        if (at == found.size()) at = 0;
    } else {
        at = int(std::lower_bound(found.begin(), found.end(), m_pinnedToken) - found.begin()) - 1;
        if (at < 0) at = int(found.size()) - 1;
    }
    pin(place, found[at]);
}

QString ComparePanel::titleOf(int place) const {
    const auto& compare = m_session.compare();
    if (compare.isBlind()) return place == 0 ? tr("A") : tr("B");
    const QString recipe = coreText(m_session.recipe().recipe().name);
    const QString stale = tr("◷ %1 (of an earlier recipe)");
    const QString name = recipe.isEmpty() ? tr("recipe") : recipe;
    if (isForced()) {
        const QString title = tr("one text, read by the original and %1").arg(name);
        return compare.isStale() ? stale.arg(title) : title;
    }
    const bool isOriginal = compare.sideAt(place) == CompareService::Original;
    QString title = isOriginal ? tr("original") : compare.isStale() ? stale.arg(name) : name;
    if (!compare.lastVote()) return title;
    const bool isChosen =
        *compare.lastVote() == (place == 0 ? CompareService::Vote::Left : CompareService::Vote::Right);
    title = QStringLiteral("%1 = %2").arg(place == 0 ? tr("A") : tr("B"), title);
    return isChosen ? tr("%1 · your vote").arg(title) : title;
}

QString ComparePanel::statusText() const {
    const auto& compare = m_session.compare();
    if (const QString why = m_session.modelJobs().whyNot(); !why.isEmpty()) return why;
    if (!compare.blindObstacle().isEmpty()) return compare.blindObstacle();
    const auto& first = compare.column(CompareService::Original);
    if (first.tokens.isEmpty()) {
        return m_session.recipe().changesNothing()
                   ? tr("The recipe changes nothing yet, so both columns will be the same.")
                   : QString();
    }
    if (compare.isBlind()) return compare.canVote() ? tr("Which is better?") : tr("Reading along blind…");
    const int disagreements = int(compare.divergences(CompareService::Original).size());
    if (isForced()) {
        if (first.comparisons.empty()) return {};
        return tr("%1 of %n words: another one is likeliest", nullptr, int(first.comparisons.size()))
            .arg(disagreements);
    }
    if (compare.divergence() >= 0) {
        const QString part = tr("The texts part at token %1.").arg(compare.divergence() + 1);
        if (!compare.overlap()) return part;
        return part + QStringLiteral(" ") +
               tr("BLEU %1, ROUGE-L %2.")
                   .arg(fixedText(compare.overlap()->bleu(), 3), fixedText(compare.overlap()->rougeL(), 3));
    }
    return compare.isGenerating() ? tr("No difference so far.") : tr("Both texts are the same.");
}

QString ComparePanel::hintText() const {
    const auto& compare = m_session.compare();
    if (!compare.blindObstacle().isEmpty()) return compare.blindObstacle();
    if (compare.isBlind()) return tr("Figures come after the vote.");
    if (compare.column(CompareService::Original).tokens.isEmpty())
        return tr("Point at a word of the texts to see what both models expected there.");
    return tr("Point at a word to see what both models expected there; click to keep it.");
}

/// The box is there only where the checkpoint has a template, and says so where it cannot be used.
void ComparePanel::refreshTemplate() {
    const auto* chat = m_session.compare().chatTemplate();
    m_template->setVisible(chat != nullptr);
    if (!chat) return;
    m_template->setEnabled(chat->family().has_value());
    m_template->setChecked(chat->family().has_value());
    if (!chat->family()) {
        m_template->setText(tr("template not recognised"));
        m_template->setToolTip(
            tr("The checkpoint's chat template is of no known kind; write its marker tokens into the "
               "prompt yourself."));
        return;
    }
    const auto name = chatFamilyName(*chat->family());
    m_template->setText(tr("chat template"));
    m_template->setToolTip(tr("Writes the prompt as the message of a user, the way this model was taught (%1)")
                               .arg(QString::fromLatin1(name.data(), qsizetype(name.size()))));
}

void ComparePanel::refresh() {
    const auto& compare = m_session.compare();
    const QString why = m_session.modelJobs().whyNot();
    const bool isRunning = compare.isRunning();
    const auto mode = CompareMode(m_mode->currentIndex());
    m_given->setVisible(mode == CompareMode::ForcedText);
    m_blind->setEnabled(mode == CompareMode::FreeRunning);
    m_sampling->setEnabled(mode != CompareMode::ForcedText);
    m_run->setText(isRunning ? tr("Stop") : mode == CompareMode::ForcedText ? tr("Read") : tr("Generate"));
    m_run->setEnabled(isRunning || why.isEmpty());
    const bool measures = m_session.overlap().isRunning();
    m_measureAll->setText(measures ? tr("Stop measuring") : tr("Measure on all prompts"));
    m_measureAll->setEnabled(measures || (why.isEmpty() && !m_session.recipe().changesNothing()));
    for (int place = 0; place < 2; ++place) m_columns[size_t(place)]->setTitle(titleOf(place), !compare.isBlind());
    const bool canStep = !compare.isBlind() && !compare.divergences(CompareService::Original).isEmpty();
    m_previous->setEnabled(canStep);
    m_next->setEnabled(canStep);
    recolor();
    if (m_pinnedPlace < 0) m_details->showSentence(hintText());
}

}  // namespace halftone::app
