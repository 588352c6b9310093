// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

#include "app/session/measure.h"

class QComboBox;
class QToolButton;

namespace halftone::app {

class ColorBar;
class LayerMatrix;
class Session;

/// The layer x role matrix with the choice of measure and its colour scale.
class MatrixPanel : public QWidget {
    Q_OBJECT

  public:
    explicit MatrixPanel(Session& session, QWidget* parent = nullptr);
    void setMeasure(Measure measure);
    /// Below the current tensor's cell, on the screen.
    [[nodiscard]] QPoint cornerOfCurrent() const;

  signals:
    /// Sensitivity should be measured.
    void sensitivityWanted();
    /// A text should be run for what enters the layers.
    void calibrationWanted();

  private:
    void fillMeasures();
    void onMeasureChosen();
    void refreshMeasuring();
    [[nodiscard]] Measure shownMeasure() const;
    void offerSensitivity();
    void offerCalibration();

    Session& m_session;
    QComboBox* m_measures;
    QToolButton* m_try;  ///< measures what is shown; hidden where nothing has to be asked for
    ColorBar* m_bar;
    LayerMatrix* m_matrix;
};

}  // namespace halftone::app
