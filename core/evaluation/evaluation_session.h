// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/evaluation/boundary_store.h"
#include "core/evaluation/evaluate.h"
#include "core/evaluation/figures.h"
#include "core/evaluation/weight_signatures.h"

namespace halftone {

class ReferenceRunBuilder;
class WindowScorer;
struct WindowStart;

/// What an EvaluationSession may take and keep.
struct SessionOptions {
    int64_t boundaryBytes = int64_t{1} << 30;  ///< for hidden states
    BoundaryPrecision precision = BoundaryPrecision::kFull;
    int64_t scoreBytes = int64_t{64} << 20;  ///< for the scores of weights evaluated before; an undo finds them here
    /// What evaluate() and probe() run the weights with. The reference keeps all of its cache and activations.
    RunFormat format{};
};

/// When a run may end before the last window. The half width of a 95 % interval is 1.96 standard errors.
struct StopRule {
    double divergenceHalfWidth = 0;  ///< nats, of SessionFigures::projectedKld
    double relativeHalfWidth = 0;    ///< the same as a share of the estimate; the wider of the two counts, 0 and 0: all
    int64_t minWindows = 2;          ///< before that no interval is believed
};

/// Figures of a session's run: those of its windows so far, and what they say about the change since the weights that
/// were evaluated last.
struct SessionFigures {
    EvaluationResult result;  ///< of the windows done, in text order
    int64_t totalWindows = 0;
    int64_t windowsReused = 0;  ///< of those done, the ones whose scores were there already
    bool stoppedEarly = false;  ///< by the StopRule; a later call with the same weights goes on
    /// Work done, in blocks run: one window through one block counts 1, a full run windows * blockCount.
    int64_t blocksRun = 0;
    /// Mean change per token against the weights of the last complete evaluate(), on the same tokens: most of the
    /// spread between tokens cancels, so a few windows say much. Absent until there is one, and without a reference.
    std::optional<Estimate> kldChange;
    std::optional<Estimate> nllChange;  ///< the same for the negative log-likelihood; present without a reference
    /// Expected mean divergence of the whole text: the running mean, corrected by how much harder or easier than the
    /// whole the windows so far were for the last complete evaluate() (RegressionMean). Without one: the running mean.
    std::optional<Estimate> projectedKld;
};
using SessionObserver = std::function<void(const SessionFigures& running)>;

/// Evaluates many versions of one model's weights on the same windows and never computes again what an edit left
/// untouched. It keeps the hidden states at block boundaries for the weights in work: after edits in any blocks a run
/// begins at the first of them, after an edit of the head or the last norm it is the epilogue alone. Weights are told
/// apart by content, so what is put back as it was costs nothing. The figures of a complete run are those of
/// evaluateAgainst() or evaluatePerplexity(), bit for bit, unless states are kept in F16. With a quantized cache or
/// rounded activations (SessionOptions::format) nothing of the original's own run is taken for the recipe's.
///
/// Where weights stream, several windows pass through a block before the next one comes (Executable::forwardTogether).
///
/// A cancelled run ends with kCancelled within 100 ms and loses only the block in work of one window, or of those that
/// run together: the states and scores that it finished stay, and the next call goes on from them. To let a newer edit
/// overtake an older one, cancel the run and call evaluate() with the newer weights.
///
/// Not thread-safe: one call at a time. The executable is borrowed and must outlive the session; others may use it and
/// change its weights between calls. After kDeviceLost make a new session.
class EvaluationSession {
  public:
    /// `original`: the weights that the reference stands for; they are kept alive. kInvalidArgument if there is no
    /// window, or the model cannot take windows of this length.
    static Result<std::unique_ptr<EvaluationSession>> create(Executable& executable, ModelWeights original,
                                                             std::vector<EvaluationWindow> windows,
                                                             const Protocol& protocol,
                                                             const SessionOptions& options = {});
    ~EvaluationSession();

