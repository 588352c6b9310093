// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/session/quantization_service.h"

#include <utility>

#include "app/language/core_text.h"
#include "app/session/device_remarks.h"
#include "app/session/message_log.h"
#include "app/session/model_jobs.h"
#include "app/session/recipe_editor.h"

namespace halftone::app {

namespace {

const QString kTag = QStringLiteral("quantization");

constexpr size_t kMostPlans = 16;

struct PassSummary {};

}  // namespace

/// The plan that evaluations and exports follow too, so that the figures are theirs.
Result<std::shared_ptr<const MethodPlan>> QuantizationService::makePlan(const Source& source,
                                                                        const JobContext& context) {
    if (source.model)
        return MethodPlan::create(source.checkpoint, *source.model->graph, source.recipe, source.calibration, context);
    if (const auto* tensor = firstWithMethod(source.recipe)) return methodNeedsModel(*tensor);
    return std::shared_ptr<const MethodPlan>();
}

Result<Distortion> QuantizationService::measure(const Source& source, const Task& task, const MethodPlan* plan,
                                                FactorCache& factors, const JobContext& context) {
    const auto& info = source.checkpoint->tensors()[size_t(task.tensor)];
    HT_ASSIGN_OR_RETURN(auto rows, openRows(source.checkpoint, info));
    const JobContext quiet{context.stop, nullptr, context.pool};
    PreparedMethod prepared;
    if (plan) {
        HT_ASSIGN_OR_RETURN(prepared, plan->prepare(task.target, factors, quiet));
    }
    const auto stored = rows;
    if (plan) rows = plan->scaled(task.target.name, std::move(rows));
    QuantizeOptions options = prepared.options(task.target.name);
    options.device = source.encoder->encoder(source.device);
    if (options.device) {
        const auto encodeTask = encodeTaskOf(task.target.format, rows->cols(), options);
        const bool isTaken = rows == stored && encodeTask && options.device->takes(*encodeTask);
        if (isTaken) options.deviceMatrix = source.encoder->matrix(task.tensor, *rows, quiet);
    }
    auto result = measureQuantized(*rows, task.target.format, options, quiet);
    context.advance(int64_t(info.sizeBytes));
    return result;
}

QuantizationService::QuantizationService(JobManager& jobs, MessageLog& messages, RecipeEditor& recipe, QObject* parent)
    : QObject(parent), m_jobs(jobs), m_messages(messages), m_recipe(recipe) {
    connect(&m_recipe, &RecipeEditor::changed, this, &QuantizationService::onRecipeChanged);
}

void QuantizationService::reset(std::shared_ptr<const Checkpoint> checkpoint) {
    m_jobs.cancelTag(kTag);
    m_checkpoint = std::move(checkpoint);
    m_encoder = std::make_shared<TensorEncoder>();
    m_calibration.reset();
    m_model.reset();
    m_awaitsModel = m_checkpoint != nullptr;
    m_plan.reset();
    m_plans.clear();
    m_entries.assign(m_checkpoint ? m_checkpoint->tensors().size() : 0, Entry{});
}

void QuantizationService::setCalibration(std::shared_ptr<const Calibration> calibration) {
    m_calibration = std::move(calibration);
    recomputeAll();
}

void QuantizationService::setModel(std::shared_ptr<const LoadedModel> model) {
    const bool awaited = std::exchange(m_awaitsModel, false);
    if (m_model == model && !awaited) return;
    m_model = std::move(model);
    recomputeAll();
}

void QuantizationService::setAwaitsCalibration(bool awaits) {
    if (std::exchange(m_awaitsCalibration, awaits) && !awaits) recomputeAll();
}

void QuantizationService::recomputeAll() {
    m_plans.clear();
    QList<int> all;
    for (int tensor = 0; tensor < int(m_entries.size()); ++tensor) {
        m_entries[size_t(tensor)].tried.clear();
        all.append(tensor);
    }
    onRecipeChanged(all);
}

const Distortion* QuantizationService::of(int tensor) const {
    if (tensor < 0 || size_t(tensor) >= m_entries.size()) return nullptr;
    const auto& entry = m_entries[size_t(tensor)];
    return entry.distortion ? &*entry.distortion : nullptr;
}

bool QuantizationService::isStale(int tensor) const {
    return of(tensor) && state(tensor) == FigureState::Pending;
}

FigureState QuantizationService::state(int tensor) const {
    return tensor >= 0 && size_t(tensor) < m_entries.size() ? m_entries[size_t(tensor)].state : FigureState::None;
}

QString QuantizationService::problem(int tensor) const {
    return tensor >= 0 && size_t(tensor) < m_entries.size() ? m_entries[size_t(tensor)].problem : QString();
}

void QuantizationService::onRecipeChanged(const QList<int>& tensors) {
    bool needsWork = false;
    QList<int> known;
    for (const int tensor : tensors) {
        if (size_t(tensor) >= m_entries.size()) continue;
        needsWork |= prepare(tensor);
        known.append(tensor);
    }
    const auto before = m_plan;
    if (!takeKnownPlan()) needsWork |= m_plan != nullptr;  // what is shown with it belongs to another recipe
    if (!known.isEmpty()) emit tensorsChanged(m_plan == before ? known : QList<int>());
    if (needsWork) startPending();
}

/// The plan of the recipe in work, where an earlier pass made it.
bool QuantizationService::takeKnownPlan() {
    const auto found = m_plans.find(recipeKey(m_recipe.resolved()));
    if (found == m_plans.end()) return false;
    m_plan = found->second;
    return true;
}

void QuantizationService::keepPlan(quint64 recipe, std::shared_ptr<const MethodPlan> plan) {
    if (m_plans.size() >= kMostPlans) m_plans.clear();
    m_plans[recipe] = plan;
    m_plan = std::move(plan);
    emit tensorsChanged({});
}

/// Brings the entry in line with the recipe as far as that needs no work; true if work is left.
bool QuantizationService::prepare(int tensor) {
    auto& entry = m_entries[size_t(tensor)];
    entry.problem.clear();
    const auto* resolved = m_recipe.resolvedTensor(tensor);
    if (!resolved || !resolved->quantizable || resolved->kept) {
        entry.state = FigureState::None;
        entry.distortion.reset();
        return false;
    }
    if (const auto found = entry.tried.find({resolved->format, resolved->method.name()}); found != entry.tried.end()) {
        entry.state = FigureState::Ready;
        entry.distortion = found->second;
        return false;
    }
    entry.state = FigureState::Pending;
    return true;
}

void QuantizationService::startPending() {
    // What brings it starts the pass.
    if ((m_awaitsModel || m_awaitsCalibration) && firstWithMethod(m_recipe.resolved())) return;
    std::vector<Task> tasks;
    int64_t totalBytes = 0;
    for (int tensor = 0; tensor < int(m_entries.size()); ++tensor) {
        if (m_entries[size_t(tensor)].state != FigureState::Pending) continue;
        tasks.push_back({tensor, *m_recipe.resolvedTensor(tensor)});
        totalBytes += int64_t(m_checkpoint->tensors()[size_t(tensor)].sizeBytes);
    }
    m_jobs.start<PassSummary>(
        {tr("Error of the recipe's formats"), JobLane::Quantization, kTag, false, true}, this,
        [this, tasks, totalBytes,
         source = Source{m_checkpoint, m_model, m_calibration, m_recipe.resolved(), m_device, m_encoder}](
            const JobControl& control) -> Result<PassSummary> {
            HT_ASSIGN_OR_RETURN(const auto plan,
                                makePlan(source, {control.context().stop, nullptr, control.context().pool}));
            control.post([this, plan, recipe = recipeKey(source.recipe)] { keepPlan(recipe, plan); });
            // What cannot be learned is told tensor by tensor below.
            const Status learned = plan ? plan->learnRounding(control.context()) : Status();
            if (!learned && learned.error().code == ErrorCode::kCancelled) return tl::unexpected(learned.error());
            control.context().start("quantizing", totalBytes, "B");
            FactorCache factors;
            for (const auto& task : tasks) {
                HT_TRY(control.context().checkpoint());
                auto result = measure(source, task, plan.get(), factors, control.context());
                if (!result && result.error().code == ErrorCode::kCancelled) return tl::unexpected(result.error());
                control.post([this, task, result] { store(task, result); });
            }
            if (const auto* device = source.encoder->encoder(source.device))
                control.post([this, remarks = device->remarks()] { tellDeviceRemarks(m_messages, remarks); });
            return PassSummary{};
        },
        [this](const Result<PassSummary>& result) {
            if (result) return;
            m_messages.fail([] { return tr("Error of the formats"); }, result.error());
            abandonPending();
        });
}

/// The pass was cancelled: what it did not reach has no figures until the next edit.
void QuantizationService::abandonPending() {
    QList<int> tensors;
    for (int tensor = 0; tensor < int(m_entries.size()); ++tensor) {
        auto& entry = m_entries[size_t(tensor)];
        if (entry.state != FigureState::Pending) continue;
        entry.state = FigureState::None;
        entry.distortion.reset();
        tensors.append(tensor);
    }
    if (!tensors.isEmpty()) emit tensorsChanged(tensors);
}

void QuantizationService::store(const Task& task, const Result<Distortion>& result) {
    if (size_t(task.tensor) >= m_entries.size()) return;
    auto& entry = m_entries[size_t(task.tensor)];
    if (result) entry.tried[{task.target.format, task.target.method.name()}] = *result;
    const auto* resolved = m_recipe.resolvedTensor(task.tensor);
    if (!resolved || resolved->kept || resolved->format != task.target.format || resolved->method != task.target.method)
        return;
    if (result) {
        entry.state = FigureState::Ready;
        entry.distortion = *result;
    } else {
        entry.state = FigureState::Failed;
        entry.distortion.reset();
        entry.problem = errorText(result.error());
    }
    emit tensorsChanged({task.tensor});
}

}  // namespace halftone::app
