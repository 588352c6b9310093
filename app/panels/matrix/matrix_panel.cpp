// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/panels/matrix/matrix_panel.h"

#include <QComboBox>
#include <QHBoxLayout>
#include <QScrollArea>
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
                                Measure::Bytes,
                                Measure::Outliers,
                                Measure::Zeros,
                                Measure::Deviation,
                                Measure::ActivationMaximum,
                                Measure::ActivationMaxOverSigma,
                                Measure::ActivationKurtosis};
}

MatrixPanel::MatrixPanel(Session& session, QWidget* parent)
    : QWidget(parent),
      m_measures(new QComboBox(this)),
      m_bar(new ColorBar(this)),
      m_matrix(new LayerMatrix(session, this)) {
    setObjectName(QStringLiteral("matrixPanel"));
    fillMeasures();
    auto* bar = new QHBoxLayout;
    bar->setContentsMargins(8, 4, 8, 4);
    bar->setSpacing(8);
    bar->addWidget(m_measures);
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
    connect(m_measures, &QComboBox::currentIndexChanged, this,
            [this] { m_matrix->setMeasure(Measure(m_measures->currentData().toInt())); });
    connect(m_matrix, &LayerMatrix::scaleChanged, this,
            [this] { m_bar->setScale(m_matrix->scale(), m_matrix->measure()); });
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

void MatrixPanel::setMeasure(Measure measure) {
    m_measures->setCurrentIndex(m_measures->findData(int(measure)));
}

}  // namespace halftone::app
