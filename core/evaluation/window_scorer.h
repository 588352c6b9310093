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
    std::span<const float> hidden;  ///< empty: from the tokens
    std::function<Status(int block, std::span<const float> hidden)> boundarySink;
};

/// Runs windows through an executable and scores them: against a reference where there is one, else the probabilities
/// of the tokens alone. A window's scores depend on the weights and the window only. Not thread-safe. Private to
/// core/evaluation.
class WindowScorer {
  public:
    /// Everything is borrowed; `reference` may be null.
    WindowScorer(ModelRun run, std::span<const EvaluationWindow> windows, const ReferenceRun* reference);

    /// Scores of the window's scored positions, in order.
    Result<std::vector<TokenScore>> score(size_t window, const WindowStart& start, const JobContext& context);
    /// Scores of the windows from `first` on, as many as are worth running together, at least one.
    Result<std::vector<std::vector<TokenScore>>> scoreTogether(size_t first, const JobContext& context);
    /// Runs the window and hands the logits of its scored positions to `sink`.
    Status runLogits(size_t window, const WindowStart& start, const LogitsSink& sink, const JobContext& context);

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
    Status forward(size_t window, const WindowStart& start, ForwardOptions& options, const JobContext& context);
    Status ensureSequences(size_t count);
    [[nodiscard]] size_t worthTogether(size_t first) const;
    Status compareRows(std::span<const float> logits, int64_t firstPosition, std::span<TokenScore> scores,
                       const TokenId* targets, int64_t firstRow, const JobContext& context) const;

    ModelRun m_run;
    std::span<const EvaluationWindow> m_windows;
    const ReferenceRun* m_reference;
    std::vector<int64_t> m_firstRow;                     // of each window in the reference
    std::vector<std::unique_ptr<Sequence>> m_sequences;  // one; more for windows that run together
};

}  // namespace halftone
