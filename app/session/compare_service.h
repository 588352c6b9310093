// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QList>
#include <QObject>
#include <QString>

#include <array>
#include <optional>

#include "app/session/model_jobs.h"
#include "core/inference/generate.h"

namespace halftone::app {

struct CompareOptions {
    QString prompt;
    GenerateOptions generate;
};

/// One column of generated text.
struct CompareColumn {
    QList<GeneratedToken> tokens;
    bool finished = false;
    std::optional<StopReason> reason;
    double promptSeconds = 0, generateSeconds = 0;
    int64_t promptTokens = 0;
    QString problem;
    quint64 weightsKey = 0;  ///< 0 for the original
};

/// The original's and the recipe's continuation of one prompt, with the same seed, token by token.
class CompareService : public QObject {
    Q_OBJECT

  public:
    enum Side { Original = 0, Quantized = 1 };

    explicit CompareService(ModelJobs& modelJobs, QObject* parent = nullptr);

    void reset();
    void start(const CompareOptions& options);
    void stop();
    [[nodiscard]] bool isRunning() const;
    [[nodiscard]] const CompareColumn& column(Side side) const { return m_columns[side]; }
    [[nodiscard]] const QString& prompt() const { return m_prompt; }
    /// Index of the first token that differs; -1 as long as the columns agree.
    [[nodiscard]] int divergence() const { return m_divergence; }
    /// The recipe was edited since its column was generated.
    [[nodiscard]] bool isStale() const;

  signals:
    void started();
    void tokenAdded(halftone::app::CompareService::Side side);
    void stateChanged();

  private:
    struct Outcome;
    struct Request;
    static Result<std::shared_ptr<Outcome>> generateBoth(
        ModelJobs& modelJobs, Request request, const JobControl& control,
        const std::function<void(Side, const GeneratedToken&)>& onToken);
    void addToken(Side side, const GeneratedToken& token);
    void store(const Outcome& outcome);

    ModelJobs& m_modelJobs;
    std::array<CompareColumn, 2> m_columns;
    QString m_prompt;
    int m_divergence = -1;
};

}  // namespace halftone::app
