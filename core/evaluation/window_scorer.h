// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "core/evaluation/figures.h"
#include "core/evaluation/reference_run.h"

namespace halftone {

/// Where the run of a window begins, and who sees the states between its blocks.
struct WindowStart {
    int firstBlock = 0;
    std::vector<float> hidden{};  ///< empty: from the tokens
    std::function<Status(int block, std::span<const float> hidden)> boundarySink{};
};

/// A window of a call.
struct WindowPart {
    size_t window = 0;
    WindowStart start{};
    LogitsSink logits{};  ///< for runLogits(): receives those of the scored positions
};

/// Runs windows through an executable and scores them: against a reference where there is one, else the probabilities
/// of the tokens alone. A window's scores depend on the weights and the window only. Not thread-safe. Private to
/// core/evaluation.
class WindowScorer {
  public:
    /// Everything is borrowed; `reference` may be null.
    WindowScorer(ModelRun run, std::span<const EvaluationWindow> windows, const ReferenceRun* reference);

    /// How many of `candidates`, from the first one on, are worth running together and find room to: at least one.
    /// Precondition: there is one.
    Result<size_t> countTogether(std::span<const size_t> candidates);
    /// Scores of the windows' scored positions, in order. The parts run together: where weights stream, they pass
    /// through the device once for all of them. At most countTogether() parts.
    Result<std::vector<std::vector<TokenScore>>> score(std::span<const WindowPart> parts, const JobContext& context);
    /// Scores of the windows from `first` on, as many as are worth running together, at least one.
    Result<std::vector<std::vector<TokenScore>>> scoreTogether(size_t first, const JobContext& context);
    /// Runs the windows and hands out the logits of their scored positions, one window after the other.
    Status runLogits(std::span<const WindowPart> parts, const JobContext& context);

  private:
    /// What the scores of one window are made from; its address must not change before it has been run.
    struct Scoring {
        std::vector<TokenScore> scores;
        size_t done = 0;
        std::vector<TokenId> targets;
        std::vector<float> logProbs;
        std::vector<RowFigures> figures;  // with a reference, where the device sums up rows
        std::vector<uint32_t> keptIds;
        std::vector<float> keptLogits;
    };
    /// Whether the device is asked for those logits alone that the reference keeps.
    [[nodiscard]] bool asksForKept() const;
    void prepareKept(size_t window, Scoring& scoring, ForwardOptions& options) const;
    Result<std::vector<TokenScore>> finishKept(size_t window, Scoring& scoring) const;
    /// What to ask of a window's run.
    ForwardOptions prepare(size_t window, Scoring& scoring, const JobContext& context);
    Result<std::vector<TokenScore>> finish(size_t window, Scoring& scoring) const;
    Status forward(std::span<const WindowPart> parts, std::span<ForwardOptions> options, const JobContext& context);
    Status ensureSequences(size_t count);
    Status compareRows(std::span<const float> logits, int64_t firstPosition, std::span<TokenScore> scores,
                       const TokenId* targets, int64_t firstRow, const JobContext& context) const;

    ModelRun m_run;
    std::span<const EvaluationWindow> m_windows;
    const ReferenceRun* m_reference;
    std::vector<int64_t> m_firstRow;                     // of each window in the reference
    std::vector<std::unique_ptr<Sequence>> m_sequences;  // one; more for windows that run together
};

}  // namespace halftone
