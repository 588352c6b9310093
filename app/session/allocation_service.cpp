// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/session/allocation_service.h"

#include "app/session/message_log.h"
#include "app/session/recipe_editor.h"

namespace halftone::app {

namespace {
const QString kTag = QStringLiteral("allocation");
constexpr int64_t kMostReferenceBytes = int64_t(4) << 30;
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
    AllocationOptions options;
    EngineRequest engineRequest;
    WeightsRequest probe;
    std::shared_ptr<Engine> engine;
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

Result<std::vector<TensorSensitivity>> AllocationService::tryTensors(Job& job, const Engine::LostHandler& lost,
                                                                     const JobContext& context) {
    const auto& measurement = job.options.measurement;
    if (job.earlier && job.earlier->hasTrialsFor(measurement, job.probe.calibration)) return job.earlier->trials;
    const auto& protocol = measurement.protocol;
    const auto& model = *job.engineRequest.model;
    HT_TRY(checkContextLength(model.graph->config, protocol.contextLength));
    HT_ASSIGN_OR_RETURN(const auto tokens, tokenizeFile(model, measurement.textPath));
    HT_ASSIGN_OR_RETURN(const auto windows, makeWindows(tokens, protocol, evaluationBos(protocol, *model.tokenizer),
                                                        measurement.maxWindows));
    std::vector<std::string> names;
    for (const auto& tensor : job.probe.recipe.tensors) {
        if (tensor.quantizable && !tensor.kept && model.graph->findWeight(tensor.name) >= 0)
            names.push_back(tensor.name);
    }
    auto& engine = *job.engine;
    using Trials = std::vector<TensorSensitivity>;
    return engine.run<Trials>(job.engineRequest, lost, [&]() -> Result<Trials> {
        HT_ASSIGN_OR_RETURN(auto* session, engine.evaluation(job.engineRequest, windows, protocol, context));
        if (!session->reference()) HT_TRY(session->runReference(kMostReferenceBytes, {}, context));
        HT_ASSIGN_OR_RETURN(const auto applied, engine.recipeWeights(job.probe, context));
        const SensitivityRequest request{
            .original = engine.originalWeights(), .changed = applied.weights, .tensors = names};
        return measureSensitivity(*session, *model.graph, request, {}, context);
    });
}

Result<std::shared_ptr<const AllocationService::Table>> AllocationService::build(Job& job,
                                                                                 const Engine::LostHandler& lost,
                                                                                 const JobContext& context) {
    auto table = std::make_shared<Table>();
    table->options = job.options;
    table->calibration = job.probe.calibration;
    HT_ASSIGN_OR_RETURN(table->trials, tryTensors(job, lost, context));
    const AllocationRequest request{job.engineRequest.model->checkpoint, table->trials, job.probe.recipe,
                                    job.options.formats, job.probe.calibration};
    HT_ASSIGN_OR_RETURN(table->tensors, allocationTable(request, context));
    return table;
}

void AllocationService::measure(const AllocationOptions& options) {
    if (const QString why = m_modelJobs.whyNot(); !why.isEmpty()) return m_modelJobs.messages().warn(why);
    if (!m_checkpoint) return;
    const auto probe = resolve(Recipe::pure(Format::of(DType::kQ4_K)), m_checkpoint->tensors());
    auto job = std::make_shared<Job>(
        Job{options, m_modelJobs.engineRequest(), m_modelJobs.weightsRequest(probe), m_modelJobs.engine(), m_table});
    using Built = std::shared_ptr<const Table>;
    m_modelJobs.jobs().start<Built>(
        {tr("Measuring what each tensor is worth"), JobLane::Compute, kTag}, this,
        [this, job](const JobControl& control) {
            return build(*job, m_modelJobs.lostHandler(control), control.context());
        },
        [this, job](Result<Built> built) {
            if (built && m_checkpoint == job->engineRequest.model->checkpoint) {
                m_table = *built;
                emit measured();
            } else if (!built && built.error().code != ErrorCode::kCancelled) {
                m_modelJobs.messages().fail(tr("Allocation"), built.error());
            }
            emit stateChanged();
        });
    emit stateChanged();
}

Result<AllocatedRecipe> AllocationService::allocate(int64_t budgetBytes) const {
    return allocateRecipe(*m_checkpoint, m_table->tensors, budgetBytes);
}

void AllocationService::take(const AllocatedRecipe& allocated) {
    m_modelJobs.recipe().apply(allocated.recipe,
                               tr("Allocate %1 bits per weight").arg(allocated.totals.bitsPerWeight(), 0, 'f', 2));
}

}  // namespace halftone::app
