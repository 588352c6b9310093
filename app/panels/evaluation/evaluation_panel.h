// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QTimer>
#include <QWidget>

#include "app/session/evaluation_service.h"

class QCheckBox;
class QComboBox;
class QLabel;
class QPushButton;
class QSpinBox;
class QTableView;

namespace halftone::app {

class PathEdit;
class RunFormatButton;
class RunTableModel;
class Session;

/// Measures the original and the recipe on a text, and keeps the table of what was measured.
class EvaluationPanel : public QWidget {
    Q_OBJECT

  public:
    explicit EvaluationPanel(Session& session, QWidget* parent = nullptr);
    void start(EvaluationTarget target);
    /// Measures these recipes one after the other as the controls say.
    void startSeries(const QList<Recipe>& recipes);
    /// Tries the recipe's tensors one by one as the controls say.
    void startSensitivity();
    [[nodiscard]] EvaluationOptions options() const;
    void setChunks(int chunks);

  signals:
    /// The recipe of a run is to be held against the one in work.
    void comparisonWanted(int run);

  private:
    void createControls();
    void createTable();
    void showTableMenu(const QPoint& position);
    void saveRuns();
    void createLayout();
    void connectSession();
    void refresh();
    void followEdit();
    void onProtocolChosen();
    void restoreSession();
    [[nodiscard]] QString runningText() const;

    Session& m_session;
    RunTableModel* m_model;
    PathEdit* m_text = nullptr;
    QComboBox* m_protocol = nullptr;
    QSpinBox *m_context = nullptr, *m_chunks = nullptr;
    RunFormatButton* m_runFormat = nullptr;
    QCheckBox* m_live = nullptr;
    QTimer m_liveTimer;
    bool m_missesEdit = false;  ///< one came while a run was in progress
    QPushButton *m_runOriginal = nullptr, *m_runRecipe = nullptr;
    QLabel* m_status = nullptr;
    QTableView* m_table = nullptr;
};

}  // namespace halftone::app
