// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/session/export_service.h"

#include <QFileInfo>

#include "app/language/core_text.h"
#include "app/session/message_log.h"
#include "app/session/recipe_editor.h"
#include "app/widgets/number_text.h"
#include "core/pipeline/method_plan.h"

namespace halftone::app {

namespace {
const QString kTag = QStringLiteral("export");
}

ExportService::ExportService(ModelJobs& modelJobs, QObject* parent) : QObject(parent), m_modelJobs(modelJobs) {}

void ExportService::reset(std::shared_ptr<const Checkpoint> checkpoint) {
    m_modelJobs.jobs().cancelTag(kTag);
    m_checkpoint = std::move(checkpoint);
}

void ExportService::makePlan() {
    if (!m_checkpoint) return;
    m_modelJobs.jobs().start<ExportPlan>(
        {tr("Planning the export"), JobLane::Files, QStringLiteral("export-plan"), true}, this,
        [checkpoint = m_checkpoint, resolved = m_modelJobs.recipe().resolved()](const JobControl&) {
            return planGgufExport(*checkpoint, resolved);
        },
        [this](const Result<ExportPlan>& plan) {
            if (plan) {
                emit planReady(*plan);
            } else {
                emit planFailed(errorText(plan.error()));
            }
        });
}

void ExportService::start(const QString& target) {
    if (!m_checkpoint) return;
    m_job = m_modelJobs.jobs().start<ExportReport>(
        {tr("Exporting %1").arg(QFileInfo(target).fileName()), JobLane::Files, kTag}, this,
        [checkpoint = m_checkpoint, resolved = m_modelJobs.recipe().resolved(),
         text = m_modelJobs.recipe().recipe().toText(), model = m_modelJobs.model(),
         calibration = m_modelJobs.calibration(),
         path = std::filesystem::path(target.toStdString())](const JobControl& control) -> Result<ExportReport> {
            if (model) {
                return exportWithMethods(checkpoint, *model->graph, resolved, text, calibration, path,
                                         control.context());
            }
            if (const auto* tensor = firstWithMethod(resolved)) return methodNeedsModel(*tensor);
            return exportGguf(checkpoint, resolved, text, ImportanceData{}, path, control.context());
        },
        [this](const Result<ExportReport>& report) { onExported(report); });
}

void ExportService::onExported(const Result<ExportReport>& report) {
    m_job = 0;
    if (!report) {
        m_modelJobs.messages().fail([] { return tr("Export"); }, report.error());
        emit exportFailed(report.error().code == ErrorCode::kCancelled ? QString() : errorText(report.error()));
        return;
    }
    m_modelJobs.messages().note([path = QString::fromStdString(report->path.string()),
                                 verified = int(report->tensorsVerified), bytes = double(report->fileBytes)] {
        return tr("Exported %1, %2; %n tensors verified.", nullptr, verified).arg(path, bytesText(bytes));
    });
    emit exported(*report);
}

void ExportService::cancel() {
    m_modelJobs.jobs().cancelTag(kTag);
}

bool ExportService::isRunning() const {
    return m_job != 0;
}

std::optional<JobStatus> ExportService::status() {
    for (const auto& status : m_modelJobs.jobs().status()) {
        if (status.id == m_job) return status;
    }
    return std::nullopt;
}

}  // namespace halftone::app
