// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>
#include <QString>

#include <memory>
#include <optional>
#include <vector>

#include "app/session/tensor_trials.h"
#include "core/pipeline/allocate_recipe.h"

namespace halftone::app {

struct AllocationOptions {
    std::vector<Format> formats;  ///< to choose from
    EvaluationOptions measurement;
};

/// Finds the recipe that loses least at a given size. The costly part, what each tensor costs alone and what each
/// format does to it, is measured once in the background; after that every size is answered at once.
class AllocationService : public QObject {
    Q_OBJECT

  public:
    explicit AllocationService(ModelJobs& modelJobs, QObject* parent = nullptr);

    void reset(std::shared_ptr<const Checkpoint> checkpoint);
    /// Measures what is missing for these options; measured() tells the end.
    void measure(const AllocationOptions& options);
    void cancel();
    [[nodiscard]] bool isRunning() const;
    /// Everything these options need has been measured.
    [[nodiscard]] bool isReady(const AllocationOptions& options) const;
    /// The best recipe within the budget, an undo step away from being the one in work. Precondition: isReady().
    [[nodiscard]] Result<AllocatedRecipe> allocate(int64_t budgetBytes) const;
    void take(const AllocatedRecipe& allocated);

  signals:
    void measured();
    /// Running or not.
    void stateChanged();

  private:
    struct Job;
    struct Table;
    static Result<std::shared_ptr<const Table>> build(Job& job, const Engine::LostHandler& lost,
                                                      const JobContext& context);

    ModelJobs& m_modelJobs;
    std::shared_ptr<const Checkpoint> m_checkpoint;
    std::shared_ptr<const Table> m_table;  ///< the last one; its trials serve other formats too
};

}  // namespace halftone::app
