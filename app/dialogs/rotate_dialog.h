// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QDialog>
#include <QTimer>

#include "app/jobs/job.h"
#include "core/export/gguf_export.h"

class QCheckBox;
class QComboBox;
class QLabel;
class QProgressBar;
class QPushButton;
class QSpinBox;

namespace halftone::app {

class PathEdit;
class Session;

/// Writes the open model with its outliers rotated away and offers to open the result. Not modal; closing it stops the
/// writing, which leaves the target as it was.
class RotateDialog : public QDialog {
    Q_OBJECT

  public:
    explicit RotateDialog(Session& session, QWidget* parent = nullptr);
    void setTarget(const QString& path);
    [[nodiscard]] QString message() const;

  signals:
    /// The person wants the finished file opened.
    void openWanted(const QString& path);

  protected:
    void done(int result) override;

  private:
    void createWidgets();
    void createLayout();
    void startOrCancel();
    void onDone(const Result<ExportReport>& report);
    void refresh();

    Session& m_session;
    PathEdit* m_path;
    QComboBox* m_storage;
    QSpinBox* m_seed;
    QCheckBox* m_headValues;
    QProgressBar* m_progress;
    QLabel* m_result;
    QPushButton *m_start, *m_open;
    QTimer m_timer;
    JobId m_job = 0;
    QString m_written;
};

}  // namespace halftone::app
