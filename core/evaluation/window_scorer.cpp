// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/evaluation/window_scorer.h"

#include <cmath>

#include <fmt/format.h>

#include "core/evaluation/logit_rows.h"
#include "core/evaluation/window_runner.h"

namespace halftone {

WindowScorer::WindowScorer(Executable& executable, std::span<const EvaluationWindow> windows,
                           const ReferenceRun* reference)
    : m_executable(executable), m_windows(windows), m_reference(reference) {
    int64_t row = 0;
    for (const EvaluationWindow& window : windows) {
        m_firstRow.push_back(row);
        row += window.scoreEnd - window.scoreBegin;
    }
}

Status WindowScorer::forward(size_t window, const WindowStart& start, ForwardOptions& options,
                             const JobContext& context) {
    if (!m_sequence) {
        HT_ASSIGN_OR_RETURN(m_sequence, createWindowSequence(m_executable, m_windows));
    }
    options.firstBlock = start.firstBlock;
    options.hiddenIn = start.hidden;
    options.boundarySink = start.boundarySink;
    m_sequence->truncate(0);
    return m_executable.forward(*m_sequence, m_windows[window].tokens, options, context);
}

Status WindowScorer::runLogits(size_t window, const WindowStart& start, const LogitsSink& sink,
                               const JobContext& context) {
    ForwardOptions options;
    options.logitsBegin = m_windows[window].scoreBegin;
    options.logitsEnd = m_windows[window].scoreEnd;
    options.logitsSink = sink;
    return forward(window, start, options, context);
}

Result<std::vector<TokenScore>> WindowScorer::score(size_t window, const WindowStart& start,
                                                    const JobContext& context) {
    if (!m_reference) return scoreAlone(window, start, context);
    const EvaluationWindow& text = m_windows[window];
    std::vector<TokenScore> scores(static_cast<size_t>(text.scoreEnd - text.scoreBegin));
    const TokenId* targets = text.tokens.data() + text.scoreBegin + 1;
    size_t done = 0;
    const auto sink = [&](int64_t first, int64_t count, std::span<const float> logits) -> Status {
        const std::span<TokenScore> part = std::span(scores).subspan(done, static_cast<size_t>(count));
        const int64_t row = m_firstRow[window] + static_cast<int64_t>(done);
        HT_TRY(compareRows(logits, first, part, targets + done, row, context));
        done += static_cast<size_t>(count);
        return {};
    };
    HT_TRY(runLogits(window, start, sink, context));
    return scores;
}

Status WindowScorer::compareRows(std::span<const float> logits, int64_t firstPosition, std::span<TokenScore> scores,
                                 const TokenId* targets, int64_t firstRow, const JobContext& context) const {
    const auto width = static_cast<size_t>(m_reference->vocabSize());
    HT_ASSIGN_OR_RETURN(const auto summaries, summarizeRows(logits, m_reference->vocabSize(), firstPosition, context));
    context.pool.parallelFor(static_cast<int64_t>(scores.size()), 1, [&](int64_t begin, int64_t end) {
        for (auto i = static_cast<size_t>(begin); i < static_cast<size_t>(end); ++i) {
            const auto row = logits.subspan(i * width, width);
            const int64_t index = firstRow + static_cast<int64_t>(i);
            const RowComparison comparison = m_reference->compare(index, row, summaries[i]);
            scores[i] = {.nll = summaries[i].logNormalizer - double(row[static_cast<size_t>(targets[i])]),
                         .referenceNll = m_reference->tokenNll(index),
                         .kld = comparison.divergence,
                         .kldVariance = comparison.variance,
                         .topAgrees = comparison.topAgrees};
        }
    });
    return {};
}

Result<std::vector<TokenScore>> WindowScorer::scoreAlone(size_t window, const WindowStart& start,
                                                         const JobContext& context) {
    const EvaluationWindow& text = m_windows[window];
    std::vector<TokenId> targets(text.tokens.size(), -1);
    const auto begin = static_cast<size_t>(text.scoreBegin), end = static_cast<size_t>(text.scoreEnd);
    for (size_t i = begin; i < end; ++i) targets[i] = text.tokens[i + 1];
    std::vector<float> logProbs(text.tokens.size());
    ForwardOptions options;
    options.targets = targets;
    options.logProbs = logProbs;
    HT_TRY(forward(window, start, options, context));
    std::vector<TokenScore> scores;
    for (size_t i = begin; i < end; ++i) {
        if (!std::isfinite(logProbs[i])) {
            return makeError(
                ErrorCode::kInvalidData,
                fmt::format("The model's logits at position {} are not finite: the weights or their format "
                            "are broken.",
                            i));
        }
        scores.push_back({.nll = -double(logProbs[i])});
    }
    return scores;
}

}  // namespace halftone
