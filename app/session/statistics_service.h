// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>
#include <QString>

#include <memory>
#include <vector>

#include "app/jobs/job_manager.h"
#include "core/checkpoint/checkpoint.h"
#include "core/stats/tensor_stats.h"

namespace halftone::app {

class MessageLog;
class TensorQueue;

enum class FigureState { None, Pending, Ready, Failed };

/// Statistics of every tensor, computed in the background one after the other and announced row by row.
class StatisticsService : public QObject {
    Q_OBJECT

  public:
    StatisticsService(JobManager& jobs, MessageLog& messages, QObject* parent = nullptr);

    /// Drops what there is and starts over; a null checkpoint only drops.
    void start(std::shared_ptr<const Checkpoint> checkpoint);
    /// Figures so far, or null. The histogram is empty for checkpoints of very many tensors (histogramsKept()).
    [[nodiscard]] std::shared_ptr<const TensorStats> of(int tensor) const;
    [[nodiscard]] FigureState state(int tensor) const;
    /// Why a tensor has no statistics.
    [[nodiscard]] QString problem(int tensor) const;
    [[nodiscard]] int readyCount() const { return m_readyCount; }
    [[nodiscard]] bool histogramsKept() const;
    /// Takes these tensors next: somebody looks at them.
    void prioritize(const QList<int>& tensors);

  signals:
    void reset();
    void tensorReady(int tensor);
    void finished();

  private:
    struct Entry {
        FigureState state = FigureState::None;
        std::shared_ptr<const TensorStats> stats;
        QString problem;
    };
    void store(int tensor, Result<TensorStats> stats);

    JobManager& m_jobs;
    MessageLog& m_messages;
    std::shared_ptr<const Checkpoint> m_checkpoint;
    std::shared_ptr<TensorQueue> m_queue;
    std::vector<Entry> m_entries;
    int m_readyCount = 0;
};

}  // namespace halftone::app
