// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>
#include <QString>

#include <memory>
#include <optional>

#include "app/session/model_jobs.h"
#include "core/export/gguf_export.h"

namespace halftone::app {

/// Plans and writes the GGUF file of the recipe in work.
class ExportService : public QObject {
    Q_OBJECT

  public:
    explicit ExportService(ModelJobs& modelJobs, QObject* parent = nullptr);

    void reset(std::shared_ptr<const Checkpoint> checkpoint);
    /// planReady() or planFailed() follows.
    void makePlan();
    /// exported() or exportFailed() follows.
    void start(const QString& target);
    void cancel();
    [[nodiscard]] bool isRunning() const;
    /// Progress of the export for the dialog, or nothing.
    [[nodiscard]] std::optional<JobStatus> status();

  signals:
    void planReady(const halftone::ExportPlan& plan);
    void planFailed(const QString& message);
    void exported(const halftone::ExportReport& report);
    /// The message is empty if it was cancelled.
    void exportFailed(const QString& message);

  private:
    void onExported(const Result<ExportReport>& report);

    ModelJobs& m_modelJobs;
    std::shared_ptr<const Checkpoint> m_checkpoint;
    JobId m_job = 0;
};

}  // namespace halftone::app
