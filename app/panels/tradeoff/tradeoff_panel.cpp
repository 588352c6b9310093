// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/panels/tradeoff/tradeoff_panel.h"

#include <QFileInfo>
#include <QLabel>
#include <QVBoxLayout>

#include <algorithm>

#include "app/plots/scatter_plot.h"
#include "app/session/session.h"
#include "app/widgets/number_text.h"
#include "app/widgets/state_stack.h"

namespace halftone::app {

namespace {
constexpr double kMegabyte = 1e6, kGigabyte = 1e9;
}

TradeoffPanel::TradeoffPanel(Session& session, QWidget* parent) : QWidget(parent), m_session(session) {
    setObjectName(QStringLiteral("tradeoffPanel"));
    auto* content = new QWidget(this);
    m_caption = captionLabel(content);
    m_plot = new ScatterPlot(content);
    m_plot->setObjectName(QStringLiteral("tradeoffPlot"));
    m_plot->setMinimumSize(220, 110);
    auto* contentLayout = new QVBoxLayout(content);
    contentLayout->setContentsMargins(0, 0, 0, 0);
    contentLayout->setSpacing(0);
    contentLayout->addWidget(m_caption);
    contentLayout->addWidget(m_plot, 1);
    m_stack = new StateStack(content, this);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(m_stack);
    auto& evaluation = m_session.evaluation();
    connect(&evaluation, &EvaluationService::runAdded, this, &TradeoffPanel::refresh);
    connect(&evaluation, &EvaluationService::runsReset, this, &TradeoffPanel::refresh);
    connect(&m_session.recipe(), &RecipeEditor::changed, this, &TradeoffPanel::refresh);
    connect(m_plot, &ScatterPlot::picked, &evaluation, &EvaluationService::takeBack);
    connect(m_plot, &ScatterPlot::probed, this, &TradeoffPanel::probed);
    refresh();
}

/// Only figures of one text and one protocol can be compared: those of the run that was made last.
void TradeoffPanel::refresh() {
    const auto& runs = m_session.evaluation().runs();
    const auto last =
        std::find_if(runs.rbegin(), runs.rend(), [](const auto& run) { return run.result.reference.has_value(); });
    if (last == runs.rend()) {
        m_plot->setPoints({});
        return m_stack->showSentence(
            tr("Run a recipe: every recipe that was measured becomes a point here, its size "
               "against its divergence from the original."));
    }
    const auto& checkpoint = m_session.checkpoint();
    const double originalBytes = checkpoint ? double(checkpoint->totalTensorBytes()) : 0;
    const double unit = originalBytes >= kGigabyte ? kGigabyte : kMegabyte;
    QList<ScatterPoint> points;
    for (int i = 0; i < int(runs.size()); ++i) {
        const auto& run = runs[i];
        if (!run.result.reference || !run.options.sameMeasurement(last->options)) continue;
        // Measured again with the same weights: the later figure counts.
        const bool again = std::any_of(runs.begin() + i + 1, runs.end(), [&](const auto& later) {
            return later.result.reference && later.weightsKey == run.weightsKey &&
                   later.options.sameMeasurement(run.options);
        });
        if (again) continue;
        const auto& kld = run.result.reference->kld;
        const QString name = run.name.isEmpty() ? tr("recipe") : run.name;
        const QString detail =
            tr("%1 · %2 · KLD %3 · click to take it back")
                .arg(name, bytesText(double(run.bytes)), significantEstimateText(kld.mean, kld.standardError));
        points.append({i, name, detail, double(run.bytes) / unit, kld.mean, kld.standardError,
                       !m_session.evaluation().isStale(run)});
    }
    m_plot->setAxes(unit == kGigabyte ? tr("size (GB)") : tr("size (MB)"), tr("KL divergence (nats)"));
    m_plot->setPoints(points, last->storeError, originalBytes / unit);
    QString caption =
        tr("%1 · %2").arg(QFileInfo(last->options.textPath).fileName(), QString::fromStdString(last->result.protocol));
    if (last->storeError > 0) caption += tr(" · below %1 a divergence means nothing").arg(numberText(last->storeError));
    m_caption->setText(caption);
    m_stack->showContent();
}

}  // namespace halftone::app
