// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/evaluation/paired_run.h"

#include <algorithm>

#include <fmt/format.h>

namespace halftone {
namespace {

// Logits of the reference that are held at a time; a text goes through in segments.
constexpr int64_t kSegmentBytes = 64 << 20;
constexpr int64_t kMinSegment = 32;

int64_t segmentLength(int64_t vocabSize) {
    return std::max(kMinSegment, kSegmentBytes / (vocabSize * 4));
}

}  // namespace

PairedRun::PairedRun(Executable& reference, ModelRun own, const JobContext& context)
    : m_reference(reference),
      m_own(std::move(own)),
      m_context(context),
      m_vocabSize(m_own.executable.graph().config.vocabSize) {}

Status PairedRun::prepare(int64_t longest) {
    const int64_t referenceSize = m_reference.graph().config.vocabSize;
    if (referenceSize != m_vocabSize) {
        return makeError(
            ErrorCode::kInvalidArgument,
            fmt::format("The reference has a vocabulary of {} tokens, this model one of {}; their distributions "
                        "cannot be compared.",
                        referenceSize, m_vocabSize));
    }
    m_longest = longest;
    HT_ASSIGN_OR_RETURN(auto reference, m_reference.createSequence(longest));
    HT_ASSIGN_OR_RETURN(auto own, m_own.executable.createSequence(longest, m_own.format));
    m_referenceSequences.push_back(std::move(reference));
    m_ownSequences.push_back(std::move(own));
    return {};
}

Result<bool> PairedRun::prepareFigures() {
    if (!m_reference.sumsUpRows() || !m_own.executable.sumsUpRows()) return false;
    const int64_t segment = segmentLength(m_vocabSize);
    auto rows = m_reference.createLogitRows(tokensTogether() > 0 ? segment : std::min(segment, m_longest));
    if (!rows && rows.error().code == ErrorCode::kOutOfMemory) return false;
    if (!rows) return tl::unexpected(std::move(rows.error()));
    if (!m_own.executable.canCompareWith(**rows)) return false;
    m_rows = std::move(*rows);
    return true;
}

int64_t PairedRun::tokensTogether() const {
    return std::max(m_reference.tokensWorthTogether(), m_own.executable.tokensWorthTogether());
}

std::vector<PairedRun::Segment> PairedRun::segmentsOf(int64_t length, int64_t begin, int64_t end) const {
    const int64_t step = segmentLength(m_vocabSize);
    std::vector<Segment> segments;
    for (int64_t first = 0; first < length; first += step) {
        const int64_t last = std::min(length, first + step);
        segments.push_back({first, last, std::clamp(begin, first, last), std::clamp(end, first, last)});
    }
    return segments;
}

struct PairedRun::FiguresPart {
    size_t window = 0;
    std::span<const TokenId> tokens;  // of the whole window
    Segment segment{};
    size_t sequence = 0;
    int64_t firstKept = 0;
    std::vector<TokenId> targets{};
    std::vector<RowFigures> reference{}, own{};

