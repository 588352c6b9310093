// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

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

/// Feeds the same tokens to two models, a segment at a time, so that the logits held are bounded whatever the length of
/// the text. Not thread-safe. Private to core/evaluation.
class PairedRun {
  public:
    using Visitor = std::function<Status(const PairedRows&)>;

    /// Everything is borrowed.
    PairedRun(Executable& reference, Executable& own, const JobContext& context);
    /// Room for so many tokens. kInvalidArgument if the vocabularies differ in size.
    Status prepare(int64_t longest);
    /// Runs `tokens` from an empty context and shows the rows of the positions [begin, end).
    Status run(std::span<const TokenId> tokens, int64_t begin, int64_t end, const Visitor& visit);

  private:
    Status runSegment(std::span<const TokenId> segment, int64_t firstPosition, const Visitor& visit,
                      ForwardOptions options);

    Executable& m_reference;
    Executable& m_own;
    const JobContext& m_context;
    int64_t m_vocabSize;
    std::unique_ptr<Sequence> m_referenceSequence, m_ownSequence;
    std::vector<float> m_logits;  // of the reference, one segment
    std::vector<RowSummary> m_summaries;
};

}  // namespace halftone
