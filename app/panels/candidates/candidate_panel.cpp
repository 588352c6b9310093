// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/panels/candidates/candidate_panel.h"

#include <QHeaderView>
#include <QLabel>
#include <QPointer>
#include <QSplitter>
#include <QTableView>
#include <QVBoxLayout>

#include "app/language/core_text.h"
#include "app/models/candidate_model.h"
#include "app/plots/scatter_plot.h"
#include "app/session/session.h"
#include "app/widgets/number_text.h"
#include "app/widgets/state_stack.h"

namespace halftone::app {

namespace {
const QString kTag = QStringLiteral("candidates");
constexpr int kRedrawMs = 60;
constexpr double kNegligibleError = 1e-8;
}  // namespace

CandidatePanel::CandidatePanel(Session& session, QWidget* parent)
    : QWidget(parent), m_session(session), m_model(new CandidateModel(this)) {
    setObjectName(QStringLiteral("candidatePanel"));
    createLayout();
    m_drawTimer.setSingleShot(true);
    m_drawTimer.setInterval(kRedrawMs);
    connect(&m_drawTimer, &QTimer::timeout, this, &CandidatePanel::showPoints);
    connect(&m_session.selection(), &Selection::changed, this, &CandidatePanel::onSelectionChanged);
    connect(&m_session, &Session::checkpointChanged, this, [this] {
        m_tensor = -1;
        onSelectionChanged();
    });
    connect(&m_session.recipe(), &RecipeEditor::changed, this, &CandidatePanel::showCurrent);
    connect(&m_session.calibration(), &CalibrationService::changed, this, &CandidatePanel::onSelectionChanged);
    connect(m_plot, &ScatterPlot::probed, this, &CandidatePanel::probed);
    connect(m_plot, &ScatterPlot::picked, this, &CandidatePanel::assign);
    connect(m_table, &QTableView::doubleClicked, this, [this](const QModelIndex& index) { assign(index.row()); });
    onSelectionChanged();
}

void CandidatePanel::createLayout() {
    auto* content = new QWidget(this);
    m_caption = captionLabel(content);
    m_plot = new ScatterPlot(content);
    m_plot->setAxes(tr("bits per weight"), tr("relative error"));
    m_plot->setMinimumSize(200, 90);
    m_table = new QTableView(content);
    m_table->setObjectName(QStringLiteral("candidateTable"));
    m_table->setAccessibleName(tr("What every format would do to the selected tensor"));
    m_table->setModel(m_model);
    m_table->setShowGrid(false);
    m_table->setAlternatingRowColors(true);
    m_table->setWordWrap(false);
    m_table->setSelectionBehavior(QAbstractItemView::SelectRows);
    m_table->setSelectionMode(QAbstractItemView::SingleSelection);
    m_table->verticalHeader()->hide();
    m_table->verticalHeader()->setDefaultSectionSize(22);
    m_table->horizontalHeader()->setHighlightSections(false);
    const int widths[] = {124, 44, 72, 64, 68};
    for (int column = 0; column < CandidateModel::ColumnCount; ++column)
        m_table->horizontalHeader()->resizeSection(column, widths[column]);
    auto* split = new QSplitter(Qt::Horizontal, content);
    split->addWidget(m_plot);
    split->addWidget(m_table);
    split->setChildrenCollapsible(false);
    split->setHandleWidth(1);
    split->setSizes({240, 400});
    auto* contentLayout = new QVBoxLayout(content);
    contentLayout->setContentsMargins(0, 0, 0, 0);
    contentLayout->setSpacing(0);
    contentLayout->addWidget(m_caption);
    contentLayout->addWidget(split, 1);
    m_stack = new StateStack(content, this);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(m_stack);
}

void CandidatePanel::showEvent(QShowEvent* event) {
    QWidget::showEvent(event);
    onSelectionChanged();
}

/// Nothing is computed while nobody looks.
void CandidatePanel::onSelectionChanged() {
    const int tensor = m_session.selection().current();
    const auto* resolved = m_session.recipe().resolvedTensor(tensor);
    if (!resolved || !resolved->quantizable) {
        m_session.jobs().cancelTag(kTag);
        m_tensor = -1;
        m_model->clear();
        m_plot->setPoints({});
        return m_stack->showSentence(resolved
                                         ? tr("Norms and biases stay F32: their bytes are few and their errors costly.")
                                         : tr("Select a weight matrix to see what every format would do to it."));
    }
    const auto calibration = m_session.modelJobs().calibration();
    if (!isVisible() || (tensor == m_tensor && calibration == m_calibration)) return;
    m_tensor = tensor;
    m_calibration = calibration;
    run();
}

void CandidatePanel::run() {
    m_model->clear();
    showCurrent();
    m_caption->setText(tr("Trying every format…"));
    m_stack->showContent();
    const CandidateRequest request{m_session.checkpoint(), m_tensor, m_calibration};
    struct Done {};
    m_session.jobs().start<Done>(
        {tr("Trying every format"), JobLane::Plots, kTag, true}, this,
        [this, request, guard = QPointer(this)](const JobControl& control) -> Result<Done> {
            // What was under way when the selection went on is of another tensor, or of none.
            const auto post = [this, &control, &guard, tensor = request.tensor](const Candidate& candidate) {
                control.post([this, guard, candidate, tensor] {
                    if (guard && m_tensor == tensor) receive(candidate);
                });
            };
            HT_TRY(tryFormats(request, post, control.context()));
            return Done{};
        },
        [this](const Result<Done>& done) {
            if (done || done.error().code == ErrorCode::kCancelled) return;
            m_tensor = -1;
            m_stack->showSentence(errorText(done.error()));
        });
}

void CandidatePanel::receive(const Candidate& candidate) {
    m_model->add(candidate);
    const QString name = QString::fromStdString(m_session.tensor(m_tensor).canonicalName);
    m_caption->setText(candidate.triedRows < candidate.rows
                           ? tr("%1 · rounded to nearest · tried on %2 of %3 rows, evenly spread")
                                 .arg(name)
                                 .arg(candidate.triedRows)
                                 .arg(candidate.rows)
                           : tr("%1 · rounded to nearest").arg(name));
    if (!m_drawTimer.isActive()) m_drawTimer.start();
}

void CandidatePanel::showCurrent() {
    const auto* resolved = m_session.recipe().resolvedTensor(m_tensor);
    m_model->setCurrent(resolved ? std::optional(resolved->format) : std::nullopt);
    showPoints();
}

void CandidatePanel::showPoints() {
    QList<ScatterPoint> points;
    const auto& candidates = m_model->candidates();
    for (int row = 0; row < int(candidates.size()); ++row) {
        const auto& candidate = candidates[size_t(row)];
        // What loses as good as nothing needs no comparing, and would press all others together.
        if (candidate.distortion.relativeMse() < kNegligibleError) continue;
        const QString name = QString::fromStdString(candidate.format.displayName());
        const double error = candidate.distortion.relativeMse();
        const QString detail = tr("%1 · %2 bits · error %3 · SQNR %4 dB · click to take it")
                                   .arg(name, numberText(candidate.bitsPerWeight), numberText(error),
                                        fixedText(candidate.distortion.sqnrDb(), 1));
        points.append({row, name, detail, candidate.bitsPerWeight, error, 0, m_model->current() == candidate.format});
    }
    m_plot->setPoints(points);
}

void CandidatePanel::assign(int row) {
    const auto& candidates = m_model->candidates();
    if (row < 0 || size_t(row) >= candidates.size() || m_tensor < 0) return;
    const auto& selected = m_session.selection().tensors();
    m_session.recipe().setFormat(selected.contains(m_tensor) ? selected : QList<int>{m_tensor},
                                 candidates[size_t(row)].format);
}

}  // namespace halftone::app
