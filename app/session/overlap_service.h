// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>
#include <QStringList>

#include <memory>

#include "app/session/model_jobs.h"
#include "core/evaluation/text_overlap.h"
#include "core/inference/generate.h"

namespace halftone::app {

struct OverlapOptions {
    QStringList prompts;
    bool chatTemplate = false;  ///< prompts are messages of a user
    GenerateOptions generate;   ///< the same seed for both models
};

/// How much of the original's texts is in the recipe's, over a list of prompts that both continue by themselves.
/// Nothing of the texts is kept; the figures go to whoever keeps the runs.
class OverlapService : public QObject {
    Q_OBJECT

  public:
    explicit OverlapService(ModelJobs& modelJobs, QObject* parent = nullptr);

    /// Empty prompts are left out. A measurement in work gives way.
    void start(const OverlapOptions& options);
    void stop();
    [[nodiscard]] bool isRunning() const;

  signals:
    /// `weightsKey` names the recipe's weights.
    void measured(quint64 weightsKey, const halftone::TextOverlap& overlap);

  private:
    struct Request;
    static Result<TextOverlap> measure(ModelJobs& modelJobs, Request request, const JobControl& control);
    [[nodiscard]] std::vector<std::string> promptsFor(const OverlapOptions& options);

    ModelJobs& m_modelJobs;
};

}  // namespace halftone::app
