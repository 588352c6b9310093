// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "core/evaluation/evaluation_result.h"
#include "core/evaluation/logit_rows.h"
#include "core/inference/backend.h"

namespace halftone {

/// Logits of two models at the same positions, row by row, with their summaries.
struct PairedRows {
    int64_t firstPosition = 0;  ///< of row 0 among the tokens that were fed
    size_t width = 0;           ///< of a row: the vocabulary
    std::span<const float> referenceLogits, ownLogits;
    std::span<const RowSummary> referenceSummaries, ownSummaries;

    [[nodiscard]] size_t count() const { return ownSummaries.size(); }
    [[nodiscard]] std::span<const float> reference(size_t row) const {
        return referenceLogits.subspan(row * width, width);
    }
    [[nodiscard]] std::span<const float> own(size_t row) const { return ownLogits.subspan(row * width, width); }
    /// KL(reference || own), nats.
    [[nodiscard]] double divergence(size_t row) const {
        return rowDivergence(reference(row), referenceSummaries[row], own(row), ownSummaries[row]);
    }
};

/// What a device found out about both models at the same positions; divergences stand with the own ones.
struct PairedFigures {
    size_t window = 0;
    int64_t firstPosition = 0;  ///< of row 0 among the tokens that were fed
    std::span<const RowFigures> reference, own;
};

/// Feeds the same tokens to two models, a segment at a time, so that the logits held are bounded whatever the length of
/// the text. Not thread-safe. Private to core/evaluation.
class PairedRun {
  public:
    using Visitor = std::function<Status(const PairedRows&)>;
    using FiguresVisitor = std::function<Status(const PairedFigures&)>;

    /// Everything is borrowed.
    PairedRun(Executable& reference, ModelRun own, const JobContext& context);
    /// Room for so many tokens. kInvalidArgument if the vocabularies differ in size.
    Status prepare(int64_t longest);
    /// Runs `tokens` from an empty context and shows the rows of the positions [begin, end).
    Status run(std::span<const TokenId> tokens, int64_t begin, int64_t end, const Visitor& visit);

    /// After prepare(): whether both models run on a device that compares their logits without handing them out; takes
    /// the room for that there.
    Result<bool> prepareFigures();
    /// As run(), where prepareFigures() said so, for the windows from `first` on: as many as are worth running
    /// together, at least one. Shows their scored positions in order, window by window, each in one or more pieces;
    /// returns how many windows that were. kInvalidData names the first position whose logits are not finite.
    Result<size_t> runFigures(std::span<const EvaluationWindow> windows, size_t first, const FiguresVisitor& visit);

  private:
    /// Tokens [first, last) of a text, of which [begin, end) are wanted.
    struct Segment {
        int64_t first = 0, last = 0, begin = 0, end = 0;
    };
    [[nodiscard]] std::vector<Segment> segmentsOf(int64_t length, int64_t begin, int64_t end) const;
    /// A part of a window that both models run: what is asked of it, and where the answers go.
    struct FiguresPart;
    [[nodiscard]] int64_t tokensTogether() const;
    [[nodiscard]] size_t worthTogether(std::span<const EvaluationWindow> windows, size_t first) const;
    Status ensureSequences(size_t count);
    Status runParts(std::span<FiguresPart> parts, const FiguresVisitor& visit);
    Status runSegment(std::span<const TokenId> segment, int64_t firstPosition, const Visitor& visit,
                      ForwardOptions options);

    Executable& m_reference;
    ModelRun m_own;
    const JobContext& m_context;
    int64_t m_vocabSize;
    std::vector<std::unique_ptr<Sequence>> m_referenceSequences,
        m_ownSequences;           // one; more where windows run together
    std::vector<float> m_logits;  // of the reference, one segment
    std::vector<RowSummary> m_summaries;
    int64_t m_longest = 0;
    std::unique_ptr<LogitRows> m_rows;  // of the reference, one segment, on the device
};

}  // namespace halftone
