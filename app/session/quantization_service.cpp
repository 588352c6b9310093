// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/session/quantization_service.h"

#include "app/session/message_log.h"
#include "app/session/recipe_editor.h"

namespace halftone::app {

namespace {

const QString kTag = QStringLiteral("quantization");

struct PassSummary {};

}  // namespace

/// Factors that a method folds into neighbouring tensors are left out: they belong to the model and not to the tensor.
Result<Distortion> QuantizationService::measure(const Source& source, const Task& task, FactorCache& factors,
                                                const JobContext& context) {
    const auto& info = source.checkpoint->tensors()[size_t(task.tensor)];
    HT_ASSIGN_OR_RETURN(const auto rows, openRows(source.checkpoint, info));
    const JobContext quiet{context.stop, nullptr, context.pool};
    QuantizeOptions options;
    options.tensorName = info.canonicalName;
    PreparedMethod prepared;
    if (!task.method.isDefault()) {
        const auto* statistics = source.calibration ? source.calibration->find(info.canonicalName) : nullptr;
        const MethodRequest request{.layout = PackedLayout::of(task.format, rows->cols()),
                                    .method = task.method,
                                    .statistics = statistics,
                                    .channelScale = {},
                                    .tensor = info.canonicalName};
        HT_ASSIGN_OR_RETURN(prepared, prepareMethod(request, factors, quiet));
        options.encoder = prepared.encoder.get();
        options.importance = prepared.importance;
    } else if (source.importance) {
        const auto found = source.importance->byTensor.find(info.canonicalName);
        if (found != source.importance->byTensor.end()) options.importance = found->second;
    }
    auto result = quantizeStreaming(
        *rows, task.format, options, [](std::span<const std::byte>) { return Status{}; }, quiet);
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
    m_calibration.reset();
    m_importance.reset();
    m_entries.assign(m_checkpoint ? m_checkpoint->tensors().size() : 0, Entry{});
}

void QuantizationService::setCalibration(std::shared_ptr<const Calibration> calibration,
                                         std::shared_ptr<const ImportanceData> importance) {
    m_calibration = std::move(calibration);
    m_importance = std::move(importance);
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
    if (!known.isEmpty()) emit tensorsChanged(known);
    if (needsWork) startPending();
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
    std::vector<Task> tasks;
    int64_t totalBytes = 0;
    for (int tensor = 0; tensor < int(m_entries.size()); ++tensor) {
        if (m_entries[size_t(tensor)].state != FigureState::Pending) continue;
        const auto* resolved = m_recipe.resolvedTensor(tensor);
        tasks.push_back({tensor, resolved->format, resolved->method});
        totalBytes += int64_t(m_checkpoint->tensors()[size_t(tensor)].sizeBytes);
    }
    m_jobs.start<PassSummary>(
        {tr("Error of the recipe's formats"), JobLane::Quantization, kTag}, this,
        [this, tasks, totalBytes,
         source = Source{m_checkpoint, m_calibration, m_importance}](const JobControl& control) -> Result<PassSummary> {
            FactorCache factors;
            control.context().start("quantizing", totalBytes, "B");
            for (const auto& task : tasks) {
                HT_TRY(control.context().checkpoint());
                auto result = measure(source, task, factors, control.context());
                if (!result && result.error().code == ErrorCode::kCancelled) return tl::unexpected(result.error());
                control.post([this, task, result] { store(task, result); });
            }
            return PassSummary{};
        },
        [this](const Result<PassSummary>& result) {
            if (result) return;
            m_messages.fail(tr("Error of the formats"), result.error());
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
    if (result) entry.tried[{task.format, task.method.name()}] = *result;
    const auto* resolved = m_recipe.resolvedTensor(task.tensor);
    if (!resolved || resolved->kept || resolved->format != task.format || resolved->method != task.method) return;
    if (result) {
        entry.state = FigureState::Ready;
        entry.distortion = *result;
    } else {
        entry.state = FigureState::Failed;
        entry.distortion.reset();
        entry.problem = QString::fromStdString(result.error().message);
    }
    emit tensorsChanged({task.tensor});
}

}  // namespace halftone::app
