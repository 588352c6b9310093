// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/evaluation/evaluate.h"

#include <algorithm>

#include <fmt/format.h>

#include "core/evaluation/logit_rows.h"
#include "core/evaluation/window_runner.h"
#include "core/evaluation/window_scorer.h"

namespace halftone {
namespace {

// Logits of the reference that a side-by-side run holds at a time; a window of a large vocabulary goes in segments.
constexpr int64_t kSegmentBytes = 64 << 20;
constexpr int64_t kMinSegment = 32;

double secondsSince(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

Result<std::string> contextNote(const Executable& executable, const Protocol& protocol) {
    return checkContextLength(executable.graph().config, protocol.contextLength);
}

EvaluationResult finishWithNote(FiguresBuilder& figures, const std::string& note) {
    EvaluationResult result = figures.finish();
    if (!note.empty()) result.notes.push_back(note);
    return result;
}

Status scoreWindows(Executable& executable, std::span<const EvaluationWindow> windows, const ReferenceRun* reference,
                    FiguresBuilder& figures, const EvaluationObserver& observer, const JobContext& context) {
    WindowScorer scorer(executable, windows, reference);
    return runWindows(windows, figures, observer, context, [&](const EvaluationWindow& window) -> Status {
        const auto index = static_cast<size_t>(&window - windows.data());
        HT_ASSIGN_OR_RETURN(const auto scores, scorer.score(index, {}, context));
        for (const TokenScore& score : scores) figures.add(score);
        return {};
    });
}

// Both models over the same windows, a segment of tokens at a time.
class SideBySide {
  public:
    SideBySide(Executable& reference, Executable& executable, FiguresBuilder& figures, const JobContext& context)
        : m_reference(reference),
          m_executable(executable),
          m_figures(figures),
          m_context(context),
          m_vocabSize(executable.graph().config.vocabSize) {}

    Status prepare(std::span<const EvaluationWindow> windows) {
        HT_ASSIGN_OR_RETURN(m_referenceSequence, createWindowSequence(m_reference, windows));
        HT_ASSIGN_OR_RETURN(m_sequence, createWindowSequence(m_executable, windows));
        return {};
    }

    Status scoreWindow(const EvaluationWindow& window) {
        m_referenceSequence->truncate(0);
        m_sequence->truncate(0);
        const auto length = static_cast<int64_t>(window.tokens.size());
        const int64_t segment = std::max(kMinSegment, kSegmentBytes / (m_vocabSize * 4));
        for (int64_t begin = 0; begin < length; begin += segment) {
            HT_TRY(scoreSegment(window, begin, std::min(length, begin + segment)));
        }
        return {};
    }

  private:
    Status scoreSegment(const EvaluationWindow& window, int64_t begin, int64_t end) {
        const std::span<const TokenId> tokens =
            std::span(window.tokens).subspan(static_cast<size_t>(begin), static_cast<size_t>(end - begin));
        ForwardOptions options;
        options.logitsBegin = std::clamp(window.scoreBegin, begin, end) - begin;
        options.logitsEnd = std::clamp(window.scoreEnd, begin, end) - begin;
        m_referenceLogits.clear();
        m_referenceSummaries.clear();
        options.logitsSink = [&](int64_t first, int64_t, std::span<const float> logits) -> Status {
            HT_ASSIGN_OR_RETURN(const auto summaries, summarizeRows(logits, m_vocabSize, first, m_context));
            m_referenceSummaries.insert(m_referenceSummaries.end(), summaries.begin(), summaries.end());
            m_referenceLogits.insert(m_referenceLogits.end(), logits.begin(), logits.end());
            return {};
        };
        HT_TRY(m_reference.forward(*m_referenceSequence, tokens, options, m_context));
        int64_t row = 0;
        options.logitsSink = [&](int64_t first, int64_t count, std::span<const float> logits) -> Status {
            const int64_t position = begin + options.logitsBegin + row;
            HT_TRY(compareRows(row, logits, first, &window.tokens[static_cast<size_t>(position + 1)]));
            row += count;
            return {};
        };
        return m_executable.forward(*m_sequence, tokens, options, m_context);
    }

    // `targets` are the tokens that followed, for the rows of `logits`, which begin at `firstRow` of the segment.
    Status compareRows(int64_t firstRow, std::span<const float> logits, int64_t firstPosition, const TokenId* targets) {
        HT_ASSIGN_OR_RETURN(const auto summaries, summarizeRows(logits, m_vocabSize, firstPosition, m_context));
        std::vector<TokenScore> scores(summaries.size());
        const auto width = static_cast<size_t>(m_vocabSize);
        m_context.pool.parallelFor(static_cast<int64_t>(scores.size()), 1, [&](int64_t begin, int64_t end) {
            for (auto i = static_cast<size_t>(begin); i < static_cast<size_t>(end); ++i) {
                const size_t row = static_cast<size_t>(firstRow) + i;
                const auto referenceRow = std::span<const float>(m_referenceLogits).subspan(row * width, width);
                const auto ownRow = logits.subspan(i * width, width);
                const auto target = static_cast<size_t>(targets[i]);
                scores[i] = {.nll = summaries[i].logNormalizer - double(ownRow[target]),
                             .referenceNll = m_referenceSummaries[row].logNormalizer - double(referenceRow[target]),
                             .kld = rowDivergence(referenceRow, m_referenceSummaries[row], ownRow, summaries[i]),
                             .topAgrees = summaries[i].top == m_referenceSummaries[row].top};
            }
        });
        for (const TokenScore& score : scores) m_figures.add(score);
        return {};
    }

    Executable& m_reference;
    Executable& m_executable;
    FiguresBuilder& m_figures;
    const JobContext& m_context;
    int64_t m_vocabSize;
    std::unique_ptr<Sequence> m_referenceSequence, m_sequence;
    std::vector<float> m_referenceLogits;
    std::vector<RowSummary> m_referenceSummaries;
};

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

Result<std::unique_ptr<Sequence>> createWindowSequence(Executable& executable,
                                                       std::span<const EvaluationWindow> windows) {
    size_t longest = 0;
    for (const EvaluationWindow& window : windows) longest = std::max(longest, window.tokens.size());
    return executable.createSequence(static_cast<int64_t>(longest));
}

Result<EvaluationResult> evaluatePerplexity(Executable& executable, std::span<const EvaluationWindow> windows,
                                            const Protocol& protocol, const EvaluationObserver& observer,
                                            const JobContext& context) {
    HT_ASSIGN_OR_RETURN(const std::string note, contextNote(executable, protocol));
    FiguresBuilder figures(protocol, false);
    HT_TRY(scoreWindows(executable, windows, nullptr, figures, observer, context));
    return finishWithNote(figures, note);
}

Result<EvaluationResult> evaluateAgainst(Executable& executable, std::span<const EvaluationWindow> windows,
                                         const Protocol& protocol, const ReferenceRun& reference,
                                         const EvaluationObserver& observer, const JobContext& context) {
    HT_TRY(checkSameRun(executable, windows, protocol, reference));
    FiguresBuilder figures(protocol, true);
    HT_TRY(scoreWindows(executable, windows, &reference, figures, observer, context));
    EvaluationResult result = figures.finish();
    result.reference->floor = reference.storeError();
    result.notes = reference.result().notes;
    return result;
}

Result<EvaluationResult> evaluateSideBySide(Executable& reference, Executable& executable,
                                            std::span<const EvaluationWindow> windows, const Protocol& protocol,
                                            const EvaluationObserver& observer, const JobContext& context) {
    const int64_t vocabSize = executable.graph().config.vocabSize;
    if (reference.graph().config.vocabSize != vocabSize) {
        return makeError(
            ErrorCode::kInvalidArgument,
            fmt::format("The reference has a vocabulary of {} tokens, this model one of {}; their distributions "
                        "cannot be compared.",
                        reference.graph().config.vocabSize, vocabSize));
    }
    HT_TRY(contextNote(reference, protocol));
    HT_ASSIGN_OR_RETURN(const std::string note, contextNote(executable, protocol));
    FiguresBuilder figures(protocol, true);
    SideBySide run(reference, executable, figures, context);
    HT_TRY(run.prepare(windows));
    HT_TRY(runWindows(windows, figures, observer, context,
                      [&](const EvaluationWindow& window) { return run.scoreWindow(window); }));
    return finishWithNote(figures, note);
}

}  // namespace halftone
