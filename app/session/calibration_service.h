// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>
#include <QString>

#include <memory>
#include <vector>

#include "app/session/model_jobs.h"
#include "core/quant/methods/calibration.h"
#include "core/stats/tensor_stats.h"

namespace halftone::app {

struct CalibrationOptions {
    QString textPath;
    int64_t contextLength = 512;
    int64_t maxTokens = 8192;  ///< the text is cut after this many
};

/// What entered one linear layer while the calibration text ran.
struct LayerActivations {
    TensorStats summary;                 ///< over all tokens and channels
    std::vector<int64_t> worstChannels;  ///< by descending maximum
};

/// Runs the calibration text through the original model and keeps the activations of every linear layer.
class CalibrationService : public QObject {
    Q_OBJECT

  public:
    explicit CalibrationService(ModelJobs& modelJobs, QObject* parent = nullptr);

    void reset(std::shared_ptr<const Checkpoint> checkpoint);
    void start(const CalibrationOptions& options);
    void cancel();
    [[nodiscard]] bool isRunning() const;
    [[nodiscard]] bool hasData() const { return m_tokens > 0; }
    [[nodiscard]] int64_t tokens() const { return m_tokens; }
    [[nodiscard]] const QString& textPath() const { return m_options.textPath; }
    /// How the data was made; of meaning while hasData().
    [[nodiscard]] const CalibrationOptions& options() const { return m_options; }
    /// Null before calibration and for tensors that are no linear layer's weight.
    [[nodiscard]] std::shared_ptr<const LayerActivations> of(int tensor) const;
    /// What methods may know of the layers' inputs, the second moments only where they fit into memory; null before.
    [[nodiscard]] std::shared_ptr<const Calibration> calibration() const { return m_calibration; }
    [[nodiscard]] const QString& problem() const { return m_problem; }

  signals:
    void changed();

  private:
    struct Outcome;
    static Result<std::shared_ptr<Outcome>> calibrate(Engine& engine, EngineRequest request,
                                                      const CalibrationOptions& options,
                                                      const Engine::LostHandler& lost, const JobContext& context);
    void store(Outcome outcome, const CalibrationOptions& options);

    ModelJobs& m_modelJobs;
    std::shared_ptr<const Checkpoint> m_checkpoint;
    std::vector<std::shared_ptr<const LayerActivations>> m_layers;
    std::shared_ptr<const Calibration> m_calibration;
    CalibrationOptions m_options;
    QString m_problem;
    int64_t m_tokens = 0;
};

}  // namespace halftone::app
