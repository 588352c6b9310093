// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/session/sensitivity_service.h"

#include "app/session/message_log.h"
#include "app/session/recipe_editor.h"

namespace halftone::app {

namespace {
const QString kTag = QStringLiteral("sensitivity");

std::string keyOfTarget(const ResolvedTensor& target) {
    return target.format.name() + ' ' + target.method.name();
}

bool isChanged(const ResolvedTensor& target) {
    return target.quantizable && !target.kept;
}
}  // namespace

/// What a job takes along.
struct SensitivityService::Job {
    TensorTrials trials;
    std::map<std::string, std::string> keys;  // by tensor
};

SensitivityService::SensitivityService(ModelJobs& modelJobs, QObject* parent)
    : QObject(parent), m_modelJobs(modelJobs) {
    connect(&m_modelJobs.recipe(), &RecipeEditor::changed, this, &SensitivityService::stateChanged);
}

void SensitivityService::reset(std::shared_ptr<const Checkpoint> checkpoint) {
    cancel();
    m_checkpoint = std::move(checkpoint);
    m_indexOf.clear();
    m_entries.clear();
    m_options.reset();
    if (m_checkpoint) {
        const auto tensors = m_checkpoint->tensors();
        for (size_t i = 0; i < tensors.size(); ++i) m_indexOf[tensors[i].canonicalName] = int(i);
        m_entries.resize(tensors.size());
    }
    emit stateChanged();
}

void SensitivityService::cancel() {
    m_modelJobs.jobs().cancelTag(kTag);
}

bool SensitivityService::isRunning() const {
    return m_modelJobs.jobs().hasTag(kTag);
}

std::string SensitivityService::keyOf(int tensor) const {
    const auto* target = m_modelJobs.recipe().resolvedTensor(tensor);
    return target && isChanged(*target) ? keyOfTarget(*target) : std::string();
}

const Estimate* SensitivityService::of(int tensor) const {
    if (tensor < 0 || size_t(tensor) >= m_entries.size()) return nullptr;
    const Entry& entry = m_entries[size_t(tensor)];
    const std::string key = keyOf(tensor);
    if (key.empty()) return nullptr;  // as stored: nothing is lost, and nothing was tried
    if (const auto found = entry.byFormat.find(key); found != entry.byFormat.end()) return &found->second;
    const auto latest = entry.byFormat.find(entry.latest);
    return latest == entry.byFormat.end() ? nullptr : &latest->second;
}

const Estimate* SensitivityService::of(int tensor, const Format& format, const MethodChoice& method) const {
    if (tensor < 0 || size_t(tensor) >= m_entries.size()) return nullptr;
    const Entry& entry = m_entries[size_t(tensor)];
    const auto found =
        entry.byFormat.find(keyOfTarget({.name = {}, .requested = format, .format = format, .method = method}));
    return found == entry.byFormat.end() ? nullptr : &found->second;
}

bool SensitivityService::isStale(int tensor) const {
    return of(tensor) && !m_entries[size_t(tensor)].byFormat.contains(keyOf(tensor));
}

std::vector<std::string> SensitivityService::tensorsToTry() const {
    std::vector<std::string> names;
    const auto& model = m_modelJobs.model();
    if (!model) return names;
    for (std::string& name : changedTensors(m_modelJobs.recipe().resolved(), *model->graph)) {
        const int index = m_indexOf.at(name);
        if (!m_entries[size_t(index)].byFormat.contains(keyOf(index))) names.push_back(std::move(name));
    }
    return names;
}

int SensitivityService::missing() const {
    return int(tensorsToTry().size());
}

void SensitivityService::start(const EvaluationOptions& options) {
    if (const QString why = m_modelJobs.whyNot(); !why.isEmpty()) return m_modelJobs.messages().warn(why);
    const bool isSame = m_options && m_options->sameMeasurement(options) && m_calibration == m_modelJobs.calibration();
    if (!isSame) m_entries.assign(m_entries.size(), {});
    m_options = options;
    m_calibration = m_modelJobs.calibration();
    auto job = std::make_shared<Job>();
    job->trials = {options, m_modelJobs.engineRequest(), m_modelJobs.weightsRequest(), m_modelJobs.engine(),
                   tensorsToTry()};
    for (const std::string& name : job->trials.tensors) job->keys[name] = keyOf(m_indexOf.at(name));
    if (!isSame) emit tensorsChanged({});
    if (job->trials.tensors.empty()) return emit stateChanged();
    m_modelJobs.jobs().start<bool>(
        {tr("Trying %n tensors alone", nullptr, int(job->trials.tensors.size())), JobLane::Compute, kTag}, this,
        [this, job](const JobControl& control) -> Result<bool> {
            const auto observer = [this, &control, job](const TensorSensitivity& found) {
                control.post([this, job, found] { store(*job, found); });
            };
            const auto found = runTrials(job->trials, observer, m_modelJobs.lostHandler(control), control.context());
            if (!found) return tl::unexpected(found.error());
            return true;
        },
        [this](Result<bool> done) {
            if (!done && done.error().code != ErrorCode::kCancelled)
                m_modelJobs.messages().fail([] { return tr("Sensitivity"); }, done.error());
            emit stateChanged();
        });
    emit stateChanged();
}

void SensitivityService::store(const Job& job, const TensorSensitivity& found) {
    const auto& trials = job.trials;
    const bool isCurrent = m_checkpoint && trials.engineRequest.model->checkpoint == m_checkpoint && m_options &&
                           m_options->sameMeasurement(trials.measurement) &&
                           m_calibration == trials.weights.calibration;
    const auto index = m_indexOf.find(found.tensor);
    if (!isCurrent || index == m_indexOf.end()) return;
    Entry& entry = m_entries[size_t(index->second)];
    entry.latest = job.keys.at(found.tensor);
    entry.byFormat[entry.latest] = found.kld;
    emit tensorsChanged({index->second});
}

}  // namespace halftone::app
