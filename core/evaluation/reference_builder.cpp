// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/evaluation/reference_builder.h"

#include <algorithm>

#include <fmt/format.h>

#include "core/base/hash.h"

namespace halftone {
namespace {

/// Rows whose store is checked with noise, spread over the run: a whole pass over the vocabulary each.
constexpr int64_t kProbedRows = 256;

/// Uniform noise in [-1, 1], the same on every machine (splitmix64 of row and token).
float noiseAt(int64_t row, size_t token) {
    uint64_t z = (static_cast<uint64_t>(row) << 32 | token) * 0x9E3779B97F4A7C15u + 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return static_cast<float>(static_cast<int64_t>(z)) * 0x1p-63f;
}

}  // namespace

ReferenceRunBuilder::ReferenceRunBuilder(int64_t vocabSize, std::span<const EvaluationWindow> windows,
                                         const Protocol& protocol, const ReferenceStoreOptions& store)
    : m_run(std::make_shared<ReferenceRun>()), m_figures(protocol, false), m_totalRows(scoredCount(windows)) {
    m_run->m_rows = ReferenceRows(vocabSize, store);
    m_run->m_windowsHash = hashWindows(windows);
}

Status ReferenceRunBuilder::reserve(int64_t maxBytes) {
    const double needed = double(m_totalRows) * double(m_run->m_rows.bytesPerRow() + int64_t{sizeof(double)});
    if (needed > double(maxBytes)) {
        return makeError(
            ErrorCode::kOutOfMemory,
            fmt::format("Keeping the original's distributions of {} positions takes {:.1f} MB, but {:.1f} MB are "
                        "allowed; evaluate fewer windows.",
                        m_totalRows, needed / 1e6, double(maxBytes) / 1e6));
    }
    return m_run->m_rows.resize(m_totalRows);
}

ReferenceRunBuilder::RowCheck ReferenceRunBuilder::checkRow(std::span<const float> logits, const RowSummary& summary,
                                                            int64_t row) const {
    RowCheck check;
    check.unchanged = m_run->m_rows.compare(row, logits, summary).divergence;
    const int64_t step = std::max<int64_t>(1, m_totalRows / kProbedRows);
    check.isProbed = row % step == 0;
    if (!check.isProbed) return check;
    std::vector<float> noisy(logits.begin(), logits.end());
    for (size_t i = 0; i < noisy.size(); ++i) noisy[i] += static_cast<float>(StoreCheck::kProbeNoise) * noiseAt(row, i);
    const RowSummary noisySummary = summarizeRow(noisy);
    check.exact = rowDivergence(logits, summary, noisy, noisySummary);
    check.stored = m_run->m_rows.compare(row, noisy, noisySummary).divergence;
    return check;
}

Status ReferenceRunBuilder::addRows(std::span<const float> logits, int64_t firstPosition, const TokenId* targets,
                                    const JobContext& context) {
    const auto width = static_cast<size_t>(m_run->vocabSize());
    HT_ASSIGN_OR_RETURN(const auto summaries, summarizeRows(logits, m_run->vocabSize(), firstPosition, context));
    const size_t first = m_scores.size();
    HT_CHECK(m_rows + static_cast<int64_t>(first + summaries.size()) <= m_totalRows);
    m_scores.resize(first + summaries.size());
    m_checks.resize(m_scores.size());
    context.pool.parallelFor(static_cast<int64_t>(summaries.size()), 1, [&](int64_t begin, int64_t end) {
        for (auto i = static_cast<size_t>(begin); i < static_cast<size_t>(end); ++i) {
            const auto rowLogits = logits.subspan(i * width, width);
            const int64_t row = m_rows + static_cast<int64_t>(first + i);
            m_run->m_rows.store(row, rowLogits, summaries[i]);
            m_checks[first + i] = checkRow(rowLogits, summaries[i], row);
            m_scores[first + i].nll = summaries[i].logNormalizer - double(rowLogits[static_cast<size_t>(targets[i])]);
        }
    });
    return {};
}

void ReferenceRunBuilder::finishWindow(const EvaluationWindow& window, double seconds) {
    for (const TokenScore& score : m_scores) {
        m_figures.add(score);
        m_run->m_tokenNll.push_back(score.nll);
    }
    for (const RowCheck& check : m_checks) {
        m_storeError.add(check.unchanged);
        if (!check.isProbed) continue;
        m_exactProbe.add(check.exact);
        m_storedProbe.add(check.stored);
        m_probeDifference.add(check.stored - check.exact);
    }
    m_rows += static_cast<int64_t>(m_scores.size());
    dropUnfinishedWindow();
    ++m_windowsDone;
    m_figures.finishWindow(window, seconds);
}

void ReferenceRunBuilder::dropUnfinishedWindow() {
    m_scores.clear();
    m_checks.clear();
}

std::shared_ptr<const ReferenceRun> ReferenceRunBuilder::finish(const std::string& note) {
    HT_CHECK(m_rows == m_totalRows);
    m_run->m_result = m_figures.finish();
    if (!note.empty()) m_run->m_result.notes.push_back(note);
    m_run->m_storeError = m_storeError.estimate().mean;
    m_run->m_check = {m_probeDifference.count(), m_exactProbe.estimate().mean, m_storedProbe.estimate().mean,
                      m_probeDifference.estimate().standardError};
    return m_run;
}

}  // namespace halftone
