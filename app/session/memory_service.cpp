// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/session/memory_service.h"

#include <algorithm>

#include "app/language/core_text.h"
#include "app/session/device_service.h"
#include "app/session/model_jobs.h"
#include "app/session/recipe_editor.h"
#include "app/session/run_choice.h"

namespace halftone::app {

MemoryService::MemoryService(ModelJobs& modelJobs, DeviceService& devices, RunChoice& runChoice, QObject* parent)
    : QObject(parent), m_modelJobs(modelJobs), m_devices(devices), m_runChoice(runChoice) {
    connect(&m_modelJobs, &ModelJobs::modelChanged, this, &MemoryService::recompute);
    connect(&m_modelJobs.recipe(), &RecipeEditor::changed, this, &MemoryService::recompute);
    connect(&m_devices, &DeviceService::changed, this, &MemoryService::changed);
    connect(&m_runChoice, &RunChoice::changed, this, &MemoryService::recompute);
    recompute();
}

void MemoryService::setOptions(const MemoryOptions& options) {
    if (options == m_options) return;
    m_options = options;
    recompute();
}

int64_t MemoryService::longestContext() const {
    const auto& model = m_modelJobs.model();
    return model ? std::max<int64_t>(model->graph->config.contextLength, 1) : m_options.contextLength;
}

int64_t MemoryService::contextLength() const {
    return std::min(m_options.contextLength, longestContext());
}

MemoryRequest MemoryService::request() const {
    return {.weightBytes = m_modelJobs.recipe().resolved().totals.bytes,
            .contextLength = contextLength(),
            .keyType = m_runChoice.storedCache().key,
            .valueType = m_runChoice.storedCache().value,
            .batchTokens = m_options.batchTokens};
}

void MemoryService::recompute() {
    m_estimate.reset();
    m_problem = m_modelJobs.whyNot();
    if (const auto& model = m_modelJobs.model()) {
        const auto estimate = estimateMemory(model->graph->config, request());
        if (estimate) {
            m_estimate = *estimate;
        } else {
            m_problem = errorText(estimate.error());
        }
    }
    emit changed();
}

QList<MemoryLimit> MemoryService::limits() const {
    QList<MemoryLimit> limits;
    for (const auto& entry : m_devices.entries()) {
        if (entry.memoryBytes <= 0 || entry.isSoftware) continue;
        const bool isMachine = entry.id == QLatin1String("cpu");
        limits.append({isMachine ? MemoryLimit::Kind::Machine : MemoryLimit::Kind::Device,
                       isMachine ? tr("RAM") : entry.name, entry.memoryBytes});
    }
    if (m_options.budgetBytes > 0) limits.append({MemoryLimit::Kind::Budget, tr("Budget"), m_options.budgetBytes});
    return limits;
}

MemoryVerdict MemoryService::verdict(const MemoryLimit& limit) const {
    MemoryVerdict verdict;
    verdict.freeBytes = limit.bytes - m_estimate->total();
    if (const auto longest = halftone::longestContext(m_modelJobs.model()->graph->config, request(), limit.bytes))
        verdict.longestContext = *longest;
    const double weights = double(m_modelJobs.recipe().resolved().totals.parameters);
    if (weights > 0) verdict.bitsThatFit = 8.0 * double(roomForWeights(*m_estimate, limit.bytes)) / weights;
    return verdict;
}

}  // namespace halftone::app
