// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/panels/tradeoff/tradeoff_panel.h"

#include <QFileInfo>
#include <QHBoxLayout>
#include <QHash>
#include <QLabel>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>

#include "app/session/session.h"
#include "app/widgets/number_text.h"
#include "app/widgets/state_stack.h"
#include "core/recipe/stock_mix.h"

namespace halftone::app {

namespace {
constexpr double kKilobyte = 1e3, kMegabyte = 1e6, kGigabyte = 1e9;
// The mixtures that people choose from, without the old simple blocks.
constexpr const char* kUsualMixes[] = {"q2_k",   "q3_k_s", "q3_k_m", "q3_k_l", "iq4_xs", "q4_k_s",
                                       "q4_k_m", "q5_k_s", "q5_k_m", "q6_k",   "q8_0"};

/// Recipes without a name of their own share one: their bits tell them apart.
void tellApart(QList<ScatterPoint>& points, const QList<EvaluationRun>& runs) {
    QHash<QString, int> counts;
    for (const auto& point : points) ++counts[point.name];
    for (auto& point : points) {
        if (counts.value(point.name) > 1)
            point.name = TradeoffPanel::tr("%1 bits · %2").arg(numberText(runs[point.id].bitsPerWeight), point.name);
    }
}
}  // namespace

TradeoffPanel::TradeoffPanel(Session& session, QWidget* parent) : QWidget(parent), m_session(session) {
    setObjectName(QStringLiteral("tradeoffPanel"));
    createLayout();
    auto& evaluation = m_session.evaluation();
    connect(&evaluation, &EvaluationService::runAdded, this, &TradeoffPanel::refresh);
    connect(&evaluation, &EvaluationService::runsReset, this, &TradeoffPanel::refresh);
    connect(&evaluation, &EvaluationService::stateChanged, this, &TradeoffPanel::refresh);
    connect(&m_session, &Session::modelChanged, this, &TradeoffPanel::refresh);
    connect(&m_session.jobs(), &JobManager::jobsChanged, this, &TradeoffPanel::refresh);
    connect(m_plot, &ScatterPlot::picked, &evaluation, &EvaluationService::takeBack);
    connect(m_plot, &ScatterPlot::probed, this, &TradeoffPanel::probed);
    refresh();
}

void TradeoffPanel::createLayout() {
    auto* content = new QWidget(this);
    m_caption = captionLabel(content);
    m_series = new QToolButton(content);
    m_series->setObjectName(QStringLiteral("measureMixtures"));
    m_series->setToolTip(
        tr("Measures the mixtures of llama-quantize from Q2_K to Q8_0 one after the other: the line that a recipe of "
           "your own should lie below."));
    connect(m_series, &QToolButton::clicked, this, &TradeoffPanel::startOrStopSeries);
    m_plot = new ScatterPlot(content);
    m_plot->setAccessibleName(tr("Size against divergence of the measured recipes"));
    m_plot->setObjectName(QStringLiteral("tradeoffPlot"));
    m_plot->setMinimumSize(220, 110);
    auto* top = new QHBoxLayout;
    top->setContentsMargins(0, 0, 6, 0);
    top->addWidget(m_caption, 1);
    top->addWidget(m_series);
    auto* contentLayout = new QVBoxLayout(content);
    contentLayout->setContentsMargins(0, 0, 0, 0);
    contentLayout->setSpacing(0);
    contentLayout->addLayout(top);
    contentLayout->addWidget(m_plot, 1);
    m_stack = new StateStack(content, this);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(m_stack);
}

void TradeoffPanel::startOrStopSeries() {
    auto& evaluation = m_session.evaluation();
    if (evaluation.seriesLeft() > 0) return evaluation.cancelSeries();
    if (!m_session.checkpoint()) return;
    QList<Recipe> recipes;
    for (const char* name : kUsualMixes) {
        if (const auto mix = findStockMix(name))
            recipes.append(stockMixRecipe(*mix, m_session.checkpoint()->tensors(), m_session.usesImportance()));
    }
    emit seriesWanted(recipes);
}

void TradeoffPanel::refresh() {
    const int left = m_session.evaluation().seriesLeft();
    const bool canRun = m_session.modelJobs().whyNot().isEmpty() && m_session.checkpoint();
    m_series->setText(left > 0 ? tr("Stop (%n left)", nullptr, left) : tr("Measure mixtures"));
    m_series->setEnabled(canRun);
    const Data shown = dataOf(m_session);
    if (!shown.points.isEmpty()) {
        showData(shown);
        return m_stack->showContent();
    }
    m_plot->setPoints({});
    const QString sentence =
        tr("Run a recipe: every recipe that was measured becomes a point here, its size against its divergence from "
           "the original.");
    if (!canRun) return m_stack->showSentence(sentence);
    m_stack->showSentence(sentence, left > 0 ? m_series->text() : tr("Measure the known mixtures"),
                          [this] { startOrStopSeries(); });
}

void TradeoffPanel::showData(const Data& shown) {
    m_plot->setAxes(shown.xLabel, shown.yLabel);
    m_plot->setPoints(shown.points, shown.floor, shown.original);
    m_caption->setToolTip(
        shown.floor > 0 ? tr("Below %1, the dashed line, a divergence means nothing.").arg(numberText(shown.floor))
                        : QString());
    m_caption->setText(shown.caption);
}

/// Only figures of one text, one protocol and one way of running can be compared: those of the run that was made last.
TradeoffPanel::Data TradeoffPanel::dataOf(Session& session) {
    const auto& runs = session.evaluation().runs();
    const auto found =
        std::find_if(runs.rbegin(), runs.rend(), [](const auto& run) { return run.result.reference.has_value(); });
    if (found == runs.rend()) return {};
    const auto& last = *found;
    const auto& checkpoint = session.checkpoint();
    const double originalBytes = checkpoint ? double(checkpoint->totalTensorBytes()) : 0;
    const double unit = originalBytes >= kGigabyte ? kGigabyte : originalBytes >= 2 * kMegabyte ? kMegabyte : kKilobyte;
    Data shown;
    for (int i = 0; i < int(runs.size()); ++i) {
        const auto& run = runs[i];
        if (!run.result.reference || !run.options.sameMeasurement(last.options)) continue;
        // Measured again with the same weights: the later figure counts.
        const bool again = std::any_of(runs.begin() + i + 1, runs.end(), [&](const auto& later) {
            // Of runs from a session file only the recipe is known.
            const bool isSame = later.isEarlier == run.isEarlier &&
                                (run.isEarlier ? later.recipe == run.recipe : later.weightsKey == run.weightsKey);
            return later.result.reference && isSame && later.options.sameMeasurement(run.options);
        });
        if (again) continue;
        const auto& kld = run.result.reference->kld;
        const QString name = run.name.isEmpty() ? tr("recipe") : run.name;
        const QString detail =
            tr("%1 · %2 · KLD %3 · click to take it back")
                .arg(name, bytesText(double(run.bytes)), significantEstimateText(kld.mean, kld.standardError));
        shown.points.append({i, name, detail, double(run.bytes) / unit, kld.mean, kld.standardError,
                             !session.evaluation().isStale(run)});
    }
    tellApart(shown.points, runs);
    shown.xLabel = unit == kGigabyte ? tr("size (GB)") : unit == kMegabyte ? tr("size (MB)") : tr("size (kB)");
    shown.yLabel = tr("KL divergence (nats)");
    shown.floor = last.storeError;
    shown.original = originalBytes / unit;
    shown.caption = QStringLiteral("%1 · %2").arg(QFileInfo(last.options.textPath).fileName(),
                                                  QString::fromStdString(last.result.conditions()));
    return shown;
}

}  // namespace halftone::app
