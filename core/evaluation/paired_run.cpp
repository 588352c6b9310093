// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/evaluation/paired_run.h"

#include <algorithm>

#include <fmt/format.h>

namespace halftone {
namespace {

// Logits of the reference that are held at a time; a text goes through in segments.
constexpr int64_t kSegmentBytes = 64 << 20;
constexpr int64_t kMinSegment = 32;

}  // namespace

PairedRun::PairedRun(Executable& reference, Executable& own, const JobContext& context)
    : m_reference(reference), m_own(own), m_context(context), m_vocabSize(own.graph().config.vocabSize) {}

Status PairedRun::prepare(int64_t longest) {
    const int64_t referenceSize = m_reference.graph().config.vocabSize;
    if (referenceSize != m_vocabSize) {
        return makeError(
            ErrorCode::kInvalidArgument,
            fmt::format("The reference has a vocabulary of {} tokens, this model one of {}; their distributions "
                        "cannot be compared.",
                        referenceSize, m_vocabSize));
    }
    HT_ASSIGN_OR_RETURN(m_referenceSequence, m_reference.createSequence(longest));
    HT_ASSIGN_OR_RETURN(m_ownSequence, m_own.createSequence(longest));
    return {};
}

Status PairedRun::run(std::span<const TokenId> tokens, int64_t begin, int64_t end, const Visitor& visit) {
    m_referenceSequence->truncate(0);
    m_ownSequence->truncate(0);
    const auto length = static_cast<int64_t>(tokens.size());
    const int64_t segment = std::max(kMinSegment, kSegmentBytes / (m_vocabSize * 4));
    for (int64_t first = 0; first < length; first += segment) {
        const int64_t last = std::min(length, first + segment);
        ForwardOptions options;
        options.logitsBegin = std::clamp(begin, first, last) - first;
        options.logitsEnd = std::clamp(end, first, last) - first;
        HT_TRY(runSegment(tokens.subspan(static_cast<size_t>(first), static_cast<size_t>(last - first)), first, visit,
                          options));
    }
    return {};
}

Status PairedRun::runSegment(std::span<const TokenId> segment, int64_t firstPosition, const Visitor& visit,
                             ForwardOptions options) {
    m_logits.clear();
    m_summaries.clear();
    options.logitsSink = [&](int64_t first, int64_t, std::span<const float> logits) -> Status {
        HT_ASSIGN_OR_RETURN(const auto summaries, summarizeRows(logits, m_vocabSize, first, m_context));
        m_summaries.insert(m_summaries.end(), summaries.begin(), summaries.end());
        m_logits.insert(m_logits.end(), logits.begin(), logits.end());
        return {};
    };
    HT_TRY(m_reference.forward(*m_referenceSequence, segment, options, m_context));
    size_t row = 0;
    const auto width = static_cast<size_t>(m_vocabSize);
    options.logitsSink = [&](int64_t first, int64_t count, std::span<const float> logits) -> Status {
        HT_ASSIGN_OR_RETURN(const auto summaries, summarizeRows(logits, m_vocabSize, first, m_context));
        const auto rows = static_cast<size_t>(count);
        const Status status =
            visit({.firstPosition = firstPosition + options.logitsBegin + static_cast<int64_t>(row),
                   .width = width,
                   .referenceLogits = std::span<const float>(m_logits).subspan(row * width, rows * width),
                   .ownLogits = logits,
                   .referenceSummaries = std::span<const RowSummary>(m_summaries).subspan(row, rows),
                   .ownSummaries = summaries});
        row += rows;
        return status;
    };
    return m_own.forward(*m_ownSequence, segment, options, m_context);
}

}  // namespace halftone
