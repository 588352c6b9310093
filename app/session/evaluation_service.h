// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QDateTime>
#include <QList>
#include <QObject>
#include <QString>

#include <map>
#include <memory>
#include <optional>

#include "app/session/model_jobs.h"
#include "core/evaluation/evaluate.h"
#include "core/evaluation/text_overlap.h"
#include "core/project/session_file.h"

namespace halftone::app {

enum class EvaluationTarget { Original, Recipe };

struct EvaluationOptions {
    QString textPath;
    Protocol protocol;
    int64_t maxWindows = 0;  ///< 0: the whole text
    RunFormat format{};      ///< of the recipe; scales of static rounding are found when it runs
    /// The same figures of the original, which runs with everything kept.
    [[nodiscard]] bool sameOriginal(const EvaluationOptions& other) const;
    [[nodiscard]] bool sameMeasurement(const EvaluationOptions& other) const;
};

/// Overlap of a recipe's texts with the original's, over a list of prompts.
struct OverlapFigures {
    double bleu = 0, rougeL = 0;  ///< 0 to 1
    int prompts = 0;              ///< 0: not said
};

/// One line of the table of runs. Figures of runs read back from a session file lack the per-token values.
struct EvaluationRun {
    EvaluationTarget target = EvaluationTarget::Original;
    QString name;  ///< "original", or the recipe's name
    Recipe recipe;
    quint64 weightsKey = 0;
    EvaluationOptions options;
    EvaluationResult result;
    double storeError = 0;  ///< standard error of the divergence that the reference's store adds
    int64_t bytes = 0;
    double bitsPerWeight = 0;
    std::optional<double> tokensPerSecond;  ///< of a run that computed everything; one that reused parts says nothing
    std::optional<OverlapFigures> overlap;  ///< of the same weights; measured apart from the run
    /// The text that result.tokenKld and its neighbours belong to; null where they are not there (any more).
    std::shared_ptr<const std::vector<EvaluationWindow>> windows;
    QString note;  ///< what to know before believing the figures; usually empty
    QDateTime when;
    bool isEarlier = false;  ///< read from a session file
    bool ofSeries = false;   ///< measured beside the recipe in work, not as it
};

/// Perplexity and divergence of the original and of recipes, and the history of what was measured.
class EvaluationService : public QObject {
    Q_OBJECT

  public:
    explicit EvaluationService(ModelJobs& modelJobs, QObject* parent = nullptr);

    void reset(std::shared_ptr<const Checkpoint> checkpoint);
    /// Runs the model on the text. A recipe is measured against the original, which is run first if it has not been
    /// yet.
    void start(EvaluationTarget target, const EvaluationOptions& options);
    void cancel();
    /// Measures recipes one after the other, apart from the recipe in work; those that have been measured so are left
    /// out. Replaces a series that is on its way.
    void startSeries(QList<Recipe> recipes, const EvaluationOptions& options);
    void cancelSeries();
    /// Recipes of the series that are not measured yet, the one being measured included.
    [[nodiscard]] int seriesLeft() const;
    /// Makes the recipe of a run the recipe in work again; one undo step.
    void takeBack(int run);
    [[nodiscard]] bool isRunning() const;

    [[nodiscard]] const QList<EvaluationRun>& runs() const { return m_runs; }
    /// The run belongs to other weights than the recipe in work makes.
    [[nodiscard]] bool isStale(const EvaluationRun& run) const;
    /// The run belongs to the recipe in work as it is.
    [[nodiscard]] bool isOfRecipeInWork(const EvaluationRun& run) const;
    /// Recipe or calibration changed: other runs may be those of the recipe in work.
    void followWeights();
    /// The latest run of this kind, or null.
    [[nodiscard]] const EvaluationRun* latest(EvaluationTarget target) const;
    /// The run that tells most of the recipe in work: the latest of its weights, or, stale, the latest of those that it
    /// made when it was last measured; null where there is none or the recipe changes nothing.
    [[nodiscard]] const EvaluationRun* ofRecipe() const;
    /// Whether the original has been measured so, and the recipe in work has not: a live evaluation then follows edits.
    [[nodiscard]] bool wantsFollowUp(const EvaluationOptions& options) const;
    /// Figures of the run in progress, after each window.
    [[nodiscard]] const std::optional<SessionFigures>& running() const { return m_running; }
    /// What was asked for last; of meaning while isRunning().
    [[nodiscard]] EvaluationTarget runningTarget() const { return m_runningTarget; }
    [[nodiscard]] const QString& problem() const { return m_problem; }

    /// Belongs to all runs of these weights, those to come included.
    void setOverlap(quint64 weightsKey, const TextOverlap& overlap);
    /// Names of runs in the language now spoken.
    void retranslate();

    [[nodiscard]] std::vector<RecordedRun> recordedRuns() const;
    void restoreRuns(const std::vector<RecordedRun>& runs);

  signals:
    void runAdded(int index);
    void runsReset();
    /// The running figures, the busy state or what is stale changed.
    void stateChanged();

  private:
    struct Outcome;
    struct Request;
    static Result<std::shared_ptr<Outcome>> evaluate(Request& request, const SessionObserver& observer,
                                                     const Engine::LostHandler& lost, const JobContext& context);
    static Result<RunFormat> runFormatOf(const Request& request,
                                         const std::map<std::string, std::vector<float>>& inputScales);
    [[nodiscard]] std::shared_ptr<Request> makeRequest(EvaluationTarget target, const EvaluationOptions& options) const;
    [[nodiscard]] static QString nameOf(const Recipe& recipe);
    [[nodiscard]] static bool isOfWeights(const EvaluationRun& run, quint64 key);
    void continueSeries();
    [[nodiscard]] bool hasRun(quint64 weightsKey, const EvaluationOptions& options) const;
    void store(const Request& request, Outcome outcome);
    void addRun(EvaluationRun run);
    void forgetOldTokens();

    ModelJobs& m_modelJobs;
    std::shared_ptr<const Checkpoint> m_checkpoint;
    QList<EvaluationRun> m_runs;
    std::map<quint64, OverlapFigures> m_overlaps;  ///< by weights
    std::optional<quint64> m_measuredKey;          ///< the latest weights of the recipe in work that have a run
    std::optional<SessionFigures> m_running;
    EvaluationTarget m_runningTarget = EvaluationTarget::Original;
    QList<Recipe> m_series;  // not started yet
    EvaluationOptions m_seriesOptions;
    QString m_problem;
};

}  // namespace halftone::app
