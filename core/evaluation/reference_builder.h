// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "core/evaluation/figures.h"
#include "core/evaluation/reference_run.h"

namespace halftone {

class WindowScorer;
struct WindowStart;

/// Fills a ReferenceRun window by window. What whole windows have brought stays when a run ends early; the windows
/// after them can be added by a later run. Not thread-safe. Private to core/evaluation.
class ReferenceRunBuilder {
  public:
    ReferenceRunBuilder(int64_t vocabSize, std::span<const EvaluationWindow> windows, const Protocol& protocol,
                        const ReferenceStoreOptions& store);

    /// All of the store at once, before any work is done. kOutOfMemory with the size needed if it would exceed
    /// `maxBytes`.
    Status reserve(int64_t maxBytes);
    /// The next rows of the window in work; `targets` are the tokens that followed.
    Status addRows(std::span<const float> logits, int64_t firstPosition, const TokenId* targets,
                   const JobContext& context);
    void finishWindow(const EvaluationWindow& window, double seconds);
    /// Forgets the rows of a window that did not come to its end.
    void dropUnfinishedWindow();
    [[nodiscard]] size_t windowsDone() const { return m_windowsDone; }
    [[nodiscard]] const EvaluationResult& running() const { return m_figures.running(); }
    /// `note`: a sentence that belongs beside the figures, or empty. The builder is spent.
    std::shared_ptr<const ReferenceRun> finish(const std::string& note);

  private:
    struct RowCheck {
        double unchanged = 0;  // divergence of the row from what was kept of it
        bool isProbed = false;
        double exact = 0, stored = 0;  // divergence of the row with noise, from the whole row and from what was kept
    };
    [[nodiscard]] RowCheck checkRow(std::span<const float> logits, const RowSummary& summary, int64_t row) const;

    std::shared_ptr<ReferenceRun> m_run;
    FiguresBuilder m_figures;
    RunningMean m_storeError, m_exactProbe, m_storedProbe, m_probeDifference;
    std::vector<TokenScore> m_scores;  // of the window in work
    std::vector<RowCheck> m_checks;
    int64_t m_rows = 0;       // of finished windows
    int64_t m_totalRows = 0;  // of all windows
    size_t m_windowsDone = 0;
};

/// What addReferenceWindows() works with. Borrows.
struct ReferenceStep {
    WindowScorer& scorer;
    ReferenceRunBuilder& builder;
    std::span<const EvaluationWindow> windows;
    std::function<WindowStart(size_t window)> startOf{};  ///< where a window begins; empty: with its tokens
    /// Called once all rows of a window are there; has to call ReferenceRunBuilder::finishWindow().
    std::function<void(size_t window)> finish;
};

/// Runs the builder's next windows, as many as are worth running together, and adds their rows. Windows that were
/// finished stay when it fails or is cancelled.
Status addReferenceWindows(const ReferenceStep& step, const JobContext& context);

}  // namespace halftone
