// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

class QLabel;
class QPushButton;
class QSpinBox;
class QTableWidget;

namespace halftone::app {

class PathEdit;
class Session;

/// Runs the calibration text and names the channels that carry the largest activations.
class CalibrationPanel : public QWidget {
    Q_OBJECT

  public:
    explicit CalibrationPanel(Session& session, QWidget* parent = nullptr);
    void start();

  private:
    void createControls();
    void createLayout();
    void refresh();
    void limitContext();
    void fillWorstChannels();
    void onCellActivated(int row);

    Session& m_session;
    PathEdit* m_text = nullptr;
    QSpinBox *m_context = nullptr, *m_tokens = nullptr;
    QPushButton* m_run = nullptr;
    QLabel* m_status = nullptr;
    QTableWidget* m_worst = nullptr;
};

}  // namespace halftone::app
