// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QHash>
#include <QTimer>
#include <QWidget>

#include "app/jobs/job.h"

class QLabel;
class QProgressBar;
class QVBoxLayout;

namespace halftone::app {

class JobManager;

/// A line per running or waiting job: what it does, how far it is, how fast, how long it will take, and cancel. When
/// nothing runs, one line says what ended last.
class JobsStrip : public QWidget {
    Q_OBJECT

  public:
    explicit JobsStrip(JobManager& jobs, QWidget* parent = nullptr);
    [[nodiscard]] int lineCount() const { return int(m_lines.size()); }

  private:
    [[nodiscard]] static QString endText(JobState state);
    struct Line {
        QWidget* widget = nullptr;
        QLabel *title = nullptr, *figures = nullptr;
        QProgressBar* bar = nullptr;
        QString name;
        double seconds = 0;
    };
    Line createLine(JobId id);
    void refresh();
    void fill(const Line& line, const JobStatus& status) const;

    JobManager& m_jobs;
    QVBoxLayout* m_layout;
    QLabel* m_idle;
    QHash<JobId, Line> m_lines;
    QHash<JobId, JobState> m_ended;  ///< of jobs whose line is still there
    QTimer m_timer;
};

/// "43 MB/s · 12 s left", "waiting", "stopping…".
[[nodiscard]] QString jobFigures(const JobStatus& status);

}  // namespace halftone::app
