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

  private:
    void fillMeasures();
    void onMeasureChosen();
    void refreshMeasuring();

    Session& m_session;
    QComboBox* m_measures;
    QToolButton* m_try;  ///< measures what is shown; visible for sensitivity alone
    ColorBar* m_bar;
    LayerMatrix* m_matrix;
};

}  // namespace halftone::app