    /// Runs the original, keeps its distributions as the session's reference and its states for the evaluations to
    /// come. A cancelled call keeps whole windows; the next one goes on. kOutOfMemory if the store would exceed
    /// `maxBytes`.
    Result<std::shared_ptr<const ReferenceRun>> runReference(int64_t maxBytes, const SessionObserver& observer,
                                                             const JobContext& context,
                                                             const ReferenceStoreOptions& store = {});
    /// A reference made earlier. kInvalidArgument unless it belongs to these windows. Null: perplexity alone.
    Status setReference(std::shared_ptr<const ReferenceRun> reference);
    [[nodiscard]] const std::shared_ptr<const ReferenceRun>& reference() const { return m_reference; }
    /// Another format for the evaluations to come. States and scores know the format they were made with, so going back
    /// finds those that are still there. kInvalidArgument for one that the model cannot have.
    Status setFormat(RunFormat format);
    [[nodiscard]] const RunFormat& format() const { return m_options.format; }

    /// Makes `weights` the weights in work and gives their figures; states are kept for the edits that follow.
    Result<SessionFigures> evaluate(const ModelWeights& weights, const StopRule& stop, const SessionObserver& observer,
                                    const JobContext& context);
    /// The figures of `weights` without making them the weights in work: states stay as they are. For trying one tensor
    /// after the other (sensitivity): evaluate() the original once, then probe() each swap. kldChange is the tensor's
    /// own share.
    Result<SessionFigures> probe(const ModelWeights& weights, const StopRule& stop, const SessionObserver& observer,
                                 const JobContext& context);

    [[nodiscard]] const std::vector<EvaluationWindow>& windows() const { return m_windows; }
    /// The block that a run of these weights would begin with, from 0 (all) to blockCount (the epilogue alone), for the
    /// window that has to begin earliest; blockCount + 1 if all scores are there. For telling the cost beforehand.
    [[nodiscard]] int firstBlockFor(const ModelWeights& weights, const JobContext& context);
    /// Boundaries whose states are kept, and the bytes they take now.
    [[nodiscard]] std::vector<int> boundaries() const { return m_boundaries.boundaries(); }
    [[nodiscard]] int64_t boundaryBytes() const { return m_boundaries.bytesHeld(); }

  private:
    /// Scores of one version of the weights; absent for windows that have not been run.
    struct ScoreSet {
        uint64_t signature = 0;
        std::vector<std::optional<std::vector<TokenScore>>> windows;
    };
    struct Run;
    enum class StateUse { kReplace, kKeep };

    EvaluationSession(Executable& executable, ModelWeights original, std::vector<EvaluationWindow> windows,
                      const Protocol& protocol, const SessionOptions& options);
    Result<SessionFigures> run(const ModelWeights& weights, StateUse use, const StopRule& stop,
                               const SessionObserver& observer, const JobContext& context);
    Status runWindows(Run& run, size_t first, const JobContext& context);
    WindowStart startOf(size_t window, const WeightSignatures::Chain& chain, StateUse use);
    void addWindow(Run& run, size_t window);
    void describe(EvaluationResult& result) const;
    [[nodiscard]] WeightSignatures::Chain chainOf(const ModelWeights& weights, const JobContext& context);
    void remakeScorer();
    Status checkSlots(const ModelWeights& weights) const;
    void followEdit(const WeightSignatures::Chain& chain);
    static bool mayStop(const SessionFigures& figures, const StopRule& stop);
    ScoreSet* findScores(uint64_t signature);
    ScoreSet& scoresOf(uint64_t signature);
    void trimScores();

    Executable& m_executable;
    ModelWeights m_original;
    std::vector<EvaluationWindow> m_windows;
    Protocol m_protocol;
    SessionOptions m_options;
    std::string m_note;
    WeightSignatures m_signatures;
    BoundaryStore m_boundaries;
    std::shared_ptr<const ReferenceRun> m_reference;
    std::unique_ptr<ReferenceRunBuilder> m_builder;
    std::unique_ptr<WindowScorer> m_scorer;           // in the session's format
    std::unique_ptr<WindowScorer> m_referenceScorer;  // that keeps everything, while a reference is made
    std::list<ScoreSet> m_scores;                     // last used first
    uint64_t m_baseline = 0;                          // signature of the last complete evaluate(); 0: none
    Estimate m_baselineKld;
    WeightSignatures::Chain m_lastChain;  // of the last evaluate(), complete or not
};

}  // namespace halftone
