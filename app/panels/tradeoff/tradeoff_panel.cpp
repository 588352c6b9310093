// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/panels/tradeoff/tradeoff_panel.h"

#include <QFileInfo>
#include <QLabel>
#include <QVBoxLayout>

#include <algorithm>

#include "app/plots/tradeoff_plot.h"
#include "app/session/session.h"
#include "app/widgets/number_text.h"
#include "app/widgets/state_stack.h"

namespace halftone::app {

TradeoffPanel::TradeoffPanel(Session& session, QWidget* parent) : QWidget(parent), m_session(session) {
    setObjectName(QStringLiteral("tradeoffPanel"));
    auto* content = new QWidget(this);
    m_caption = new QLabel(content);
    m_caption->setProperty("role", "muted");
    m_caption->setContentsMargins(8, 4, 8, 0);
    m_caption->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    m_plot = new TradeoffPlot(content);
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
    connect(m_plot, &TradeoffPlot::picked, this, &TradeoffPanel::takeBack);
    connect(m_plot, &TradeoffPlot::probed, this, &TradeoffPanel::probed);
    refresh();
}

/// Only figures of one text and one protocol can be compared: those of the run that was made last.
void TradeoffPanel::refresh() {
    const auto& runs = m_session.evaluation().runs();
    const auto last =
        std::find_if(runs.rbegin(), runs.rend(), [](const auto& run) { return run.result.reference.has_value(); });
    if (last == runs.rend()) {
        m_plot->setPoints({}, 0, 0);
        return m_stack->showSentence(
            tr("Run a recipe: every recipe that was measured becomes a point here, its size "
               "against its divergence from the original."));
    }
    QList<TradeoffPoint> points;
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
        points.append({i, run.name.isEmpty() ? tr("recipe") : run.name, double(run.bytes), kld.mean, kld.standardError,
                       !m_session.evaluation().isStale(run)});
    }
    const auto& checkpoint = m_session.checkpoint();
    m_plot->setPoints(points, last->storeError, checkpoint ? double(checkpoint->totalTensorBytes()) : 0);
    QString caption =
        tr("%1 · %2").arg(QFileInfo(last->options.textPath).fileName(), QString::fromStdString(last->result.protocol));
    if (last->storeError > 0) caption += tr(" · below %1 a divergence means nothing").arg(numberText(last->storeError));
    m_caption->setText(caption);
    m_stack->showContent();
}

void TradeoffPanel::takeBack(int run) {
    const auto& runs = m_session.evaluation().runs();
    if (run >= 0 && run < int(runs.size()))
        m_session.recipe().apply(runs[run].recipe, tr("Take back the recipe of a run"));
}

}  // namespace halftone::app
