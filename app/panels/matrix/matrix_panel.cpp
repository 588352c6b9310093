// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/panels/matrix/matrix_panel.h"

#include <QComboBox>
#include <QHBoxLayout>
#include <QScrollArea>
#include <QToolButton>
#include <QVBoxLayout>

#include "app/plots/color_bar.h"
#include "app/plots/layer_matrix.h"
#include "app/session/session.h"

namespace halftone::app {

namespace {
constexpr Measure kOffered[] = {Measure::Bits,
                                Measure::Kurtosis,
                                Measure::MaxOverSigma,
                                Measure::RelativeError,
                                Measure::Sqnr,
                                Measure::Sensitivity,
                                Measure::Bytes,
                                Measure::Outliers,
                                Measure::Zeros,
                                Measure::Deviation,
                                Measure::ActivationMaximum,
                                Measure::ActivationMaxOverSigma,
                                Measure::ActivationKurtosis};

bool isOfActivations(Measure measure) {
    return measure == Measure::ActivationMaximum || measure == Measure::ActivationMaxOverSigma ||
           measure == Measure::ActivationKurtosis;
}
}  // namespace

MatrixPanel::MatrixPanel(Session& session, QWidget* parent)
    : QWidget(parent),
      m_session(session),
      m_measures(new QComboBox(this)),
      m_try(new QToolButton(this)),
      m_bar(new ColorBar(this)),
      m_matrix(new LayerMatrix(session, this)) {
    setObjectName(QStringLiteral("matrixPanel"));
    fillMeasures();
    auto* bar = new QHBoxLayout;
    bar->setContentsMargins(8, 4, 8, 4);
    bar->setSpacing(8);
    bar->addWidget(m_measures);
    bar->addWidget(m_try);
    bar->addWidget(m_bar, 1);
    auto* scroll = new QScrollArea(this);
    scroll->setWidgetResizable(true);
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setWidget(m_matrix);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addLayout(bar);
    layout->addWidget(scroll, 1);
    m_try->setObjectName(QStringLiteral("measureSensitivity"));
    connect(m_try, &QToolButton::clicked, this, [this] {
        if (isOfActivations(shownMeasure())) return emit calibrationWanted();
        auto& sensitivity = m_session.sensitivity();
        sensitivity.isRunning() ? sensitivity.cancel() : emit sensitivityWanted();
    });
    connect(m_measures, &QComboBox::currentIndexChanged, this, &MatrixPanel::onMeasureChosen);
    connect(&m_session.sensitivity(), &SensitivityService::stateChanged, this, &MatrixPanel::refreshMeasuring);
    connect(&m_session.jobs(), &JobManager::jobsChanged, this, &MatrixPanel::refreshMeasuring);
    connect(&m_session.calibration(), &CalibrationService::changed, this, &MatrixPanel::refreshMeasuring);
    connect(&m_session, &Session::modelChanged, this, &MatrixPanel::refreshMeasuring);
    connect(m_matrix, &LayerMatrix::scaleChanged, this,
            [this] { m_bar->setScale(m_matrix->scale(), m_matrix->fittedScale(), m_matrix->measure()); });
    m_bar->setObjectName(QStringLiteral("matrixScale"));
    connect(m_bar, &ColorBar::rangeChosen, m_matrix, &LayerMatrix::chooseRange);
    connect(m_bar, &ColorBar::fitWanted, m_matrix, &LayerMatrix::fitRange);
    setMeasure(Measure::Kurtosis);
}

void MatrixPanel::fillMeasures() {
    m_measures->setObjectName(QStringLiteral("matrixMeasure"));
    m_measures->setAccessibleName(tr("Measure shown by colour"));
    for (const auto measure : kOffered) {
        m_measures->addItem(measureLabel(measure), int(measure));
        m_measures->setItemData(m_measures->count() - 1, measureMeaning(measure), Qt::ToolTipRole);
    }
}

void MatrixPanel::onMeasureChosen() {
    m_matrix->setMeasure(shownMeasure());
    refreshMeasuring();
}

void MatrixPanel::refreshMeasuring() {
    const bool isSensitivity = shownMeasure() == Measure::Sensitivity;
    const bool lacksInputs = isOfActivations(shownMeasure()) && !m_session.calibration().hasData();
    m_try->setVisible(isSensitivity || lacksInputs);
    if (isSensitivity) offerSensitivity();
    if (lacksInputs) offerCalibration();
}

void MatrixPanel::offerCalibration() {
    const QString why = m_session.modelJobs().whyNot();
    m_try->setText(tr("Calibrate"));
    m_try->setEnabled(why.isEmpty() && !m_session.calibration().isRunning());
    m_try->setToolTip(!why.isEmpty() ? why : tr("Runs a text through the original and keeps what enters every layer"));
}

void MatrixPanel::offerSensitivity() {
    const bool isRunning = m_session.sensitivity().isRunning();
    const int missing = m_session.sensitivity().missing();
    const QString why = m_session.modelJobs().whyNot();
    m_try->setText(isRunning ? tr("Stop") : tr("Measure"));
    // Another text is tried anew, so that nothing is missing is no reason to refuse.
    m_try->setEnabled(isRunning || (why.isEmpty() && !m_session.recipe().changesNothing()));
    m_try->setToolTip(
        !why.isEmpty()                        ? why
        : m_session.recipe().changesNothing() ? tr("The recipe changes nothing yet: choose a format first.")
        : missing == 0 ? tr("Every tensor has been tried in its format. Another text or protocol is tried anew.")
                       : tr("Tries %n tensors alone, each in the format that the recipe gives it.", nullptr, missing));
}

Measure MatrixPanel::shownMeasure() const {
    return Measure(m_measures->currentData().toInt());
}

QPoint MatrixPanel::cornerOfCurrent() const {
    const QPoint cell = m_matrix->layoutOfCells().find(m_session.selection().current());
    if (cell.x() < 0) return mapToGlobal(rect().center());
    return m_matrix->mapToGlobal(m_matrix->cellRect(cell).bottomLeft().toPoint());
}

void MatrixPanel::setMeasure(Measure measure) {
    m_measures->setCurrentIndex(m_measures->findData(int(measure)));
}

}  // namespace halftone::app
