// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>
#include <new>

#include <fmt/format.h>

#include "core/evaluation/logit_rows.h"
#include "core/evaluation/window_runner.h"
#include "core/tensor/float16.h"

namespace halftone {
namespace {

constexpr float kLowestHalf = -65504.0f;

int64_t scoredCount(std::span<const EvaluationWindow> windows) {
    int64_t count = 0;
    for (const EvaluationWindow& window : windows) count += window.scoreEnd - window.scoreBegin;
    return count;
}

}  // namespace

/// Fills a ReferenceRun window by window.
class ReferenceRunBuilder {
  public:
    ReferenceRunBuilder(int64_t vocabSize, FiguresBuilder& figures, const JobContext& context)
        : m_run(std::make_shared<ReferenceRun>()), m_figures(figures), m_context(context) {
        m_run->m_vocabSize = vocabSize;
    }

    // All of the store at once, before any work is done.
    Status reserve(int64_t scored) {
        try {
            m_run->m_codes.reserve(static_cast<size_t>(scored * m_run->m_vocabSize));
            m_run->m_rowOffset.reserve(static_cast<size_t>(scored));
        } catch (const std::bad_alloc&) {
            return makeError(
                ErrorCode::kOutOfMemory,
                fmt::format("There is not enough memory to keep the original's distributions of {} positions; "
                            "evaluate fewer windows.",
                            scored));
        }
        return {};
    }

    Status addRows(std::span<const float> logits, int64_t firstPosition, const TokenId* targets) {
        HT_ASSIGN_OR_RETURN(const auto summaries, summarizeRows(logits, m_run->m_vocabSize, firstPosition, m_context));
        const size_t firstRow = m_run->m_rowOffset.size();
        const auto width = static_cast<size_t>(m_run->m_vocabSize);
        m_run->m_codes.resize((firstRow + summaries.size()) * width);
        m_run->m_rowOffset.resize(firstRow + summaries.size());
        std::vector<double> errors(summaries.size());
        m_context.pool.parallelFor(static_cast<int64_t>(summaries.size()), 1, [&](int64_t begin, int64_t end) {
            for (auto i = static_cast<size_t>(begin); i < static_cast<size_t>(end); ++i) {
                errors[i] = storeRow(logits.subspan(i * width, width), summaries[i], firstRow + i);
            }
        });
        for (size_t i = 0; i < summaries.size(); ++i) {
            m_storeError.add(errors[i]);
            m_figures.add(
                {.nll = summaries[i].logNormalizer - double(logits[i * width + static_cast<size_t>(targets[i])])});
        }
        return {};
    }

    std::shared_ptr<const ReferenceRun> finish(EvaluationResult result) {
        m_run->m_result = std::move(result);
        m_run->m_storeError = m_storeError.estimate().mean;
        return m_run;
    }

  private:
    // Returns KL(exact || stored) of the row.
    double storeRow(std::span<const float> logits, const RowSummary& summary, size_t row) {
        uint16_t* codes = m_run->m_codes.data() + row * logits.size();
        const float largest = logits[static_cast<size_t>(summary.top)];
        double sum = 0;
        for (size_t i = 0; i < logits.size(); ++i) {
            codes[i] = floatToHalf(std::max(kLowestHalf, logits[i] - largest));
            sum += std::exp(double(halfToFloat(codes[i])));
        }
        const double offset = -std::log(sum);
        m_run->m_rowOffset[row] = offset;
        double divergence = 0;
        for (size_t i = 0; i < logits.size(); ++i) {
            const double logProb = double(logits[i]) - summary.logNormalizer;
            divergence += std::exp(logProb) * (logProb - (double(halfToFloat(codes[i])) + offset));
        }
        return divergence;
    }

