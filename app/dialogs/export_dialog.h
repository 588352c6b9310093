// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QDialog>
#include <QTimer>

#include "core/export/gguf_export.h"

class QFileInfo;
class QLabel;
class QLineEdit;
class QListView;
class QProgressBar;
class QPushButton;

namespace halftone::app {

class ExportPlanModel;
class ProblemModel;
class Session;

/// Writes the recipe as a GGUF file: where to, what each tensor becomes, progress, and the report after the file has
/// been read back. Not modal.
class ExportDialog : public QDialog {
    Q_OBJECT

  public:
    explicit ExportDialog(Session& session, QWidget* parent = nullptr);
    void setTarget(const QString& path);
    [[nodiscard]] QString target() const;
    /// What stands beside the path field, for tests.
    [[nodiscard]] QString pathProblem() const;

  private:
    void createWidgets();
    void createLayout();
    void onPlan(const ExportPlan& plan);
    void onPlanFailed(const QString& message);
    void onExported(const ExportReport& report);
    void onExportFailed(const QString& message);
    void connectExporter();
    void startOrCancel();
    void refresh();
    [[nodiscard]] QString checkTarget() const;
    [[nodiscard]] static QString replacedText(const QFileInfo& file);

    Session& m_session;
    ExportPlanModel* m_plan;
    ProblemModel* m_problems;
    QLineEdit* m_path = nullptr;
    QLabel *m_pathProblem = nullptr, *m_replaces = nullptr, *m_summary = nullptr, *m_result = nullptr;
    QListView* m_problemList = nullptr;
    QProgressBar* m_progress = nullptr;
    QPushButton* m_export = nullptr;
    QTimer m_timer;
    bool m_hasPlan = false, m_hasError = false;
};

}  // namespace halftone::app
