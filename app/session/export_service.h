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
    /// planReady() follows.
    void makePlan();
    /// finished() follows.
    void start(const QString& target);
    void cancel();
    [[nodiscard]] bool isRunning() const;
    /// Progress of the export for the dialog, or nothing.
    [[nodiscard]] std::optional<JobStatus> status();

  signals:
    void planReady(const halftone::Result<halftone::ExportPlan>& plan);
    void finished(const halftone::Result<halftone::ExportReport>& report);

  private:
    ModelJobs& m_modelJobs;
    std::shared_ptr<const Checkpoint> m_checkpoint;
    JobId m_job = 0;
};

}  // namespace halftone::app
