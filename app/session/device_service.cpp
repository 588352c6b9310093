// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/session/device_service.h"

#include <algorithm>
#include <utility>

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
            const auto earlier = std::exchange(m_entries, *entries);
            for (auto& entry : m_entries) entry.trial = trialIn(earlier, entry.id);
            decide();
            tryDevices();
        });
}

/// What was measured of a device stays known while it is measured again.
std::optional<DeviceTrial> DeviceService::trialIn(const QList<DeviceEntry>& entries, const QString& id) {
    const auto found = std::find_if(entries.begin(), entries.end(), [&](const auto& entry) { return entry.id == id; });
    return found == entries.end() ? std::nullopt : found->trial;
}

/// Where every candidate has its trial the job only reads them.
void DeviceService::tryDevices() {
    std::vector<TrialCandidate> candidates;
    for (const auto& entry : m_entries) {
        if (!entry.isGpu() && entry.id != QLatin1String("cpu")) continue;
        candidates.push_back({entry.trialName, [id = entry.id.toStdString()] { return createBackend(id); }});
    }
    m_jobs.start<DeviceTrials>(
        {tr("Measuring devices"), JobLane::Compute, QStringLiteral("devices"), true}, this,
        [candidates](const JobControl& control) {
            return completeDeviceTrials(deviceTrialsPath(), candidates, control.context());
        },
        [this](const Result<DeviceTrials>& trials) {
            if (!trials) return;
            for (auto& entry : m_entries) entry.trial = trialOf(*trials, entry.trialName);
            decide();
        });
}

void DeviceService::setChoice(const QString& choice) {
    m_lost.removeAll(choice);
    if (choice == QLatin1String("auto")) m_lost.clear();
    m_choice = choice;
    decide();
}

void DeviceService::setMemoryLimit(int64_t bytes) {
    if (bytes == m_memoryLimit) return;
    m_memoryLimit = bytes;
    emit changed();
}

int64_t DeviceService::effectiveMemoryLimit() const {
    return m_decision.id.startsWith(QLatin1String("vulkan")) ? m_memoryLimit : 0;
}

void DeviceService::setStreamedBytes(int64_t bytes) {
    if (bytes == m_streamedBytes) return;
    m_streamedBytes = bytes;
    emit changed();
}

void DeviceService::markLost(const QString& id, const QString& message) {
    if (!m_lost.contains(id)) m_lost.append(id);
    decide();
    m_messages.warn([=] { return tr("%1 stopped working; the CPU takes over. %2").arg(id, message); });
}

void DeviceService::decide() {
    m_decision = decideDevice(m_choice, m_entries, m_lost);
    emit changed();
}

}  // namespace halftone::app
