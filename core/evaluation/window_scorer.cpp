// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/evaluation/window_scorer.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <fmt/format.h>

#include "core/evaluation/logit_rows.h"
#include "core/evaluation/window_runner.h"

namespace halftone {

WindowScorer::WindowScorer(ModelRun run, std::span<const EvaluationWindow> windows, const ReferenceRun* reference)
    : m_run(std::move(run)), m_windows(windows), m_reference(reference) {
    int64_t row = 0;
    for (const EvaluationWindow& window : windows) {
        m_firstRow.push_back(row);
        row += window.scoreEnd - window.scoreBegin;
    }
}

/// As many sequences as fit; one must.
Status WindowScorer::ensureSequences(size_t count) {
    while (m_sequences.size() < count) {
        auto sequence = createWindowSequence(m_run, m_windows);
        const bool isFull = !sequence && sequence.error().code == ErrorCode::kOutOfMemory;
        if (isFull && !m_sequences.empty()) return {};
        if (!sequence) return tl::unexpected(std::move(sequence.error()));
        m_sequences.push_back(std::move(*sequence));
    }
    return {};
}

Result<size_t> WindowScorer::countTogether(std::span<const size_t> candidates) {
    const int64_t most = m_run.executable.tokensWorthTogether();
    size_t count = 0;
    int64_t tokens = 0;
    for (const size_t window : candidates) {
        tokens += std::ssize(m_windows[window].tokens);
        if (count > 0 && tokens > most) break;
        ++count;
    }
    HT_TRY(ensureSequences(count));
    return std::min(count, m_sequences.size());
}

Status WindowScorer::forward(std::span<const WindowPart> parts, std::span<ForwardOptions> options,
                             const JobContext& context) {
    HT_TRY(ensureSequences(parts.size()));
    HT_CHECK(parts.size() <= m_sequences.size());
    std::vector<SequenceInput> inputs;
    for (size_t i = 0; i < parts.size(); ++i) {
        options[i].firstBlock = parts[i].start.firstBlock;
        options[i].hiddenIn = parts[i].start.hidden;
        options[i].boundarySink = parts[i].start.boundarySink;
        m_sequences[i]->truncate(0);
        inputs.push_back({m_sequences[i].get(), m_windows[parts[i].window].tokens, options[i]});
    }
    return m_run.executable.forwardTogether(inputs, context);
}

Status WindowScorer::runLogits(std::span<const WindowPart> parts, const JobContext& context) {
    std::vector<ForwardOptions> options(parts.size());
    for (size_t i = 0; i < parts.size(); ++i) {
        options[i].logitsBegin = m_windows[parts[i].window].scoreBegin;
        options[i].logitsEnd = m_windows[parts[i].window].scoreEnd;
        options[i].logitsSink = parts[i].logits;
    }
    return forward(parts, options, context);
}

Result<std::vector<std::vector<TokenScore>>> WindowScorer::score(std::span<const WindowPart> parts,
                                                                 const JobContext& context) {
    std::vector<Scoring> scorings(parts.size());
    std::vector<ForwardOptions> options;
    for (size_t i = 0; i < parts.size(); ++i) options.push_back(prepare(parts[i].window, scorings[i], context));
    HT_TRY(forward(parts, options, context));
    std::vector<std::vector<TokenScore>> scores;
    for (size_t i = 0; i < parts.size(); ++i) {
        HT_ASSIGN_OR_RETURN(auto finished, finish(parts[i].window, scorings[i]));
        scores.push_back(std::move(finished));
    }
    return scores;
}

Result<std::vector<std::vector<TokenScore>>> WindowScorer::scoreTogether(size_t first, const JobContext& context) {
    std::vector<size_t> candidates(m_windows.size() - first);
    std::iota(candidates.begin(), candidates.end(), first);
    HT_ASSIGN_OR_RETURN(const size_t count, countTogether(candidates));
    std::vector<WindowPart> parts(count);
    for (size_t i = 0; i < count; ++i) parts[i].window = first + i;
    return score(parts, context);
}

ForwardOptions WindowScorer::prepare(size_t window, Scoring& scoring, const JobContext& context) {
    const EvaluationWindow& text = m_windows[window];
    const auto begin = static_cast<size_t>(text.scoreBegin), end = static_cast<size_t>(text.scoreEnd);
    scoring.scores.resize(end - begin);
    ForwardOptions options;
    if (!m_reference || asksForKept()) {
        scoring.targets.assign(text.tokens.size(), -1);
        for (size_t i = begin; i < end; ++i) scoring.targets[i] = text.tokens[i + 1];
        options.targets = scoring.targets;
        if (m_reference) {
            prepareKept(window, scoring, options);
        } else {
            scoring.logProbs.resize(text.tokens.size());
            options.logProbs = scoring.logProbs;
        }
        return options;
    }
    options.logitsBegin = text.scoreBegin;
    options.logitsEnd = text.scoreEnd;
    options.logitsSink = [this, window, &scoring, &context](int64_t first, int64_t count,
                                                            std::span<const float> logits) -> Status {
        const EvaluationWindow& own = m_windows[window];
        const std::span<TokenScore> part = std::span(scoring.scores).subspan(scoring.done, static_cast<size_t>(count));
        const TokenId* targets = own.tokens.data() + own.scoreBegin + 1 + scoring.done;
        const int64_t row = m_firstRow[window] + static_cast<int64_t>(scoring.done);
        HT_TRY(compareRows(logits, first, part, targets, row, context));
        scoring.done += static_cast<size_t>(count);
        return {};
    };
    return options;
}

Result<std::vector<TokenScore>> WindowScorer::finish(size_t window, Scoring& scoring) const {
    if (m_reference) return asksForKept() ? finishKept(window, scoring) : std::move(scoring.scores);
    const auto begin = static_cast<size_t>(m_windows[window].scoreBegin);
    for (size_t i = 0; i < scoring.scores.size(); ++i) {
        const float logProb = scoring.logProbs[begin + i];
        if (!std::isfinite(logProb)) return notFinite(static_cast<int64_t>(begin + i));
        scoring.scores[i] = {.nll = -double(logProb)};
    }
    return std::move(scoring.scores);
}

bool WindowScorer::asksForKept() const {
    return m_reference && m_run.executable.sumsUpRows() && !m_reference->rows().isWhole();
}

void WindowScorer::prepareKept(size_t window, Scoring& scoring, ForwardOptions& options) const {
    const ReferenceRows& rows = m_reference->rows();
    for (size_t i = 0; i < scoring.scores.size(); ++i) {
        const auto ids = rows.keptIds(m_firstRow[window] + static_cast<int64_t>(i));
        scoring.keptIds.insert(scoring.keptIds.end(), ids.begin(), ids.end());
    }
    scoring.keptLogits.resize(scoring.keptIds.size());
    scoring.figures.resize(scoring.targets.size());
    options.reduction = RowReduction{.figures = scoring.figures,
                                     .idsPerRow = rows.exactTokens() + rows.sampledTokens(),
                                     .ids = scoring.keptIds,
                                     .logits = scoring.keptLogits};
}

Result<std::vector<TokenScore>> WindowScorer::finishKept(size_t window, Scoring& scoring) const {
    const ReferenceRows& rows = m_reference->rows();
    const auto begin = static_cast<size_t>(m_windows[window].scoreBegin);
    const auto perRow = static_cast<size_t>(rows.exactTokens() + rows.sampledTokens());
    for (size_t i = 0; i < scoring.scores.size(); ++i) {
        const RowFigures& figures = scoring.figures[begin + i];
        if (!figures.isFinite) return notFinite(static_cast<int64_t>(begin + i));
        const int64_t row = m_firstRow[window] + static_cast<int64_t>(i);
        const RowComparison comparison =
            rows.compareKept(row, std::span(scoring.keptLogits).subspan(i * perRow, perRow),
                             {.logNormalizer = figures.logNormalizer, .top = figures.top});
        scoring.scores[i] = {.nll = -figures.logProb(),
                             .referenceNll = m_reference->tokenNll(row),
                             .kld = comparison.divergence,
                             .kldVariance = comparison.variance,
                             .topAgrees = comparison.topAgrees};
    }
    return std::move(scoring.scores);
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

}  // namespace halftone
