// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QList>
#include <QObject>
#include <QString>

#include <optional>

#include "core/model/memory_estimate.h"

namespace halftone::app {

class DeviceService;
class ModelJobs;
class RunChoice;

/// How the exported model is to be run, beside the types of its cache (RunChoice).
struct MemoryOptions {
    int64_t contextLength = 4096;  ///< wished for; a model with a shorter context takes its own
    int64_t batchTokens = 512;
    int64_t budgetBytes = 0;  ///< stated by the user; 0: none
    bool operator==(const MemoryOptions&) const = default;
};

/// Memory that a run may take.
struct MemoryLimit {
    enum class Kind { Machine, Device, Budget } kind = Kind::Machine;
    QString name;
    int64_t bytes = 0;
};

/// Whether the recipe's model fits into a limit, and what would make it fit.
struct MemoryVerdict {
    int64_t freeBytes = 0;                  ///< negative: so much must go
    std::optional<int64_t> longestContext;  ///< that would fit; nullopt: none does
    double bitsThatFit = 0;                 ///< per weight, beside cache and scratch; not positive: none
    [[nodiscard]] bool fits() const { return freeBytes >= 0; }
};

/// What running the recipe's model takes, with the cache that recipes are run with. Follows recipe, model and devices;
/// nothing is computed in the background, as it is a handful of products. GUI thread.
class MemoryService : public QObject {
    Q_OBJECT

  public:
    MemoryService(ModelJobs& modelJobs, DeviceService& devices, RunChoice& runChoice, QObject* parent = nullptr);

    [[nodiscard]] const MemoryOptions& options() const { return m_options; }
    void setOptions(const MemoryOptions& options);
    /// The context that is counted: the wish, or the model's where that is shorter.
    [[nodiscard]] int64_t contextLength() const;
    [[nodiscard]] int64_t longestContext() const;
    /// nullopt: problem() says why.
    [[nodiscard]] const std::optional<MemoryEstimate>& estimate() const { return m_estimate; }
    [[nodiscard]] const QString& problem() const { return m_problem; }
    /// The machine, its devices, and the budget if there is one.
    [[nodiscard]] QList<MemoryLimit> limits() const;
    /// Precondition: there is an estimate.
    [[nodiscard]] MemoryVerdict verdict(const MemoryLimit& limit) const;

    void recompute();

  signals:
    void changed();

  private:
    [[nodiscard]] MemoryRequest request() const;

    ModelJobs& m_modelJobs;
    DeviceService& m_devices;
    RunChoice& m_runChoice;
    MemoryOptions m_options;
    std::optional<MemoryEstimate> m_estimate;
    QString m_problem;
};

}  // namespace halftone::app