    [[nodiscard]] int64_t rows() const { return segment.end - segment.begin; }
    [[nodiscard]] std::span<const TokenId> fed() const {
        return tokens.subspan(static_cast<size_t>(segment.first), static_cast<size_t>(segment.last - segment.first));
    }
    void prepare() {
        targets.assign(fed().size(), -1);
        for (int64_t position = segment.begin; position < segment.end; ++position)
            targets[static_cast<size_t>(position - segment.first)] = tokens[static_cast<size_t>(position + 1)];
        reference.resize(targets.size());
        own.resize(targets.size());
    }
};

/// Windows longer than a segment go alone, so that rows that are kept are those of one segment or of whole windows.
size_t PairedRun::worthTogether(std::span<const EvaluationWindow> windows, size_t first) const {
    int64_t tokens = 0, rows = 0;
    size_t end = first;
    for (; end < windows.size(); ++end) {
        tokens += std::ssize(windows[end].tokens);
        rows += windows[end].scoreEnd - windows[end].scoreBegin;
        const bool fits = std::ssize(windows[end].tokens) <= segmentLength(m_vocabSize) && tokens <= tokensTogether() &&
                          rows <= m_rows->capacity();
        if (!fits) break;
    }
    return std::max<size_t>(end - first, 1);
}

/// As many as fit on the device; one of each is there.
Status PairedRun::ensureSequences(size_t count) {
    while (m_referenceSequences.size() < count) {
        auto reference = m_reference.createSequence(m_longest);
        auto own = reference ? m_own.executable.createSequence(m_longest, m_own.format)
                             : Result<std::unique_ptr<Sequence>>(nullptr);
        for (auto* created : {&reference, &own}) {
            if (created->has_value()) continue;
            if (created->error().code == ErrorCode::kOutOfMemory) return {};
            return tl::unexpected(std::move(created->error()));
        }
        m_referenceSequences.push_back(std::move(*reference));
        m_ownSequences.push_back(std::move(*own));
    }
    return {};
}

Result<size_t> PairedRun::runFigures(std::span<const EvaluationWindow> windows, size_t first,
                                     const FiguresVisitor& visit) {
    HT_TRY(ensureSequences(worthTogether(windows, first)));
    const size_t count = std::min(worthTogether(windows, first), m_referenceSequences.size());
    std::vector<FiguresPart> parts;
    int64_t rows = 0;
    for (size_t i = 0; i < count; ++i) {
        const EvaluationWindow& window = windows[first + i];
        m_referenceSequences[i]->truncate(0);
        m_ownSequences[i]->truncate(0);
        for (const Segment& segment : segmentsOf(std::ssize(window.tokens), window.scoreBegin, window.scoreEnd)) {
            parts.push_back({.window = first + i, .tokens = window.tokens, .segment = segment, .sequence = i});
            parts.back().firstKept = count > 1 ? rows : 0;
            rows += parts.back().rows();
        }
    }
    if (count > 1) {
        HT_TRY(runParts(parts, visit));
        return count;
    }
    for (FiguresPart& part : parts) HT_TRY(runParts({&part, 1}, visit));
    return count;
}

Status PairedRun::runParts(std::span<FiguresPart> parts, const FiguresVisitor& visit) {
    std::vector<SequenceInput> reference, own;
    for (FiguresPart& part : parts) {
        part.prepare();
        ForwardOptions options;
        options.targets = part.targets;
        options.reduction = RowReduction{.figures = part.reference, .keep = m_rows.get(), .firstKept = part.firstKept};
        reference.push_back({m_referenceSequences[part.sequence].get(), part.fed(), options});
        options.reduction = RowReduction{.figures = part.own, .compareWith = m_rows.get(), .firstKept = part.firstKept};
        own.push_back({m_ownSequences[part.sequence].get(), part.fed(), options});
    }
    HT_TRY(m_reference.forwardTogether(reference, m_context));
    HT_TRY(m_own.executable.forwardTogether(own, m_context));
    for (const FiguresPart& part : parts) {
        const auto first = static_cast<size_t>(part.segment.begin - part.segment.first);
        const auto count = static_cast<size_t>(part.rows());
        for (size_t row = first; row < first + count; ++row) {
            if (!part.reference[row].isFinite || !part.own[row].isFinite)
                return notFinite(part.segment.first + static_cast<int64_t>(row));
        }
        HT_TRY(visit({part.window, part.segment.begin, std::span(part.reference).subspan(first, count),
                      std::span(part.own).subspan(first, count)}));
    }
    return {};
}

Status PairedRun::run(std::span<const TokenId> tokens, int64_t begin, int64_t end, const Visitor& visit) {
    m_referenceSequences.front()->truncate(0);
    m_ownSequences.front()->truncate(0);
    for (const Segment& segment : segmentsOf(std::ssize(tokens), begin, end)) {
        ForwardOptions options;
        options.logitsBegin = segment.begin - segment.first;
        options.logitsEnd = segment.end - segment.first;
        HT_TRY(runSegment(
            tokens.subspan(static_cast<size_t>(segment.first), static_cast<size_t>(segment.last - segment.first)),
            segment.first, visit, options));
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
    HT_TRY(m_reference.forward(*m_referenceSequences.front(), segment, options, m_context));
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
    return m_own.executable.forward(*m_ownSequences.front(), segment, options, m_context);
}

}  // namespace halftone
