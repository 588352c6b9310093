// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QTimer>
#include <QWidget>

#include <memory>

#include "core/pipeline/candidates.h"

class QLabel;
class QTableView;

namespace halftone::app {

class CandidateModel;
class ScatterPlot;
class Session;
class StateStack;

/// What every format would do to the selected tensor: bits against error, as a chart and a table. A double click gives
/// the format to all selected tensors.
class CandidatePanel : public QWidget {
    Q_OBJECT

  public:
    explicit CandidatePanel(Session& session, QWidget* parent = nullptr);

  signals:
    void probed(const QString& text);

  protected:
    void showEvent(QShowEvent* event) override;

  private:
    void createLayout();
    void onSelectionChanged();
    void run();
    void receive(const Candidate& candidate);
    void showPoints();
    void showCurrent();
    void assign(int row);

    Session& m_session;
    CandidateModel* m_model;
    StateStack* m_stack = nullptr;
    ScatterPlot* m_plot = nullptr;
    QTableView* m_table = nullptr;
    QLabel* m_caption = nullptr;
    QTimer m_drawTimer;
    int m_tensor = -1;  ///< that the model holds figures of
    std::shared_ptr<const Calibration> m_calibration;
};

}  // namespace halftone::app
