// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/session/device_service.h"

#include "app/jobs/job_manager.h"
#include "app/session/backend_factory.h"
#include "app/session/message_log.h"
#include "core/project/device_trials_file.h"

namespace halftone::app {

DeviceService::DeviceService(JobManager& jobs, MessageLog& messages, QObject* parent)
    : QObject(parent), m_jobs(jobs), m_messages(messages), m_entries(cpuDevices()) {
    decide();
}

void DeviceService::refresh() {
    m_jobs.start<QList<DeviceEntry>>(
        {tr("Listing devices"), JobLane::Compute, QStringLiteral("devices"), true}, this,
        [](const JobControl&) -> Result<QList<DeviceEntry>> { return cpuDevices() + vulkanDevices(); },
        [this](const Result<QList<DeviceEntry>>& entries) {
            if (!entries) return;
            m_entries = *entries;
            takeTrials(loadDeviceTrials(deviceTrialsPath()));
            tryDevices();
        });
}

void DeviceService::takeTrials(const DeviceTrials& trials) {
    for (auto& entry : m_entries) entry.trial = trialOf(trials, entry.trialName());
    decide();
}

/// The CPU and the GPUs that have not been tried on this machine; nothing without a GPU, as there is no choice then.
void DeviceService::tryDevices() {
    QList<DeviceEntry> untried;
    bool hasGpu = false;
    for (const auto& entry : m_entries) {
        hasGpu |= entry.isGpu();
        if (!entry.trial && (entry.isGpu() || entry.id == QLatin1String("cpu"))) untried.append(entry);
    }
    if (!hasGpu || untried.isEmpty()) return;
    m_jobs.start<DeviceTrials>(
        {tr("Measuring devices"), JobLane::Compute, QStringLiteral("devices"), true}, this,
        [untried](const JobControl& control) -> Result<DeviceTrials> {
            DeviceTrials trials = loadDeviceTrials(deviceTrialsPath());
            for (const auto& entry : untried) {
                HT_TRY(control.context().checkpoint());
                const auto backend = createBackend(entry.id.toStdString());
                if (!backend) continue;  // says so when it is to run
                const auto trial = tryDevice(**backend, control.context());
                if (trial) trials[entry.trialName()] = *trial;
            }
            // Where it cannot be kept it is made again at the next start.
            (void)saveDeviceTrials(deviceTrialsPath(), trials);
            return trials;
        },
        [this](const Result<DeviceTrials>& trials) {
            if (trials) takeTrials(*trials);
        });
}

void DeviceService::setChoice(const QString& choice) {
    m_lost.removeAll(choice);
    if (choice == QLatin1String("auto")) m_lost.clear();
    m_choice = choice;
    decide();
}

void DeviceService::markLost(const QString& id, const QString& message) {
    if (!m_lost.contains(id)) m_lost.append(id);
    decide();
    m_messages.warn(tr("%1 stopped working; the CPU takes over. %2").arg(id, message));
}

void DeviceService::decide() {
    m_decision = decideDevice(m_choice, m_entries, m_lost);
    emit changed();
}

}  // namespace halftone::app
