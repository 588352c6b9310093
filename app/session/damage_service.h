// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>
#include <QString>

#include <memory>
#include <optional>
#include <vector>

#include "app/session/model_jobs.h"
#include "core/evaluation/token_comparison.h"

namespace halftone::app {

class EvaluationService;
struct EvaluationRun;

/// Where one scored token of an evaluation stands.
struct ScoredPlace {
    int window = -1;
    int token = -1;  ///< index into the window's tokens
};

/// What one part of the model does to one token: the divergence there when only this part is quantized.
struct LayerDamage {
    QString name;
    int block = -1;            ///< -1: outside the blocks
    std::vector<int> tensors;  ///< of the checkpoint
    double kld = 0;
};

/// The token that is looked at closely.
struct TokenStudy {
    int scored = -1;  ///< index among the scored tokens of the run
    std::optional<TokenComparison> comparison;
    std::vector<LayerDamage> layers;  ///< in the order of the model; grows while they are tried
    bool areLayersComplete = false;
    QString problem;
};

/// The damage that the recipe does to an evaluation text, word by word: figures of the latest run of a recipe that has
/// them, and for one token at a time what both models expected there and which layers matter for it.
class DamageService : public QObject {
    Q_OBJECT

  public:
    DamageService(ModelJobs& modelJobs, EvaluationService& evaluation, QObject* parent = nullptr);

    void reset();
    /// The run that is shown; null: none has figures per token. Valid until the next change.
    [[nodiscard]] const EvaluationRun* run() const;
    [[nodiscard]] int scoredCount() const;
    [[nodiscard]] ScoredPlace placeOf(int scored) const;
    /// Index among the scored tokens; -1: the place is not scored.
    [[nodiscard]] int scoredAt(const ScoredPlace& place) const;
    /// Scored tokens with the greatest divergence first, `most` of them.
    [[nodiscard]] std::vector<int> worst(int most) const;
    [[nodiscard]] std::shared_ptr<const Tokenizer> tokenizer() const;

    /// Runs both models up to the token, so that study() has their predictions.
    void look(int scored);
    /// Tries the recipe's layers one after the other in the original and measures this token.
    void tryLayers(int scored);
    [[nodiscard]] bool isTrying() const;
    void stop();
    [[nodiscard]] const TokenStudy& study() const { return m_study; }
    /// The figures belong to the recipe in work, so that a token can be looked at.
    [[nodiscard]] bool isCurrent() const;

  signals:
    /// Another run, or none.
    void runChanged();
    void studyChanged();

  private:
    struct Request;
    static Result<TokenComparison> compareAt(ModelJobs& modelJobs, Request request, const JobControl& control);
    static Result<bool> tryAll(ModelJobs& modelJobs, Request request, const JobControl& control,
                               const std::function<void(LayerDamage)>& onLayer);
    [[nodiscard]] std::shared_ptr<const Request> requestFor(int scored) const;
    void follow();
    void fail(int scored, const Error& error);

    ModelJobs& m_modelJobs;
    EvaluationService& m_evaluation;
    int m_run = -1;
    std::vector<int64_t> m_firstScored;  ///< of each window, and the end
    TokenStudy m_study;
};

}  // namespace halftone::app