    std::shared_ptr<ReferenceRun> m_run;
    FiguresBuilder& m_figures;
    const JobContext& m_context;
    RunningMean m_storeError;
};

int64_t ReferenceRun::sizeBytes() const {
    return static_cast<int64_t>(m_codes.size() * sizeof(uint16_t) + m_rowOffset.size() * sizeof(double) +
                                m_result.tokenNll.size() * sizeof(float));
}

void ReferenceRun::logProbs(int64_t index, std::span<double> out) const {
    const uint16_t* codes = m_codes.data() + index * m_vocabSize;
    const double offset = m_rowOffset[static_cast<size_t>(index)];
    for (size_t i = 0; i < out.size(); ++i) out[i] = double(halfToFloat(codes[i])) + offset;
}

void ReferenceRun::logProbs(int64_t index, std::span<float> out) const {
    const uint16_t* codes = m_codes.data() + index * m_vocabSize;
    const double offset = m_rowOffset[static_cast<size_t>(index)];
    for (size_t i = 0; i < out.size(); ++i) out[i] = static_cast<float>(double(halfToFloat(codes[i])) + offset);
}

Result<std::shared_ptr<const ReferenceRun>> runReference(Executable& executable,
                                                         std::span<const EvaluationWindow> windows,
                                                         const Protocol& protocol, int64_t maxBytes,
                                                         const EvaluationObserver& observer,
                                                         const JobContext& context) {
    const int64_t vocabSize = executable.graph().config.vocabSize;
    const int64_t scored = scoredCount(windows);
    const double neededBytes = double(scored) * (2.0 * double(vocabSize) + 12.0);
    if (neededBytes > double(maxBytes)) {
        return makeError(
            ErrorCode::kOutOfMemory,
            fmt::format("Keeping the original's distributions of {} positions takes {:.0f} MB, but {:.0f} MB are "
                        "allowed; evaluate fewer windows.",
                        scored, neededBytes / 1e6, double(maxBytes) / 1e6));
    }
    HT_ASSIGN_OR_RETURN(const std::string note, checkContextLength(executable.graph().config, protocol.contextLength));
    HT_ASSIGN_OR_RETURN(const auto sequence, createWindowSequence(executable, windows));
    FiguresBuilder figures(protocol, false);
    ReferenceRunBuilder builder(vocabSize, figures, context);
    HT_TRY(builder.reserve(scored));
    const auto scoreWindow = [&](const EvaluationWindow& window) {
        const TokenId* targets = window.tokens.data() + window.scoreBegin + 1;
        const auto sink = [&](int64_t first, int64_t count, std::span<const float> logits) -> Status {
            HT_TRY(builder.addRows(logits, first, targets));
            targets += count;
            return {};
        };
        return forwardScored(executable, *sequence, window, sink, context);
    };
    HT_TRY(runWindows(windows, figures, observer, context, scoreWindow));
    EvaluationResult result = figures.finish();
    if (!note.empty()) result.notes.push_back(note);
    return builder.finish(std::move(result));
}

namespace {

// Scores rows of logits against the stored ones, in order.
class StoreComparison {
  public:
    StoreComparison(const ReferenceRun& reference, FiguresBuilder& figures, const JobContext& context)
        : m_reference(reference), m_figures(figures), m_context(context) {}

    Status addRows(std::span<const float> logits, int64_t firstPosition, const TokenId* targets) {
        HT_ASSIGN_OR_RETURN(const auto summaries,
                            summarizeRows(logits, m_reference.vocabSize(), firstPosition, m_context));
        const auto width = static_cast<size_t>(m_reference.vocabSize());
        std::vector<TokenScore> scores(summaries.size());
        m_context.pool.parallelFor(static_cast<int64_t>(scores.size()), 1, [&](int64_t begin, int64_t end) {
            std::vector<double> logProbs(width);
            for (auto i = static_cast<size_t>(begin); i < static_cast<size_t>(end); ++i) {
                const int64_t index = m_next + static_cast<int64_t>(i);
                m_reference.logProbs(index, logProbs);
                const auto row = logits.subspan(i * width, width);
                const auto top = std::max_element(logProbs.begin(), logProbs.end()) - logProbs.begin();
                scores[i] = {.nll = summaries[i].logNormalizer - double(row[static_cast<size_t>(targets[i])]),
                             .referenceNll = double(m_reference.result().tokenNll[static_cast<size_t>(index)]),
                             .kld = rowDivergence(logProbs, row, summaries[i]),
                             .topAgrees = top == summaries[i].top};
            }
        });
        for (const TokenScore& score : scores) m_figures.add(score);
        m_next += static_cast<int64_t>(scores.size());
        return {};
    }

  private:
    const ReferenceRun& m_reference;
    FiguresBuilder& m_figures;
    const JobContext& m_context;
    int64_t m_next = 0;
};

Status checkSameRun(const Executable& executable, std::span<const EvaluationWindow> windows, const Protocol& protocol,
                    const ReferenceRun& reference) {
    if (executable.graph().config.vocabSize != reference.vocabSize()) {
        return makeError(
            ErrorCode::kInvalidArgument,
            fmt::format("The reference has a vocabulary of {} tokens, this model one of {}; their distributions "
                        "cannot be compared.",
                        reference.vocabSize(), executable.graph().config.vocabSize));
    }
    if (protocol.name() != reference.result().protocol || scoredCount(windows) != reference.scored()) {
        return makeError(
            ErrorCode::kInvalidArgument,
            fmt::format("The reference was run by {} on {} positions, this run is {} on {}; run the reference again.",
                        reference.result().protocol, reference.scored(), protocol.name(), scoredCount(windows)));
    }
    return {};
}

}  // namespace

Result<EvaluationResult> evaluateAgainst(Executable& executable, std::span<const EvaluationWindow> windows,
                                         const Protocol& protocol, const ReferenceRun& reference,
                                         const EvaluationObserver& observer, const JobContext& context) {
    HT_TRY(checkSameRun(executable, windows, protocol, reference));
    HT_ASSIGN_OR_RETURN(const auto sequence, createWindowSequence(executable, windows));
    FiguresBuilder figures(protocol, true);
    StoreComparison comparison(reference, figures, context);
    const auto scoreWindow = [&](const EvaluationWindow& window) {
        const TokenId* targets = window.tokens.data() + window.scoreBegin + 1;
        const auto sink = [&](int64_t first, int64_t count, std::span<const float> logits) -> Status {
            HT_TRY(comparison.addRows(logits, first, targets));
            targets += count;
            return {};
        };
        return forwardScored(executable, *sequence, window, sink, context);
    };
    HT_TRY(runWindows(windows, figures, observer, context, scoreWindow));
    EvaluationResult result = figures.finish();
    result.reference->floor = reference.storeError();
    result.notes = reference.result().notes;
    return result;
}

}  // namespace halftone
