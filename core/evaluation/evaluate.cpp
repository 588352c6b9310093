// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/evaluation/evaluate.h"

#include <algorithm>
#include <functional>

#include "core/evaluation/paired_run.h"
#include "core/evaluation/window_runner.h"
#include "core/evaluation/window_scorer.h"

namespace halftone {
namespace {

double secondsSince(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

int64_t longestOf(std::span<const EvaluationWindow> windows) {
    size_t longest = 0;
    for (const EvaluationWindow& window : windows) longest = std::max(longest, window.tokens.size());
    return static_cast<int64_t>(longest);
}

Result<std::string> contextNote(const Executable& executable, const Protocol& protocol) {
    return checkContextLength(executable.graph().config, protocol.contextLength);
}

EvaluationResult finishWithNote(FiguresBuilder& figures, const std::string& note) {
    EvaluationResult result = figures.finish();
    if (!note.empty()) result.notes.push_back(note);
    return result;
}

/// Scores of windows that ran together with an earlier one, handed out one window after the other.
class ScoresAhead {
  public:
    using Score = std::function<Result<std::vector<std::vector<TokenScore>>>(size_t first)>;
    /// `score` gives the scores of the windows from `first` on, of at least one.
    ScoresAhead(std::span<const EvaluationWindow> windows, Score score)
        : m_windows(windows), m_score(std::move(score)) {}

    Status add(const EvaluationWindow& window, FiguresBuilder& figures) {
        const auto index = static_cast<size_t>(&window - m_windows.data());
        if (index >= m_first + m_scores.size()) {
            HT_ASSIGN_OR_RETURN(m_scores, m_score(index));
            m_first = index;
        }
        for (const TokenScore& score : m_scores[index - m_first]) figures.add(score);
        return {};
    }

  private:
    std::span<const EvaluationWindow> m_windows;
    Score m_score;
    std::vector<std::vector<TokenScore>> m_scores;
    size_t m_first = 0;
};

Status scoreWindows(const ModelRun& run, std::span<const EvaluationWindow> windows, const ReferenceRun* reference,
                    FiguresBuilder& figures, const EvaluationObserver& observer, const JobContext& context) {
    WindowScorer scorer(run, windows, reference);
    ScoresAhead ahead(windows, [&](size_t first) { return scorer.scoreTogether(first, context); });
    return runWindows(windows, figures, observer, context,
                      [&](const EvaluationWindow& window) { return ahead.add(window, figures); });
}

/// Scores of the rows that two models gave for one window, in order.
std::vector<TokenScore> scorePairs(const PairedRows& rows, std::span<const TokenId> targets, const ThreadPool& pool) {
    std::vector<TokenScore> scores(rows.count());
    pool.parallelFor(static_cast<int64_t>(scores.size()), 1, [&](int64_t begin, int64_t end) {
        for (auto i = static_cast<size_t>(begin); i < static_cast<size_t>(end); ++i) {
            const auto target = static_cast<size_t>(targets[i]);
            const RowSummary &own = rows.ownSummaries[i], &reference = rows.referenceSummaries[i];
            scores[i] = {.nll = own.logNormalizer - double(rows.own(i)[target]),
                         .referenceNll = reference.logNormalizer - double(rows.reference(i)[target]),
                         .kld = rows.divergence(i),
                         .topAgrees = own.top == reference.top};
        }
    });
    return scores;
}

/// The same from what the device says of both, for the windows from `first` on that run together.
Result<std::vector<std::vector<TokenScore>>> scoreOnDevice(PairedRun& run, std::span<const EvaluationWindow> windows,
                                                           size_t first) {
    std::vector<std::vector<TokenScore>> scores(windows.size() - first);
    const auto visit = [&](const PairedFigures& rows) -> Status {
        for (size_t i = 0; i < rows.own.size(); ++i) {
            scores[rows.window - first].push_back({.nll = -rows.own[i].logProb(),
                                                   .referenceNll = -rows.reference[i].logProb(),
                                                   .kld = rows.own[i].divergence,
                                                   .topAgrees = rows.own[i].top == rows.reference[i].top});
        }
        return {};
    };
    HT_ASSIGN_OR_RETURN(const size_t count, run.runFigures(windows, first, visit));
    scores.resize(count);
    return scores;
}

}  // namespace

Status runWindows(std::span<const EvaluationWindow> windows, FiguresBuilder& figures,
                  const EvaluationObserver& observer, const JobContext& context,
                  const std::function<Status(const EvaluationWindow&)>& scoreWindow) {
    if (windows.empty()) return makeError(ErrorCode::kInvalidArgument, "There is no window to evaluate.");
    int64_t total = 0;
    for (const EvaluationWindow& window : windows) total += static_cast<int64_t>(window.tokens.size());
    context.start("Evaluating", total, "tokens");
    const auto start = std::chrono::steady_clock::now();
    for (const EvaluationWindow& window : windows) {
        HT_TRY(context.checkpoint());
        HT_TRY(scoreWindow(window));
        figures.finishWindow(window, secondsSince(start));
        context.advance(static_cast<int64_t>(window.tokens.size()));
        if (observer) observer(figures.running());
    }
    return {};
}

Result<std::unique_ptr<Sequence>> createWindowSequence(const ModelRun& run, std::span<const EvaluationWindow> windows) {
    return run.executable.createSequence(longestOf(windows), run.format);
}

Result<EvaluationResult> evaluatePerplexity(const ModelRun& run, std::span<const EvaluationWindow> windows,
                                            const Protocol& protocol, const EvaluationObserver& observer,
                                            const JobContext& context) {
    HT_ASSIGN_OR_RETURN(const std::string note, contextNote(run.executable, protocol));
    FiguresBuilder figures(protocol, false, run.format);
    HT_TRY(scoreWindows(run, windows, nullptr, figures, observer, context));
    return finishWithNote(figures, note);
}

Result<EvaluationResult> evaluateAgainst(const ModelRun& run, std::span<const EvaluationWindow> windows,
                                         const Protocol& protocol, const ReferenceRun& reference,
                                         const EvaluationObserver& observer, const JobContext& context) {
    HT_TRY(checkSameRun(run.executable, windows, protocol, reference));
    FiguresBuilder figures(protocol, true, run.format);
    HT_TRY(scoreWindows(run, windows, &reference, figures, observer, context));
    EvaluationResult result = figures.finish();
    result.reference->floor = reference.storeError();
    result.notes = reference.result().notes;
    return result;
}

Result<EvaluationResult> evaluateSideBySide(Executable& reference, const ModelRun& own,
                                            std::span<const EvaluationWindow> windows, const Protocol& protocol,
                                            const EvaluationObserver& observer, const JobContext& context) {
    HT_TRY(contextNote(reference, protocol));
    HT_ASSIGN_OR_RETURN(const std::string note, contextNote(own.executable, protocol));
    PairedRun run(reference, own, context);
    HT_TRY(run.prepare(longestOf(windows)));
    HT_ASSIGN_OR_RETURN(const bool onDevice, run.prepareFigures());
    FiguresBuilder figures(protocol, true, own.format);
    ScoresAhead ahead(windows, [&](size_t first) { return scoreOnDevice(run, windows, first); });
    HT_TRY(runWindows(windows, figures, observer, context, [&](const EvaluationWindow& window) {
        if (onDevice) return ahead.add(window, figures);
        return run.run(window.tokens, window.scoreBegin, window.scoreEnd, [&](const PairedRows& rows) -> Status {
            const TokenId* targets = window.tokens.data() + rows.firstPosition + 1;
            for (const TokenScore& score : scorePairs(rows, {targets, rows.count()}, context.pool)) figures.add(score);
            return {};
        });
    }));
    return finishWithNote(figures, note);
}

}  // namespace halftone
