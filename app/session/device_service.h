// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>
#include <QStringList>

#include "app/session/device_choice.h"

namespace halftone::app {

class JobManager;
class MessageLog;

/// The devices of the machine, the user's choice, and what it comes to. Devices are listed on a worker thread: until
/// then the CPU is all there is. Where there is a GPU, it and the CPU are tried once (see
/// core/inference/device_trial.h); the outcome is kept for the next start.
class DeviceService : public QObject {
    Q_OBJECT

  public:
    DeviceService(JobManager& jobs, MessageLog& messages, QObject* parent = nullptr);

    void refresh();
    [[nodiscard]] const QList<DeviceEntry>& entries() const { return m_entries; }
    /// "auto" or an entry's id.
    [[nodiscard]] const QString& choice() const { return m_choice; }
    void setChoice(const QString& choice);
    [[nodiscard]] const DeviceDecision& decision() const { return m_decision; }
    /// What a Vulkan device may take of its memory, for jobs that start from now on; 0: what there is.
    [[nodiscard]] int64_t memoryLimit() const { return m_memoryLimit; }
    void setMemoryLimit(int64_t bytes);
    /// The limit, where the device that runs has one.
    [[nodiscard]] int64_t effectiveMemoryLimit() const;
    /// Weights that the last run brought from the host each time because they do not fit the device.
    [[nodiscard]] int64_t streamedBytes() const { return m_streamedBytes; }
    void setStreamedBytes(int64_t bytes);
    /// A device failed while running: it is not used again until it is chosen by hand.
    void markLost(const QString& id, const QString& message);

  signals:
    void changed();

  private:
    void decide();
    void tryDevices();
    static std::optional<DeviceTrial> trialIn(const QList<DeviceEntry>& entries, const QString& id);

    JobManager& m_jobs;
    MessageLog& m_messages;
    QList<DeviceEntry> m_entries;
    QStringList m_lost;
    QString m_choice = QStringLiteral("auto");
    DeviceDecision m_decision;
    int64_t m_memoryLimit = 0, m_streamedBytes = 0;
};

}  // namespace halftone::app
