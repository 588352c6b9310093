// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/session/allocation_service.h"

#include "app/session/message_log.h"
#include "app/session/recipe_editor.h"

namespace halftone::app {

namespace {
const QString kTag = QStringLiteral("allocation");
}  // namespace

/// What was measured, and with what.
struct AllocationService::Table {
    AllocationOptions options;
    std::shared_ptr<const Calibration> calibration;
    std::vector<TensorSensitivity> trials;
    std::vector<AllocationTensor> tensors;

    [[nodiscard]] bool hasTrialsFor(const EvaluationOptions& measurement,
                                    const std::shared_ptr<const Calibration>& wanted) const {
        return options.measurement.sameMeasurement(measurement) && calibration == wanted;
    }
};

/// What a job takes along.
struct AllocationService::Job {
    std::vector<Format> formats;
    TensorTrials trials;
    std::shared_ptr<const Table> earlier;
};

AllocationService::AllocationService(ModelJobs& modelJobs, QObject* parent) : QObject(parent), m_modelJobs(modelJobs) {}

void AllocationService::reset(std::shared_ptr<const Checkpoint> checkpoint) {
    cancel();
    m_checkpoint = std::move(checkpoint);
    m_table.reset();
    emit stateChanged();
}

void AllocationService::cancel() {
    m_modelJobs.jobs().cancelTag(kTag);
}

bool AllocationService::isRunning() const {
    return m_modelJobs.jobs().hasTag(kTag);
}

bool AllocationService::isReady(const AllocationOptions& options) const {
    return m_table && m_table->hasTrialsFor(options.measurement, m_modelJobs.calibration()) &&
           m_table->options.formats == options.formats;
}

Result<std::shared_ptr<const AllocationService::Table>> AllocationService::build(Job& job,
                                                                                 const Engine::LostHandler& lost,
                                                                                 const JobContext& context) {
    auto& trials = job.trials;
    auto table = std::make_shared<Table>();
    table->options = {job.formats, trials.measurement};
    table->calibration = trials.weights.calibration;
    if (job.earlier && job.earlier->hasTrialsFor(trials.measurement, table->calibration)) {
        table->trials = job.earlier->trials;
    } else {
        HT_ASSIGN_OR_RETURN(table->trials, runTrials(trials, {}, lost, context));
    }
    const AllocationRequest request{trials.engineRequest.model->checkpoint, table->trials, trials.weights.recipe,
                                    job.formats, table->calibration};
    HT_ASSIGN_OR_RETURN(table->tensors, allocationTable(request, context));
    return table;
}

void AllocationService::measure(const AllocationOptions& options) {
    if (const QString why = m_modelJobs.whyNot(); !why.isEmpty()) return m_modelJobs.messages().warn(why);
    if (!m_checkpoint) return;
    const auto probe = resolve(Recipe::pure(Format::of(DType::kQ4_K)), m_checkpoint->tensors());
    auto tensors = changedTensors(probe, *m_modelJobs.model()->graph);
    auto job = std::make_shared<Job>(Job{options.formats,
                                         {options.measurement, m_modelJobs.engineRequest(),
                                          m_modelJobs.weightsRequest(probe), m_modelJobs.engine(), std::move(tensors)},
                                         m_table});
    using Built = std::shared_ptr<const Table>;
    m_modelJobs.jobs().start<Built>(
        {tr("Measuring what each tensor is worth"), JobLane::Compute, kTag}, this,
        [this, job](const JobControl& control) {
            return build(*job, m_modelJobs.lostHandler(control), control.context());
        },
        [this, job](Result<Built> built) {
            if (built && m_checkpoint == job->trials.engineRequest.model->checkpoint) {
                m_table = *built;
                emit measured();
            } else if (!built && built.error().code != ErrorCode::kCancelled) {
                m_modelJobs.messages().fail([] { return tr("Allocation"); }, built.error());
            }
            emit stateChanged();
        });
    emit stateChanged();
}

Result<AllocatedRecipe> AllocationService::allocate(int64_t budgetBytes) const {
    return allocateRecipe(*m_checkpoint, m_table->tensors, budgetBytes);
}

void AllocationService::take(const AllocatedRecipe& allocated) {
    m_modelJobs.recipe().apply(allocated.recipe, [bits = allocated.totals.bitsPerWeight()] {
        return tr("Allocate %1 bits per weight").arg(bits, 0, 'f', 2);
    });
}

}  // namespace halftone::app
