// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>
#include <QString>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/session/tensor_trials.h"

namespace halftone::app {

/// What the model's predictions lose when one tensor alone takes the format that the recipe gives it: which tensors are
/// worth their bits. Each takes a run from its block; figures are kept by format and method, so that after an edit only
/// what changed has to be tried.
class SensitivityService : public QObject {
    Q_OBJECT

  public:
    explicit SensitivityService(ModelJobs& modelJobs, QObject* parent = nullptr);

    void reset(std::shared_ptr<const Checkpoint> checkpoint);
    /// Tries every tensor that the recipe changes and that has no figure yet. Figures of another text, protocol or
    /// calibration are dropped.
    void start(const EvaluationOptions& options);
    void cancel();
    [[nodiscard]] bool isRunning() const;

    /// The tensor's figure in the format that the recipe gives it, or, stale, in the one tried last; null: none.
    [[nodiscard]] const Estimate* of(int tensor) const;
    [[nodiscard]] bool isStale(int tensor) const;
    /// The tensor's figure in any format and method that was tried; null: it was not.
    [[nodiscard]] const Estimate* of(int tensor, const Format& format, const MethodChoice& method) const;
    /// Anything has been tried, or is being tried.
    [[nodiscard]] bool hasFigures() const { return m_options.has_value(); }
    /// Tensors that the recipe changes and that have no figure yet.
    [[nodiscard]] int missing() const;

  signals:
    void tensorsChanged(const QList<int>& tensors);
    /// Running or not, or how many are missing.
    void stateChanged();

  private:
    struct Job;
    struct Entry {
        std::map<std::string, Estimate> byFormat;  ///< key: format and method
        std::string latest;
    };
    [[nodiscard]] std::string keyOf(int tensor) const;
    [[nodiscard]] std::vector<std::string> tensorsToTry() const;
    void store(const Job& job, const TensorSensitivity& found);

    ModelJobs& m_modelJobs;
    std::shared_ptr<const Checkpoint> m_checkpoint;
    std::map<std::string, int> m_indexOf;  ///< canonical name -> tensor
    std::vector<Entry> m_entries;
    std::optional<EvaluationOptions> m_options;  ///< of the figures there are
    std::shared_ptr<const Calibration> m_calibration;
};

}  // namespace halftone::app
