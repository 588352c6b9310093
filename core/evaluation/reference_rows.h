// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/base/error.h"
#include "core/evaluation/logit_rows.h"

namespace halftone {

/// How the distributions of a reference are kept (docs/decisions/0003-reference-store.md). Of every row: the logits of
/// its `exactTokens` likeliest tokens as they are, and those of `sampledTokens` others, drawn with the probability that
/// they have among the rest. A row whose vocabulary would take little more is kept whole.
struct ReferenceStoreOptions {
    int64_t exactTokens = 128;
    int64_t sampledTokens = 64;
    bool operator==(const ReferenceStoreOptions&) const = default;
};

/// What a row of logits is to a stored one.
struct RowComparison {
    double divergence = 0;  ///< KL(stored || row), nats; an estimate without bias where the row is not kept whole
    double variance = 0;    ///< of that estimate, from the sample; 0 for rows that are kept whole
    bool topAgrees = false;
};

/// Distributions over a vocabulary, one per row. Comparing a row with itself gives exactly zero. Different rows may be
/// written and compared by several threads at once.
///
/// A divergence is that of the likeliest tokens and of all others taken together, which needs no sample, plus what lies
/// within the others: p(rest) KL(p given rest || q given rest), the mean over the sample of r - 1 - log r for
/// r = q / p given the rest (Schulman 2020: never negative, and of little variance where the distributions are close).
/// Where the first part alone exceeds kFarApart, the mean of -log r stands instead: r - 1, whose mean is zero, would
/// then add more variance than it takes away.
class ReferenceRows {
  public:
    static constexpr double kFarApart = 0.5;
    static constexpr uint32_t kNoToken = 0xFFFFFFFFu;

    ReferenceRows() = default;
    ReferenceRows(int64_t vocabSize, const ReferenceStoreOptions& options);

    [[nodiscard]] int64_t vocabSize() const { return m_vocabSize; }
    [[nodiscard]] int64_t rowCount() const { return static_cast<int64_t>(m_normalizers.size()); }
    /// The whole vocabulary is kept: nothing is estimated.
    [[nodiscard]] bool isWhole() const { return m_exact == m_vocabSize; }
    [[nodiscard]] int64_t exactTokens() const { return m_exact; }
    [[nodiscard]] int64_t sampledTokens() const { return m_sampled; }
    [[nodiscard]] int64_t bytesPerRow() const;

    /// kOutOfMemory as a sentence.
    Status resize(int64_t rows);
    void store(int64_t row, std::span<const float> logits, const RowSummary& summary);
    [[nodiscard]] RowComparison compare(int64_t row, std::span<const float> logits, const RowSummary& summary) const;
    /// The ids that are kept of a row, exactTokens() + sampledTokens() of them; empty slots hold kNoToken. Not for
    /// whole rows.
    [[nodiscard]] std::span<const uint32_t> keptIds(int64_t row) const { return rowIds(row); }
    /// compare() from the other row's logits at keptIds() alone; what stands at empty slots does not matter.
    [[nodiscard]] RowComparison compareKept(int64_t row, std::span<const float> keptLogits,
                                            const RowSummary& summary) const;
    /// Natural logs. What is not kept shares the rest evenly, so that the row sums to one.
    void logProbs(int64_t row, std::span<double> out) const;
    [[nodiscard]] int64_t topToken(int64_t row) const;

    /// The arrays as they lie in files: one normalizer per row; exactTokens + sampledTokens logits per row, and as many
    /// ids unless the rows are whole. Empty slots of a sample hold kNoToken.
    struct Arrays {
        std::vector<double> normalizers;
        std::vector<uint32_t> ids;
        std::vector<float> logits;
    };
    [[nodiscard]] std::span<const double> normalizers() const { return m_normalizers; }
    [[nodiscard]] std::span<const uint32_t> ids() const { return m_ids; }
    [[nodiscard]] std::span<const float> logits() const { return m_logits; }
    /// kInvalidData if the arrays do not hold `rows` rows of this shape with finite numbers and ids of the vocabulary.
    Status adopt(int64_t rows, Arrays arrays);

  private:
    [[nodiscard]] int64_t kept() const { return m_exact + m_sampled; }
    [[nodiscard]] std::span<const float> rowLogits(int64_t row) const;
    [[nodiscard]] std::span<const uint32_t> rowIds(int64_t row) const;
    void storeSample(int64_t row, std::span<const float> logits, double normalizer);
    void addRest(int64_t row, std::span<const float> keptLogits, const RowSummary& summary, double logShift,
                 double restMass, RowComparison& comparison) const;

    int64_t m_vocabSize = 0, m_exact = 0, m_sampled = 0;
    std::vector<double> m_normalizers;
    std::vector<uint32_t> m_ids;
    std::vector<float> m_logits;
};

}  // namespace halftone
