// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/panels/damage/damage_panel.h"

#include <QApplication>
#include <QClipboard>
#include <QComboBox>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QMenu>
#include <QPushButton>
#include <QScrollBar>
#include <QSplitter>
#include <QTableView>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>
#include <limits>

#include "app/models/layer_damage_model.h"
#include "app/models/worst_token_model.h"
#include "app/plots/heat_strip.h"
#include "app/plots/token_legend.h"
#include "app/session/session.h"
#include "app/widgets/number_text.h"
#include "app/widgets/share_delegate.h"
#include "app/widgets/state_stack.h"
#include "app/widgets/token_details.h"
#include "app/widgets/token_text.h"
#include "app/widgets/token_view.h"

namespace halftone::app {

namespace {

/// Laid out in a few milliseconds.
constexpr int kPageTokens = 512;
constexpr int kRowHeight = 20;

QTableView* createTable(QAbstractItemModel* model, const QString& name, int shareRole, QWidget* parent) {
    auto* table = new QTableView(parent);
    table->setObjectName(name);
    table->setModel(model);
    table->setShowGrid(false);
    table->setWordWrap(false);
    table->setSelectionBehavior(QAbstractItemView::SelectRows);
    table->setSelectionMode(QAbstractItemView::SingleSelection);
    table->setItemDelegate(new ShareDelegate(shareRole, table));
    table->verticalHeader()->hide();
    table->verticalHeader()->setMinimumSectionSize(kRowHeight);
    table->verticalHeader()->setDefaultSectionSize(kRowHeight);
    table->horizontalHeader()->setHighlightSections(false);
    table->horizontalHeader()->setSectionResizeMode(0, QHeaderView::Stretch);
    return table;
}

}  // namespace

DamagePanel::DamagePanel(Session& session, QWidget* parent) : QWidget(parent), m_session(session) {
    setObjectName(QStringLiteral("damagePanel"));
    createStrip();
    createLists();
    createLayout();
    connectSession();
    showRun();
}

void DamagePanel::createStrip() {
    m_content = new QWidget(this);
    m_measure = new QComboBox(m_content);
    m_measure->setObjectName(QStringLiteral("damageMeasure"));
    m_measure->setAccessibleName(tr("What the colours say"));
    m_measure->addItem(tr("colour: KL divergence"), int(TokenMeasure::Divergence));
    m_measure->addItem(tr("colour: change of probability"), int(TokenMeasure::ProbabilityChange));
    m_legend = new TokenLegend(m_content);
    m_caption = new QLabel(m_content);
    m_caption->setObjectName(QStringLiteral("damageCaption"));
    m_caption->setProperty("role", "muted");
    m_caption->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    const auto arrow = [this](const QString& text, const QString& tip, int direction) {
        auto* button = new QToolButton(m_content);
        button->setText(text);
        button->setToolTip(tip);
        button->setAccessibleName(tip);
        connect(button, &QToolButton::clicked, this, [this, direction] { turnPage(direction); });
        return button;
    };
    m_previous = arrow(QStringLiteral("◂"), tr("Previous page of the text"), -1);
    m_next = arrow(QStringLiteral("▸"), tr("Next page of the text"), 1);
    m_strip = new HeatStrip(m_content);
    m_text = new TokenView(m_content);
    m_text->setObjectName(QStringLiteral("damageText"));
    m_text->setAccessibleName(tr("Evaluation text"));
}

void DamagePanel::createLists() {
    m_worstModel = new WorstTokenModel(m_session.damage(), this);
    m_worst = createTable(m_worstModel, QStringLiteral("worstTokens"), WorstTokenModel::ShareRole, m_content);
    m_worst->setAccessibleName(tr("Words that are hurt most"));
    m_worst->setTextElideMode(Qt::ElideLeft);
    auto* header = m_worst->horizontalHeader();
    for (const auto& [column, width] :
         {std::pair{WorstTokenModel::Token, 84}, std::pair{WorstTokenModel::Before, 70},
          std::pair{WorstTokenModel::After, 66}, std::pair{WorstTokenModel::Divergence, 56}})
        header->resizeSection(column, width);
    m_worst->setContextMenuPolicy(Qt::CustomContextMenu);
    m_details = new TokenDetails(m_content);
    m_tryLayers = new QPushButton(tr("Which layers?"), m_content);
    m_tryLayers->setObjectName(QStringLiteral("tryLayers"));
    m_tryLayers->setToolTip(
        tr("Puts the recipe's layers one after the other into the original and measures this word"));
    m_layerModel = new LayerDamageModel(this);
    m_layers = createTable(m_layerModel, QStringLiteral("layerDamage"), LayerDamageModel::ShareRole, m_content);
    m_layers->setAccessibleName(tr("Layers that matter for this word"));
    m_layers->hide();
}

void DamagePanel::createLayout() {
    auto* bar = new QHBoxLayout;
    bar->setContentsMargins(8, 4, 8, 0);
    bar->setSpacing(6);
    bar->addWidget(m_measure);
    bar->addWidget(m_legend);
    bar->addWidget(m_previous);
    bar->addWidget(m_next);
    bar->addWidget(m_caption, 1);
    auto* layers = new QWidget(m_content);
    auto* layersLayout = new QVBoxLayout(layers);
    layersLayout->setContentsMargins(8, 4, 4, 4);
    layersLayout->setSpacing(4);
    layersLayout->addWidget(m_tryLayers);
    layersLayout->addWidget(m_layers, 1);
    layersLayout->addStretch();
    auto* columns = new QSplitter(Qt::Horizontal, m_content);
    columns->addWidget(m_text);
    columns->addWidget(m_worst);
    columns->addWidget(m_details);
    columns->addWidget(layers);
    columns->setChildrenCollapsible(false);
    columns->setHandleWidth(1);
    columns->setSizes({500, 430, 290, 210});
    columns->setStretchFactor(0, 1);
    auto* content = new QVBoxLayout(m_content);
    content->setContentsMargins(0, 0, 0, 0);
    content->setSpacing(2);
    content->addLayout(bar);
    content->addWidget(m_strip);
    content->addWidget(columns, 1);
    m_stack = new StateStack(m_content, this);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(m_stack);
}

void DamagePanel::connectSession() {
    auto& damage = m_session.damage();
    connect(&damage, &DamageService::runChanged, this, &DamagePanel::updateRun);
    connect(&damage, &DamageService::studyChanged, this, &DamagePanel::refreshStudy);
    connect(&m_session.evaluation(), &EvaluationService::stateChanged, this, &DamagePanel::refresh);
    connect(&m_session, &Session::modelChanged, this, &DamagePanel::updateRun);
    connect(&m_session.jobs(), &JobManager::jobsChanged, this, &DamagePanel::refresh);
    connect(m_measure, &QComboBox::currentIndexChanged, this, &DamagePanel::recolor);
    connect(m_strip, &HeatStrip::tokenClicked, this, &DamagePanel::goTo);
    connect(m_text, &TokenView::tokenHovered, this, &DamagePanel::onHovered);
    connect(m_text, &TokenView::tokenClicked, this, [this](int token) {
        if (const int scored = scoredOnPage(token); scored >= 0) goTo(scored);
    });
    connect(m_worst->selectionModel(), &QItemSelectionModel::currentRowChanged, this, [this](const QModelIndex& row) {
        if (row.isValid()) goTo(row.data(WorstTokenModel::ScoredRole).toInt());
    });
    connect(m_worst, &QWidget::customContextMenuRequested, this, &DamagePanel::showWorstMenu);
    connect(m_tryLayers, &QPushButton::clicked, this, [this] {
        auto& service = m_session.damage();
        service.isTrying() ? service.stop() : service.tryLayers(m_current);
    });
    connect(m_layers, &QTableView::clicked, this, [this](const QModelIndex& index) {
        const auto& tensors = m_layerModel->layer(index.row()).tensors;
        m_session.selection().select(QList<int>(tensors.begin(), tensors.end()));
    });
}

void DamagePanel::showWorstMenu(const QPoint& position) {
    QMenu menu(this);
    menu.addAction(tr("Copy the list as CSV"), this,
                   [this] { QApplication::clipboard()->setText(m_worstModel->csv()); });
    menu.exec(m_worst->viewport()->mapToGlobal(position));
}

TokenMeasure DamagePanel::measure() const {
    return TokenMeasure(m_measure->currentData().toInt());
}

double DamagePanel::valueOf(int scored) const {
    const auto& result = m_session.damage().run()->result;
    const auto at = size_t(scored);
    if (measure() == TokenMeasure::Divergence) return double(result.tokenKld[at]);
    return std::exp(-double(result.tokenNll[at])) - std::exp(-double(result.tokenReferenceNll[at]));
}

TokenScale DamagePanel::fitScale() const {
    std::vector<double> values;
    for (int scored = 0; scored < m_session.damage().scoredCount(); ++scored) values.push_back(valueOf(scored));
    return TokenScale::fit(measure(), values);
}

/// Live evaluation brings a run with every edit; a panel that nobody sees does not follow.
void DamagePanel::updateRun() {
    m_isOutdated = true;
    if (isVisible() || !m_session.damage().run()) showRun();
}

void DamagePanel::showEvent(QShowEvent* event) {
    QWidget::showEvent(event);
    if (m_isOutdated) showRun();
}

/// Another run of the same text keeps the place that was looked at.
void DamagePanel::showRun() {
    m_isOutdated = false;
    auto& damage = m_session.damage();
    const auto windows = damage.run() ? damage.run()->windows : nullptr;
    if (windows != m_windows || !windows) {
        m_current = -1;
        m_page = {};
    }
    m_windows = windows;
    if (!damage.run() || !damage.tokenizer()) {
        m_text->begin({});
        return showNothing();
    }
    m_stack->showContent();
    recolor();
    if (m_page.window < 0) showPage(pageOf(0));
    if (m_current >= 0 && isVisible()) damage.look(m_current);
    refresh();
    refreshStudy();
}

void DamagePanel::showNothing() {
    const QString sentence =
        tr("Run a recipe on the evaluation text: every word of it is then coloured by what the recipe does to it.");
    const bool canRun = m_session.modelJobs().whyNot().isEmpty() && !m_session.recipe().changesNothing() &&
                        !m_session.evaluation().isRunning();
    if (!canRun) return m_stack->showSentence(sentence);
    m_stack->showSentence(sentence, tr("Run the recipe"), [this] { emit runWanted(); });
}

void DamagePanel::recolor() {
    const auto& damage = m_session.damage();
    if (!damage.run()) return;
    const auto scale = fitScale();
    m_legend->setScale(scale);
    const int current = m_current;
    std::vector<float> values;
    for (int scored = 0; scored < damage.scoredCount(); ++scored) values.push_back(float(valueOf(scored)));
    m_strip->setValues(std::move(values), scale);
    const Page page = m_page;
    m_page = {};
    if (page.window >= 0) showPage(page);
    m_strip->setCurrent(current);
    if (current >= 0 && m_page.window >= 0) m_text->setCurrent(damage.placeOf(current).token - m_page.first);
}

DamagePanel::Page DamagePanel::pageOf(int scored) const {
    const auto place = m_session.damage().placeOf(scored);
    if (place.window < 0) return {};
    const int size = int((*m_session.damage().run()->windows)[size_t(place.window)].tokens.size());
    const int first = place.token / kPageTokens * kPageTokens;
    return {place.window, first, std::min(size, first + kPageTokens)};
}

int DamagePanel::scoredOnPage(int token) const {
    return token < 0 ? -1 : m_session.damage().scoredAt({m_page.window, m_page.first + token});
}

void DamagePanel::showPage(const Page& page) {
    const auto& damage = m_session.damage();
    if (page.window < 0 || page == m_page) return;
    const auto& window = (*damage.run()->windows)[size_t(page.window)];
    m_page = page;
    m_text->begin({});
    const auto ids = std::span(window.tokens).subspan(size_t(page.first), size_t(page.last - page.first));
    m_text->appendTokens(runningTexts(damage.tokenizer(), ids));
    const auto colors = themeColors(palette());
    QList<QColor> tints;
    int first = -1, last = -1, firstToken = 0;
    for (int token = 0; token < page.last - page.first; ++token) {
        const int scored = scoredOnPage(token);
        tints.append(scored < 0 ? QColor() : m_legend->scale().color(valueOf(scored), colors));
        if (scored < 0) continue;
        if (first < 0) {
            first = scored;
            firstToken = token;
        }
        last = scored + 1;
    }
    m_text->setColors(tints);
    m_strip->setPage(std::max(first, 0), std::max(last, 0));
    m_text->setCurrent(-1);
    // What is scored comes to the top, with a little of what is read before it.
    auto* scroll = m_text->verticalScrollBar();
    const int above = 3 * m_text->fontMetrics().lineSpacing();
    scroll->setValue(scroll->value() + m_text->tokenRect(firstToken).top() - above);
}

void DamagePanel::turnPage(int direction) {
    if (!m_session.damage().run() || m_page.window < 0) return;
    const auto& windows = *m_session.damage().run()->windows;
    const auto size = [&](int window) { return int(windows[size_t(window)].tokens.size()); };
    Page next = m_page;
    next.first += direction * kPageTokens;
    if (next.first < 0 || next.first >= size(next.window)) {
        next.window += direction;
        if (next.window < 0 || size_t(next.window) >= windows.size()) return;
        next.first = direction > 0 ? 0 : (size(next.window) - 1) / kPageTokens * kPageTokens;
    }
    next.last = std::min(size(next.window), next.first + kPageTokens);
    showPage(next);
    refresh();
}

void DamagePanel::goTo(int scored) {
    auto& damage = m_session.damage();
    if (m_isOutdated) showRun();
    if (scored < 0 || scored >= damage.scoredCount() || scored == m_current) return;
    m_current = scored;
    showPage(pageOf(scored));
    const int token = damage.placeOf(scored).token - m_page.first;
    m_text->setCurrent(token);
    m_text->reveal(token);
    m_strip->setCurrent(scored);
    if (const int row = m_worstModel->rowOf(scored); row >= 0) {
        m_worst->setCurrentIndex(m_worstModel->index(row, 0));
    } else {
        m_worst->clearSelection();
        m_worst->setCurrentIndex({});
    }
    damage.look(scored);
    refresh();
}

void DamagePanel::onHovered(int token) {
    const int scored = scoredOnPage(token);
    if (scored >= 0) return showToken(scored, scored == m_current);
    refreshStudy();
}

void DamagePanel::showToken(int scored, bool isPinned) {
    const auto& damage = m_session.damage();
    const auto place = damage.placeOf(scored);
    if (place.window < 0 || !damage.tokenizer()) return;
    const auto& result = damage.run()->result;
    const auto at = size_t(scored);
    TokenFacts facts{.token = (*damage.run()->windows)[size_t(place.window)].tokens[size_t(place.token)],
                     .position = scored + 1,
                     .originalLogProb = -double(result.tokenReferenceNll[at]),
                     .recipeLogProb = -double(result.tokenNll[at]),
                     .kld = double(result.tokenKld[at]),
                     .isPinned = isPinned};
    const auto& study = damage.study();
    if (study.scored == scored && study.comparison) {
        facts.original = study.comparison->reference;
        facts.recipe = study.comparison->own;
    }
    m_details->showFacts(damage.tokenizer(), facts);
    if (facts.original) return;
    if (!damage.isCurrent()) {
        m_details->setRemark(
            tr("The lists of both models need the recipe that was measured; double-click its run in the "
               "table to take it back."));
    } else {
        m_details->setRemark(isPinned ? study.problem : tr("Click for what both models expected here."));
    }
}

void DamagePanel::refreshStudy() {
    const auto& damage = m_session.damage();
    if (!damage.run()) return;
    if (m_current >= 0) {
        showToken(m_current, true);
    } else {
        m_details->showSentence(tr("Point at a word, or choose one of the worst."));
    }
    const auto& study = damage.study();
    const bool isOurs = study.scored == m_current;
    m_layerModel->setLayers(isOurs ? study.layers : std::vector<LayerDamage>());
    m_layers->setVisible(m_layerModel->rowCount() > 0);
    refresh();
}

void DamagePanel::refresh() {
    const auto& damage = m_session.damage();
    if (!damage.run()) return showNothing();
    const auto& run = *damage.run();
    const bool isStale = m_session.evaluation().isStale(run);
    const QString name = isStale ? tr("◷ %1 (not the recipe in work)").arg(run.name) : run.name;
    const auto words = damage.scoredCount();
    const QStringList parts{name, tr("%1 words scored", nullptr, int(words)).arg(countText(words)),
                            tr("window %1 of %2").arg(m_page.window + 1).arg(run.windows->size())};
    m_caption->setText(parts.join(QStringLiteral(" · ")));
    m_caption->setToolTip(m_caption->text());
    m_tryLayers->setText(damage.isTrying() ? tr("Stop") : tr("Which layers?"));
    m_tryLayers->setEnabled(damage.isTrying() || (m_current >= 0 && damage.isCurrent()));
}

}  // namespace halftone::app
